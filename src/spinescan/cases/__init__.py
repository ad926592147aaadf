"""Saved scans, what readers changed in them, and work that outlives a restart (extra `web`).

`store` keeps cases, `follow_up` compares two films of one, `export` hands them out, `jobs` lists
work to be done. All of it lies in a folder of the server's own; POSIX systems only.
"""
