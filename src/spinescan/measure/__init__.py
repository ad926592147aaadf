"""Pure functions of landmarks: curves, balance, the ALS verdict, the AASCE protocol."""
