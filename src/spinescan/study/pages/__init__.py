"""Evaluations as self-contained HTML pages (extra `study`)."""
