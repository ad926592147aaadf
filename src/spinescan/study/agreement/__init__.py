"""How well raters agree: on categories, and on angles. Pure functions of arrays.

Each takes `weights` (b, n), how often each of n films counts in each of b bootstrap draws
(`study.draws`), and gives b figures. Without weights every film counts once, b is 1. A figure that
is not defined, such as kappa where every answer is the same, is NaN.
"""
