"""Draw a phantom of each ALS type with what decides it, and write the facts under the pictures.

    python docs/draw_als_types.py

Every line and figure comes from the phantom's true points by the measuring code of a scan. A
phantom whose points do not give the type that it was drawn as is refused.
"""

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from spinescan.core.anatomy import Landmarks
from spinescan.core.radiograph import Radiograph
from spinescan.core.report import AlsType, Curve, Fact, Verdict
from spinescan.io.marks import DARK, Colour, LineLayer, draw_name, font, text_size, wrapped
from spinescan.io.marks import Box as Place
from spinescan.io.overlay import CURVE_COLOURS, film_picture, film_scale
from spinescan.io.words import REGIONS
from spinescan.measure.als import als_verdict
from spinescan.measure.als_evidence import AlsEvidence, als_evidence
from spinescan.measure.balance import central_sacral_line, point_between
from spinescan.measure.curves import find_curves
from spinescan.measure.frontal import FrontalSpine
from spinescan.measure.pelvis import TRUNK
from spinescan.phantom.film import Order, Phantom, draw_phantom

DOCS = Path(__file__).parent
PICTURES = DOCS / "images" / "als"
PAGE = DOCS / "explain" / "als-drawings.md"
BEGIN, END = "<!-- facts of {}: written by make docs -->\n", "<!-- end of facts -->"

TITLE = "Synthetic film, drawn by SpineScan. Research use only."
HEIGHT = 900
_TEXT_WIDTH, _PAD = 380, 18
_LARGE, _USUAL, _SMALL = 40, 18, 15

_THORACIC, _LOWER, _POINT, _TILT = CURVE_COLOURS
_BODY: Colour = (150, 235, 215)
_WHITE: Colour = (240, 242, 245)
_GREY: Colour = (150, 155, 163)

_MARKED: Mapping[str, Colour] = {
    "tp_to_csl": _POINT,
    "l5_counter_tilt": _TILT,
    "l4_tilt": _TILT,
    "hip_prominence": _BODY,
    "lumbar_apex_to_csl": _LOWER,
    "cobb_ratio": _LOWER,
    "length_ratio": _LOWER,
}
"""The colour of what a fact speaks of, as it is drawn."""


class Cell(NamedTuple):
    """A phantom to draw, and the facts that decide its family and its type."""

    als: AlsType
    cobb_deg: float
    seed: int
    family: tuple[str, ...]
    type: tuple[str, ...]
    by_region: bool = False
    least_margin: float = 0.5

    @property
    def order(self) -> Order:
        """From skull to hips, as the detector gave it."""
        return Order(
            als=self.als,
            cobb_deg=self.cobb_deg,
            extent="whole",
            rows=HEIGHT + 300,
            clinic=None,
            metal="none",
            least_margin=self.least_margin,
        )


_POINT_FIRST = ("tp_to_csl", "l5_counter_tilt", "hip_prominence")

CELLS = (
    Cell("3CH", 35, 6, _POINT_FIRST, ("lumbar_apex_to_csl", "cobb_ratio")),
    Cell("3CTL", 32, 3, ("l5_counter_tilt",), ("l4_tilt",), by_region=True),
    Cell("3CN", 42, 6, _POINT_FIRST, ("lumbar_apex_to_csl", "cobb_ratio")),
    Cell(
        "3CL",
        52,
        8,
        _POINT_FIRST,
        ("lumbar_apex_to_csl", "cobb_ratio", "length_ratio"),
        least_margin=0.3,
    ),
    Cell("4C", 45, 4, _POINT_FIRST, ("cobb_ratio",)),
    Cell("4CL", 40, 8, _POINT_FIRST, ("cobb_ratio",), by_region=True),
    Cell("4CTL", 44, 1, _POINT_FIRST, ("cobb_ratio",), by_region=True),
)


class Shown(NamedTuple):
    """A phantom measured on its true points."""

    cell: Cell
    phantom: Phantom
    curves: tuple[Curve, ...]
    evidence: AlsEvidence
    verdict: Verdict

    @classmethod
    def of(cls, cell: Cell) -> "Shown":
        """Draw and measure; ValueError if the type is not the one that it was drawn as."""
        phantom = draw_phantom(cell.order, cell.seed)
        curves = find_curves(phantom.landmarks)
        verdict = als_verdict(phantom.landmarks, curves)
        evidence = als_evidence(phantom.landmarks, curves)
        if verdict.type != cell.als or evidence is None:
            raise ValueError(f"drawn as {cell.als}, the rules say {verdict.type}: another seed")
        return cls(cell, phantom, curves, evidence, verdict)

    def facts(self, codes: Iterable[str]) -> list[Fact]:
        """Those of these codes that the film has, in their order."""
        told = {fact.code: fact for fact in self.verdict.facts}
        return [told[code] for code in codes if code in told]

    @property
    def region(self) -> str:
        """Where the lower curve's apex lies, if the type asks for that."""
        lower = self.evidence.lower
        if lower is None or not self.cell.by_region:
            return ""
        return f"The lower apex {lower.apex} makes it a {REGIONS[lower.region]} curve."


def drawing(shown: Shown) -> Image.Image:
    """The film with its marks on the left, what decides on the right."""
    film = _film(shown)
    text = _text(shown, film.height)
    whole = Image.new("RGB", (film.width + text.width, film.height), DARK)
    whole.paste(film, (0, 0))
    whole.paste(text, (film.width, 0))
    return whole


def film_of(phantom: Phantom) -> tuple[Image.Image, float]:
    """The film in grey with square pixels, and pixels of it for one of the phantom's."""
    film = Radiograph(np.asarray(phantom.pixels, dtype=np.float32), sha256="0" * 64)
    grey = film_picture(film).point(lambda value: 0.72 * value)  # so that marks stand out
    return grey.convert("RGB"), film_scale(film)


def _film(shown: Shown) -> Image.Image:
    points = shown.phantom.landmarks
    picture, scale = film_of(shown.phantom)
    spine, csl = FrontalSpine.from_landmarks(points), central_sacral_line(points)
    assert csl is not None
    layer = LineLayer(picture.size)
    levels, corners = points.frontal_corners()
    for body in corners * scale:
        layer.line(body[[0, 1, 3, 2, 0]], _BODY, 1.6)
    _draw_pelvis(layer, shown, scale)
    x = csl.x * scale
    layer.dashes((x, 0), (x, picture.height), _WHITE, 2.0)
    for level in ("L4", "L5"):
        layer.line(_tilted(spine, level) * scale, _TILT, 2.4)
    for curve in shown.curves:
        bodies = dict(zip(levels, corners * scale, strict=True))
        _draw_curve(layer, curve, bodies, spine, scale, _colour(curve, shown.evidence))
    thoracic, lower = shown.evidence.thoracic, shown.evidence.lower
    names = [(_tilted(spine, v, 1.85)[k] * scale, v, _TILT) for v, k in (("L4", 1), ("L5", 0))]
    if thoracic is not None and lower is not None:
        point = point_between(spine, thoracic, lower) * scale
        layer.line([(x, point[1]), point], _POINT, 2)
        layer.diamond(point.tolist(), 7, _POINT)
        outward = 30 if point[0] >= x else -30
        names.append((point + [outward, 0], "TP", _POINT))
        apex = spine.point_xy(lower.apex) * scale
        layer.line([(x, apex[1]), apex], _LOWER, 2)
    picture = layer.onto(picture)
    for curve in shown.curves:
        colour, side = _colour(curve, shown.evidence), _side(curve)
        beside = [1.4 * side * (spine.lumbar_width() or 0.0), 0]
        angle = f"{curve.cobb_deg:.0f}\N{DEGREE SIGN}"
        names.append(((spine.point_xy(curve.apex) + beside) * scale, angle, colour))
        for level in {curve.upper, curve.lower} - {"L4", "L5"}:
            names.append((_end_name(spine, level, -side) * scale, level, colour))
    names.append((spine.point_xy("L5") * scale + [0, 110], "CSL", _WHITE))
    for place, text, colour in names:
        width, height = text_size(text, _USUAL)
        left, top = place[0] - width / 2, place[1] - height / 2
        draw_name(picture, Place(left, top, left + width, top + height), text, _USUAL, colour)
    return _cropped(picture, points, scale)


def _places(points: Landmarks) -> dict[str, NDArray[np.float64]]:
    return dict(zip(points.names, points.isotropic(), strict=True))


def _draw_pelvis(layer: LineLayer, shown: Shown, scale: float) -> None:
    """The sacral endplate, the line of the iliac crests, and how far its middle stands out."""
    places = _places(shown.phantom.landmarks)
    plate, crests = (
        np.array([places[f"{stem}_{side}"] for side in ("left", "right")]) * scale
        for stem in ("S1", "iliac_crest")
    )
    layer.line(plate, _BODY, 2.4)
    layer.line(crests, _BODY, 1.4)
    if shown.evidence.hip is not None:
        spine = FrontalSpine.from_landmarks(shown.phantom.landmarks)
        trunk = scale * float(np.mean([spine.point_xy(level)[0] for level in TRUNK]))
        middle = crests.mean(axis=0)
        layer.line([(trunk, middle[1]), middle], _BODY, 4)
        layer.diamond(middle.tolist(), 6, _BODY)


def _tilted(spine: FrontalSpine, level: str, reach: float = 1.5) -> NDArray[np.float64]:
    """A line (2, 2) through a vertebra's middle along its mean tilt."""
    angle, row = np.radians(spine.tilt_deg(level)), spine.index(level)
    along = reach * spine.widths[row] * np.array([np.cos(angle), np.sin(angle)])
    return np.array([spine.point_xy(level) - along, spine.point_xy(level) + along])


def _end_name(spine: FrontalSpine, level: str, side: int) -> NDArray[np.float64]:
    """Where an end vertebra's name stands: on the hollow side of its curve."""
    return np.asarray(_tilted(spine, level, 1.7)[1 if side > 0 else 0])


def _side(curve: Curve) -> int:
    """+1 if convex to the picture's right."""
    return 1 if curve.convex_side == "right" else -1


def _draw_curve(
    layer: LineLayer,
    curve: Curve,
    bodies: Mapping[str, NDArray[np.float64]],
    spine: FrontalSpine,
    scale: float,
    colour: Colour,
) -> None:
    """Both endplates made longer, and the apex."""
    for plate in (bodies[curve.upper][:2], bodies[curve.lower][2:]):
        middle = plate.mean(axis=0)
        layer.line(middle + 2.6 * (plate - middle), colour, 2.4)
    layer.diamond((spine.point_xy(curve.apex) * scale).tolist(), 7, colour)


def _colour(curve: Curve, evidence: AlsEvidence) -> Colour:
    if curve is evidence.thoracic:
        return _THORACIC
    return _LOWER if curve is evidence.lower else _GREY


def _cropped(picture: Image.Image, points: Landmarks, scale: float) -> Image.Image:
    """From above T1 to the femoral heads, the spine in the middle."""
    places = {name: xy * scale for name, xy in _places(points).items()}
    spine = np.array([xy for name, xy in places.items() if name[0] in "TL"])
    crests = np.array([xy for name, xy in places.items() if "iliac" in name or "femoral" in name])
    top = max(0.0, spine[:, 1].min() - 50)
    bottom = min(float(picture.height), crests[:, 1].max() + 30)
    middle = (spine[:, 0].min() + spine[:, 0].max()) / 2
    half = 0.29 * (bottom - top)
    left = max(0.0, middle - half)
    right = min(float(picture.width), middle + half)
    part = picture.crop((round(left), round(top), round(right), round(bottom)))
    return part.resize((round(part.width * HEIGHT / part.height), HEIGHT), Image.Resampling.LANCZOS)


def _text(shown: Shown, height: int) -> Image.Image:
    panel = Image.new("RGB", (_TEXT_WIDTH, height), DARK)
    draw, y = ImageDraw.Draw(panel), float(_PAD)
    for text, size, colour in _lines(shown):
        for line in wrapped(text, size, _TEXT_WIDTH - 2 * _PAD) or [""]:
            draw.text((_PAD, y), line, fill=colour, font=font(size))
            y += 1.3 * size
    if y > height - 2 * _SMALL:
        raise ValueError(f"{shown.cell.als}: the text is too long for the picture")
    draw.text((_PAD, height - _PAD), TITLE, fill=_GREY, font=font(13), anchor="ls")
    return panel


def _lines(shown: Shown) -> Iterable[tuple[str, int, Colour]]:
    """Text, size and colour of each paragraph."""
    cell, gap = shown.cell, ("", 9, DARK)
    yield cell.als, _LARGE, _WHITE
    yield gap
    yield "1. Curves", _USUAL, _WHITE
    for curve in sorted(shown.curves, key=lambda c: int(c.upper[1:]) + 12 * (c.upper[0] == "L")):
        what = f"{REGIONS[curve.region]}: {curve.upper} to {curve.lower}, apex {curve.apex}"
        yield f"{what}, {curve.cobb_deg:.0f}\N{DEGREE SIGN}", _SMALL, _colour(curve, shown.evidence)
    yield gap
    steps = (f"2. Family: {shown.verdict.family}", cell.family), (f"3. Type: {cell.als}", cell.type)
    for title, codes in steps:
        yield title, _USUAL, _WHITE
        for fact in shown.facts(codes):
            yield fact.text, _SMALL, _MARKED[fact.code]
            yield ("", 4, DARK)
        yield gap
    if shown.region:
        yield shown.region, _SMALL, _LOWER
        yield gap
    if shown.verdict.alternatives:
        others = " or ".join(shown.verdict.alternatives)
        yield f"Alternative: {others}", _SMALL, _GREY


def facts_text(shown: Shown) -> str:
    """The same facts as Markdown, for who cannot see the picture."""
    codes = ("curves", *shown.cell.family, *shown.cell.type)
    lines = [f"- {fact.text}" for fact in shown.facts(codes)]
    if shown.region:
        lines.append(f"- {shown.region}")
    if shown.verdict.alternatives:
        lines.append(f"- Alternative: {', '.join(shown.verdict.alternatives)}.")
    return "\n".join(lines) + "\n"


def with_facts(page: str, shown: Shown) -> str:
    """The page with one type's facts renewed."""
    begin = BEGIN.format(shown.cell.als)
    before, rest = page.split(begin)
    return before + begin + facts_text(shown) + END + rest.split(END, 1)[1]


def main() -> None:
    """Write the pictures and the page's facts."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    PICTURES.mkdir(parents=True, exist_ok=True)
    page = PAGE.read_text("utf-8") if PAGE.is_file() else ""
    for cell in CELLS:
        shown = Shown.of(cell)
        drawing(shown).save(PICTURES / f"{cell.als}.jpg", quality=82, optimize=True)
        page = with_facts(page, shown) if page else page
    if page:
        PAGE.write_text(page, "utf-8")


if __name__ == "__main__":
    main()
