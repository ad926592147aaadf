"""One module a verb. Heavy imports stay inside the functions, so that `--help` is quick."""
