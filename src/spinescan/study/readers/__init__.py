"""How readers read: a blinded set of films, what readers answered, and how well they agree."""
