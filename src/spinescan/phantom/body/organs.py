"""Organs of head, chest and belly, in the frame of `vertebrae`."""

import numpy as np

from spinescan.phantom.body.belly import add_belly
from spinescan.phantom.body.bowel import add_bowel
from spinescan.phantom.body.chest import add_chest, build_chest
from spinescan.phantom.body.head import add_head
from spinescan.phantom.body.torso import build_body
from spinescan.phantom.person import Person
from spinescan.phantom.render import Film
from spinescan.phantom.shape import Spine


def add_organs(film: Film, spine: Spine, person: Person, rng: np.random.Generator) -> None:
    """Put the organs into a trunk that `add_torso` has added as solid, and the head upon it."""
    body, chest = build_body(spine, person), build_chest(spine, person)
    add_head(film, spine, person)
    add_belly(film, spine, person, body, chest, rng)
    add_bowel(film, spine, body, chest, rng)
    add_chest(film, spine, person, rng)
