"""The page and the API of `spinescan serve` (extra `web`)."""
