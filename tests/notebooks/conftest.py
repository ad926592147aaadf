"""Running a notebook needs the extras `train` and `notebook`; reading one needs nothing."""

import importlib.util

if not all(map(importlib.util.find_spec, ("torch", "nbclient", "ipykernel"))):
    collect_ignore_glob = ["test_run.py"]
