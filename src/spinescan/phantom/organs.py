"""Organs of chest and belly, in the frame of `vertebrae`."""

import numpy as np

from spinescan.phantom.chest import add_chest
from spinescan.phantom.person import Person
from spinescan.phantom.render import Film
from spinescan.phantom.shape import Spine


def add_organs(film: Film, spine: Spine, person: Person, rng: np.random.Generator) -> None:
    """Put the organs into a trunk that `add_torso` has added as solid."""
    add_chest(film, spine, person, rng)
