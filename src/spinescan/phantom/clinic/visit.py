"""What a clinic does to a film after the X-ray picture was made: the whole way, drawn by chance.

The effects themselves live beside this module: `tone` (grey values), `pose` (turn,
crop, shutters, seams), `marks` (letters, rulers, text), `lines` (drawn Cobb lines),
`photo` (photographs). Made after looking at films of public sets; none is copied.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spinescan.phantom.clinic.lines import Hand, cobb_lines
from spinescan.phantom.clinic.marks import (
    CORNERS,
    MarkerStyle,
    Side,
    burned_in_text,
    ruler,
    scale_bar,
    side_marker,
)
from spinescan.phantom.clinic.photo import Ground, photograph
from spinescan.phantom.clinic.pose import Box, border, crop, shutter, stitch, turn
from spinescan.phantom.clinic.recipe import STYLES, ClinicRecipe, Range, Style
from spinescan.phantom.clinic.tone import (
    Pixels,
    coarsen,
    equalise,
    grid_lines,
    invert,
    jpeg,
    window,
)

Points = NDArray[np.float64]
_LEAD: tuple[MarkerStyle, ...] = ("plain", "ring", "plate")
_SIDES: tuple[Side, Side] = ("left", "right")
_LETTERS: tuple[Literal["L", "R"], ...] = ("L", "R")
_EDGES: tuple[Literal["right", "bottom"], ...] = ("right", "bottom")


class SideLetter(NamedTuple):
    """A letter that names the patient's side, its centre at (x, y) in pixels of the film."""

    letter: Literal["L", "R"]
    x: float
    y: float


class Visited(NamedTuple):
    """A film after its visit.

    `effects` tells what was done, in order: the style first. A side letter that ended off the film
    is neither named there nor given.
    """

    pixels: Pixels
    points_xy: Points
    effects: tuple[str, ...]
    letter: SideLetter | None


def at_the_clinic(
    pixels: Pixels,
    points_xy: Points,
    rng: np.random.Generator,
    recipe: ClinicRecipe | None = None,
    *,
    style: Style | None = None,
    patient_right: Side | None = "left",
    spacing_mm: float | None = None,
    keep: NDArray[np.bool_] | None = None,
    cobb_xy: Points | None = None,
) -> Visited:
    """Send a film through a clinic.

    Parameters
    ----------
    pixels
        float32 (rows, columns) in [0, 1], bright is dense.
    points_xy
        float64 (n, 2) in pixels, (0, 0) the film's top-left corner; may lie outside, may be NaN.
    style
        Drawn by the recipe's weights if None.
    patient_right
        Side of the picture on which the patient's right lies: letters tell the truth. None for a
        lateral film, whose letter names the side that lay at the detector: either, anywhere.
    spacing_mm
        Millimetres a pixel. Without it no ruler and no scale is drawn.
    keep
        (n,): the points that crops and shutters must leave on the film; all if None.
    cobb_xy
        (k, 2, 2, 2): for each curve the two ends of the upper end vertebra's superior and of the
        lower one's inferior endplate. Without it no Cobb lines are drawn.

    Returns
    -------
    Visited
        Pixels and points as given, moved alike. The size changes with crops, borders and
        photographs.
    """
    recipe = recipe or ClinicRecipe()
    weights = np.array(recipe.weights())
    chosen = style or STYLES[rng.choice(len(STYLES), p=weights / weights.sum())]
    visit = _Visit(
        pixels,
        points_xy,
        rng,
        recipe,
        chosen,
        keep=np.ones(len(points_xy), bool) if keep is None else keep,
        curves_xy=np.empty((0, 2)) if cobb_xy is None else cobb_xy.reshape(-1, 2),
        patient_right=patient_right,
        px_per_cm=None if spacing_mm is None else 10 / spacing_mm,
    )
    for step in (_expose, _pose, _show, _annotate, _hand_over):
        step(visit)
    letter = _letter_on_film(visit)
    return Visited(visit.pixels, visit.points_xy, _named(visit, letter), letter)


@dataclass(slots=True)
class _Visit:
    """One film on its way; each step changes it and notes what it did."""

    pixels: Pixels
    points_xy: Points
    rng: np.random.Generator
    recipe: ClinicRecipe
    style: Style
    keep: NDArray[np.bool_]
    curves_xy: Points  # (4 k, 2), moved like the points
    patient_right: Side | None
    px_per_cm: float | None
    letter: str = ""
    letter_xy: Points = field(default_factory=lambda: np.empty((0, 2)))
    effects: list[str] = field(default_factory=list)

    def happens(self, chance: float) -> bool:
        return bool(self.rng.random() < chance)

    def drawn(self, bounds: Range) -> float:
        return float(self.rng.uniform(*bounds))

    def move(self, effect: Callable[[Pixels, Points], tuple[Pixels, Points]]) -> None:
        every = (self.points_xy, self.curves_xy, self.letter_xy)
        self.pixels, moved = effect(self.pixels, np.concatenate(every))
        ends = np.cumsum([len(points) for points in every])[:-1]
        self.points_xy, self.curves_xy, self.letter_xy = np.split(moved, ends)

    def room(self, *, letter: bool) -> NDArray[np.float64]:
        """Pixels left, above, right and below that hold no point to be kept, and no letter."""
        rows, columns = self.pixels.shape
        kept = self.points_xy[self.keep]
        if letter:
            kept = np.concatenate([kept, self.letter_xy])
        inside = kept[((kept >= 0) & (kept <= [columns, rows])).all(axis=1)]
        if len(inside) == 0:
            return np.zeros(4)
        (left, top), (right, bottom) = inside.min(axis=0), inside.max(axis=0)
        return np.array([left, top, columns - right, rows - bottom])

    def box_within(self, cut: NDArray[np.float64]) -> Box:
        """The film less whole pixels left, above, right and below."""
        rows, columns = self.pixels.shape
        left, top, right, bottom = (int(c) for c in cut)
        return left, top, columns - right, rows - bottom


def _expose(visit: _Visit) -> None:
    """In the X-ray room: lead, grid, shutters; exposures put together."""
    rng, recipe = visit.rng, visit.recipe
    if visit.happens(recipe.lead_marker_chance):
        _put_letter(visit, _LEAD[rng.choice(3, p=[0.4, 0.5, 0.1])])
    long = visit.style == "long"
    if visit.px_per_cm and visit.happens(recipe.ruler_chance * (1 if long else 0.25)):
        side = _SIDES[rng.integers(2)]
        visit.pixels = ruler(visit.pixels, rng, side=side, px_per_cm=visit.px_per_cm)
        visit.effects.append(f"ruler {side}")
    if visit.happens(recipe.grid_chance):
        visit.pixels = grid_lines(visit.pixels, rng, period_px=visit.drawn((2.05, 4)))
        visit.effects.append("grid lines")
    if visit.happens(recipe.shutter_chance):
        rows, columns = visit.pixels.shape
        cut = rng.uniform(0, 0.06, 4) * [columns, rows, columns, rows]
        visit.pixels = shutter(
            visit.pixels,
            visit.box_within(np.minimum(cut, 0.6 * visit.room(letter=True))),
            angle_deg=float(rng.normal(0, 0.6)),
            soft_px=visit.drawn((0.5, 6)) * rows / 768,
            value=visit.drawn((0, 0.03)),
        )
        visit.effects.append("shutters")
    if long:
        places = [0.5] if visit.happens(0.6) else [1 / 3, 2 / 3]
        seams = [round((at + rng.uniform(-0.1, 0.1)) * len(visit.pixels)) for at in places]
        visit.move(lambda pixels, points: stitch(pixels, points, rng, seams))
        visit.effects.append(f"stitched at {len(seams)} seams")


def _pose(visit: _Visit) -> None:
    """How the film lies in the picture, and how much of it."""
    rng, recipe = visit.rng, visit.recipe
    if recipe.turn_deg > 0:
        angle = float(rng.normal(0, recipe.turn_deg))
        visit.move(lambda pixels, points: turn(pixels, points, angle))
        visit.effects.append(f"turned {angle:.1f} deg")
    if visit.happens(recipe.crop_chance):
        box = visit.box_within(visit.room(letter=False) * rng.uniform(0, 0.85, 4))
        visit.move(lambda pixels, points: crop(pixels, points, box))
        visit.effects.append("cropped")


def _show(visit: _Visit) -> None:
    """At the workstation: grey values, bars around the film."""
    rng, recipe = visit.rng, visit.recipe
    visit.pixels = window(
        visit.pixels,
        low=visit.drawn((-0.03, 0.05)),
        high=visit.drawn((0.9, 1.08)),
        gamma=float(np.exp(rng.normal(0, recipe.gamma_spread))),
    )
    if visit.happens(recipe.equalise_chance):
        visit.pixels = equalise(visit.pixels, strength=visit.drawn((0.2, 0.9)))
        visit.effects.append("equalised")
    if visit.happens(recipe.border_chance):
        rows, columns = visit.pixels.shape
        bars = rng.uniform(0.01, 0.15, 4) * rng.permutation([1, 1, 0, 0])
        left, top, right, bottom = (int(bar) for bar in bars * [columns, rows, columns, rows])
        value = float(rng.choice([0.0, 1.0], p=[0.85, 0.15]))
        visit.move(lambda p, xy: border(p, xy, (left, top, right, bottom), value=value))
        visit.effects.append("borders")


def _annotate(visit: _Visit) -> None:
    """What is written and drawn on the picture."""
    rng, recipe = visit.rng, visit.recipe
    teaching = visit.style == "teaching"
    if not visit.letter and visit.happens(recipe.typed_marker_chance):
        _put_letter(visit, "digital")
    if teaching or visit.happens(recipe.text_chance):
        count = int(rng.integers(1, 4))
        corners = tuple(CORNERS[k] for k in rng.permutation(4)[:count])
        visit.pixels = burned_in_text(visit.pixels, rng, corners=corners)
        visit.effects.append("text")
    if visit.px_per_cm and visit.happens(recipe.scale_chance):
        edge = _EDGES[rng.integers(2)]
        visit.pixels = scale_bar(visit.pixels, rng, edge=edge, px_per_cm=visit.px_per_cm)
        visit.effects.append(f"scale {edge}")
    by_hand = visit.style == "photo"
    chance = recipe.lines_chance * (1 if teaching else 0.5 if by_hand else 0)
    if len(visit.curves_xy) and visit.happens(chance):
        hand: Hand = "pencil" if by_hand or visit.happens(0.3) else "digital"
        ink = float(rng.choice([1.0, 0.0, rng.uniform(0.3, 0.9)], p=[0.6, 0.15, 0.25]))
        words = visit.happens(0.8)
        for upper, lower in visit.curves_xy.reshape(-1, 2, 2, 2):
            visit.pixels = cobb_lines(
                visit.pixels, rng, upper, lower, hand=hand, ink=ink, words=words
            )
        visit.effects.append(f"Cobb lines {hand}")


def _hand_over(visit: _Visit) -> None:
    """Inverted with all that is on it, photographed, made smaller, stored."""
    rng, recipe = visit.rng, visit.recipe
    if visit.happens(recipe.invert_chance):
        visit.pixels = invert(visit.pixels)
        visit.effects.append("inverted")
    if visit.style == "photo":
        ground: Ground = "screen" if visit.happens(recipe.screen_chance) else "light-box"
        share = visit.drawn(recipe.photo_share)
        visit.move(lambda p, xy: photograph(p, xy, rng, share=share, ground=ground))
        visit.effects.append(f"photographed {ground}")
    if visit.happens(recipe.coarsen_chance):
        visit.pixels = coarsen(visit.pixels, share=visit.drawn(recipe.coarsen_share))
        visit.effects.append("coarsened")
    if visit.style == "teaching" or visit.happens(recipe.jpeg_chance):
        quality = round(visit.drawn(recipe.jpeg_quality))
        visit.pixels = jpeg(visit.pixels, quality=quality)
        visit.effects.append(f"JPEG {quality}")


def _put_letter(visit: _Visit, style: MarkerStyle) -> None:
    rng = visit.rng
    side = _SIDES[rng.integers(2)]
    if visit.patient_right is None:
        letter = _LETTERS[rng.integers(2)]
    else:
        letter = "R" if side == visit.patient_right else "L"
    mirrored = style != "digital" and visit.happens(visit.recipe.mirrored_chance)
    visit.pixels, mark = side_marker(
        visit.pixels,
        rng,
        letter=letter,
        side=side,
        style=style,
        mirrored=mirrored,
        initials=visit.happens(visit.recipe.initials_chance),
    )
    visit.letter_xy = np.array([[mark.x, mark.y]])
    visit.letter = f"letter {letter} {side}" + (" mirrored" if mirrored else "")
    visit.effects.append(visit.letter)


def _letter_on_film(visit: _Visit) -> SideLetter | None:
    rows, columns = visit.pixels.shape
    for x, y in visit.letter_xy:  # one, or none
        if 0 <= x <= columns and 0 <= y <= rows:
            return SideLetter("R" if visit.letter.startswith("letter R") else "L", x, y)
    return None


def _named(visit: _Visit, letter: SideLetter | None) -> tuple[str, ...]:
    stayed = [effect for effect in visit.effects if letter or effect != visit.letter]
    return (visit.style, *stayed)
