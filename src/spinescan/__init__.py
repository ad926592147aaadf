"""SpineScan reads spine radiographs: curves, Cobb angles and the ALS type. Research use only."""

__version__ = "0.1.0.dev0"
