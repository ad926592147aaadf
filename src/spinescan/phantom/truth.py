"""What is true of a synthetic film: every landmark, projected exactly, and the angles on it.

Angles come from `beam.tilt_on_film_deg`, a closed form that knows neither the corners nor
`spinescan.measure`, so that both can be held against it. PT alone (and PI, which is PT + SS here)
joins projected points.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from spinescan.core.anatomy import FRONTAL_CORNERS, LATERAL_CORNERS
from spinescan.core.report import Curve
from spinescan.measure.curves import MIN_COBB_DEG, region_of
from spinescan.phantom.beam import Beam, outline_ends, tilt_on_film_deg
from spinescan.phantom.facts import apex_name
from spinescan.phantom.shape import Side, Spine
from spinescan.phantom.vertebrae import Endplate, Vector

View = Literal["frontal", "lateral"]

_SACRUM = "S1"


def film_points(
    spine: Spine, crests: Sequence[Vector], beam: Beam, view: View
) -> tuple[tuple[str, ...], Vector]:
    """Names and picture points (n, 2) of all landmarks, also of those that lie off the film.

    `crests` are the curves (n, 3) along the iliac crests, the patient's right and left. Levels
    beyond T1..L5 (a sixth lumbar vertebra) bear their own names.
    """
    lateral = view == "lateral"
    points: dict[str, Vector] = {}
    for vertebra in spine.vertebrae:
        if vertebra.level[0] == "C":
            continue
        plates = (vertebra.superior, vertebra.inferior)
        ends = np.concatenate([_ends(p, vertebra.frame[2], beam, lateral) for p in plates])
        names = LATERAL_CORNERS if lateral else FRONTAL_CORNERS
        points |= {f"{vertebra.level}_{c}": xy for c, xy in zip(names, ends, strict=True)}
    s1 = spine.pelvis.s1
    sides = ("anterior", "posterior") if lateral else ("left", "right")
    ends = _ends(s1, s1.normal, beam, lateral)
    points |= {f"{_SACRUM}_{side}": xy for side, xy in zip(sides, ends, strict=True)}
    c7 = spine["C7"]
    rims = [_ends(p, c7.frame[2], beam, lateral) for p in (c7.superior, c7.inferior)]
    points["C7_centre"] = np.concatenate(rims).mean(axis=0)
    heads = beam.project(spine.pelvis.heads)
    points |= _left_right("femoral_head", heads)
    if not lateral:
        curves = [beam.project(curve) for curve in crests]
        tops = np.array([curve[np.argmin(curve[:, 1])] for curve in curves])
        points |= _left_right("iliac_crest", tops)
    return tuple(points), np.array(list(points.values()))


def cobb_on_film_deg(spine: Spine, beam: Beam, upper: str, lower: str) -> float:
    """Angle between `upper`'s superior and `lower`'s inferior endplate, + convex to the right."""
    a, b = spine[upper], spine[lower]
    top = tilt_on_film_deg(a.superior, a.frame[2], beam)
    return tilt_on_film_deg(b.inferior, b.frame[2], beam) - top


def true_curves(spine: Spine, beam: Beam) -> tuple[Curve, ...]:
    """The planned curves that reach 10 degrees on the film, largest first.

    Sides are those of the picture, on which the patient's right lies on the left. The apex is that
    of the curve in space.
    """
    curves = []
    for bend in spine.plan.bends:
        cobb = abs(cobb_on_film_deg(spine, beam, bend.upper, bend.lower))
        if cobb >= MIN_COBB_DEG:
            apex = apex_name(spine, bend)
            # The patient's left is the picture's right.
            side: Side = "right" if bend.convex == "left" else "left"
            curves.append(
                Curve(
                    region=region_of(apex),
                    convex_side=side,
                    upper=bend.upper,
                    apex=apex,
                    lower=bend.lower,
                    cobb_deg=cobb,
                    patient_side=bend.convex,
                    side_source="phantom",
                )
            )
    return tuple(sorted(curves, key=lambda c: -c.cobb_deg))


def sagittal_on_film_deg(spine: Spine, beam: Beam) -> dict[str, float]:
    """TK (T4 to T12), LL (L1 to S1), SS, PT and PI on a lateral film, signs as `Profile`'s."""
    facing = _front(beam)

    def tilt(level: str, plate: Endplate) -> float:
        axis = plate.normal if level == _SACRUM else spine[level].frame[2]
        return facing * tilt_on_film_deg(plate, axis, beam)

    slope = tilt(_SACRUM, spine.pelvis.s1)
    # The middles of what the film shows: perspective moves them off the images of the middles.
    hip = beam.project(spine.pelvis.heads).mean(axis=0)
    s1 = spine.pelvis.s1
    middle = beam.project(outline_ends(s1, s1.normal, beam)).mean(axis=0)
    across, down = hip - middle
    pelvic = float(np.degrees(np.arctan2(facing * across, down)))
    return {
        "TK_T4_T12": tilt("T4", spine["T4"].superior) - tilt("T12", spine["T12"].inferior),
        "LL_L1_S1": slope - tilt("L1", spine["L1"].superior),
        "SS": slope,
        "PT": pelvic,
        "PI": pelvic + slope,
    }


def _ends(plate: Endplate, axis: Vector, beam: Beam, lateral: bool) -> Vector:
    """Ends (2, 2) of an endplate's image: left, right; on a lateral film front, back."""
    ends = beam.project(outline_ends(plate, axis, beam))
    order = np.argsort(ends[:, 0])
    return np.asarray(ends[order if not lateral or _front(beam) < 0 else order[::-1]])


def _front(beam: Beam) -> float:
    """+1 if the patient looks to the right of a lateral picture, -1 if to the left."""
    return float(-np.sign(beam.right[1]))


def _left_right(name: str, pair: Vector) -> dict[str, Vector]:
    first, second = pair[np.argsort(pair[:, 0])]
    return {f"{name}_left": first, f"{name}_right": second}
