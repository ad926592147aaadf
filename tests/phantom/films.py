"""Phantoms with given curves, for tests of any room."""

from collections.abc import Sequence
from dataclasses import replace

from spinescan.phantom.film import SAMPLE, Order, Phantom, draw_film
from spinescan.phantom.positioning import Extent
from spinescan.phantom.shape import Bend


def film_of(
    bends: Sequence[Bend], *, rows: int, seed: int = 0, extent: Extent = "whole"
) -> Phantom:
    """A film as the detector gave it, of a person with these curves and without metal."""
    plan = replace(SAMPLE.plan, bends=tuple(bends), takeoff_deg=None)
    person = replace(SAMPLE, plan=plan, main_bends=tuple(bends))
    return draw_film(person, Order(extent=extent, rows=rows, clinic=None, metal="none"), seed)
