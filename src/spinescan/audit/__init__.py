"""What is wrong with a data set, before a model learns it (extra `study` for the classifiers)."""
