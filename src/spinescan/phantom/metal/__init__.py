"""What people have in or on them: rods and screws, braces, clothes' metal."""
