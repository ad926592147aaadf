"""Synthetic films with exact truth, drawn by our own code: for demos and tests, never for training claims."""
