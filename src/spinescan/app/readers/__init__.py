"""Blinded sets of films for readers: the films without their names, and the forms."""
