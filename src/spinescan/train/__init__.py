"""Training; the only room that imports torch (extra `train`).

The frontal landmark model is two networks, taught apart from the same films: the finder (`finder`:
where vertebrae are, which level each is, roughly where its corners lie) and the refiner (`refiner`:
the exact corners of one vertebra). `landmarks` runs the whole, from a recipe to a bundle.
"""
