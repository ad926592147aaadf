"""Synthetic films with exact truth, drawn by our own code."""
