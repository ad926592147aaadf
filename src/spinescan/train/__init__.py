"""Training; the only room that imports torch (extra `train`)."""
