"""The sagittal angles of a lateral film: kyphosis, lordosis, and how the pelvis stands.

Which way the patient faces follows from the points' names, not from an assumption. Signs do not
depend on it: kyphosis is positive in TK and lordosis in LL, SS is positive when the sacral endplate
slopes down to the front, PT when the hip axis lies in front of the endplate's middle. An angle may
be negative, such as the TK of a thoracic spine bent backwards. SS and PT take the film's horizontal
for the true one; TK, LL and PI hold however the film is turned.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from spinescan.core.anatomy import LEVELS, Landmarks
from spinescan.core.report import Measurement

_Vectors = NDArray[np.float64]

KYPHOSES: tuple[tuple[str, str], ...] = (
    ("T1", "T12"),
    ("T2", "T12"),
    ("T4", "T12"),
    ("T5", "T12"),
)
"""The spans of TK: the upper level's superior to the lower level's inferior endplate."""

LORDOSES: tuple[str, ...] = ("T12", "L1", "L4")
"""The upper levels of LL: their superior endplate to that of S1."""

_PLATES = (*(f"{v}_{end}" for v in LEVELS for end in ("superior", "inferior")), "S1")
_HEADS = ("femoral_head_left", "femoral_head_right")
_DOWN = np.array([0.0, 1.0])
_FRONT = np.array([1.0, 0.0])

_HORIZONTAL = "film's horizontal taken for the true one"
_PELVIS = "doi 10.1007/s005860050038"


def sagittal_measurements(landmarks: Landmarks) -> tuple[Measurement, ...]:
    """TK and LL at every span whose endplates are visible, then SS, PT and PI, in degrees.

    An endplate is visible when both of its ends are. What needs a point that is not visible is left
    out. If only one endplate is visible, the film's top is taken for the head's side.
    """
    plates, hip = _facing_right(landmarks)
    heads = sum(name in landmarks for name in _HEADS)
    return (*_curvatures(plates), *_pelvis(plates, hip, heads))


def _facing_right(landmarks: Landmarks) -> tuple[dict[str, _Vectors], _Vectors | None]:
    """Endplates (2, 2) from back to front, and the hip axis (2,), the patient facing right.

    Isotropic units, x to the right and y down; a film on which the patient faces left is mirrored.
    """
    points = dict(zip(landmarks.names, landmarks.isotropic(), strict=True))
    plates = {
        plate: np.array([points[f"{plate}_posterior"], points[f"{plate}_anterior"]])
        for plate in _PLATES
        if f"{plate}_posterior" in points and f"{plate}_anterior" in points
    }
    # Ends that coincide have no direction.
    plates = {plate: ends for plate, ends in plates.items() if (ends[0] != ends[1]).any()}
    side = np.sign(_handedness(list(plates.values())))
    if side == 0:  # nothing visible, or ends that contradict each other
        return {}, None
    flip = np.array([side, 1.0])
    heads = [points[name] for name in _HEADS if name in points]
    hip = np.mean(heads, axis=0) * flip if heads else None
    return {plate: ends * flip for plate, ends in plates.items()}, hip


def _handedness(plates: list[_Vectors]) -> float:
    """Positive when the patient, put upright, faces right; no turn of the film changes it.

    Each endplate's way to the front is held against the way down to the next one; all together
    decide.
    """
    if len(plates) == 1:
        return _cross(plates[0][1] - plates[0][0], _DOWN)
    return sum(
        _cross(upper[1] - upper[0], lower.mean(axis=0) - upper.mean(axis=0))
        for upper, lower in pairwise(plates)
    )


def _curvatures(plates: dict[str, _Vectors]) -> Iterator[Measurement]:
    to_front = {plate: ends[1] - ends[0] for plate, ends in plates.items()}
    for first, last in KYPHOSES:
        upper, lower = f"{first}_superior", f"{last}_inferior"
        if upper in to_front and lower in to_front:
            method = f"{first} superior to {last} inferior endplate; + = kyphosis"
            angle = _turn_deg(to_front[lower], to_front[upper])
            yield Measurement(f"TK_{first}_{last}", angle, "deg", method, (first, last))
    for first in LORDOSES:
        upper = f"{first}_superior"
        if upper in to_front and "S1" in to_front:
            method = f"{first} superior to S1 superior endplate; + = lordosis"
            angle = _turn_deg(to_front[upper], to_front["S1"])
            yield Measurement(f"LL_{first}_S1", angle, "deg", method, (first, "S1"))


def _pelvis(plates: dict[str, _Vectors], hip: _Vectors | None, heads: int) -> Iterator[Measurement]:
    if "S1" not in plates:
        return
    back, front = plates["S1"]
    to_front = front - back

    def angle(name: str, value: float, what: str) -> Measurement:
        return Measurement(name, value, "deg", f"{what}; {_PELVIS}", ("S1",))

    what = f"S1 superior endplate to the horizontal, + = front lower; {_HORIZONTAL}"
    yield angle("SS", _turn_deg(_FRONT, to_front), what)
    if hip is None or (hip == (back + front) / 2).all():
        return
    to_hip = hip - (back + front) / 2
    axis = "hip axis" if heads == 2 else "hip axis (centre of the one femoral head visible)"
    line = f"line from the middle of S1's superior endplate to the {axis}"
    what = f"{line} to the vertical, + = hip axis in front; {_HORIZONTAL}"
    yield angle("PT", _turn_deg(to_hip, _DOWN), what)
    normal = np.array([-to_front[1], to_front[0]])  # towards the feet
    yield angle("PI", _turn_deg(to_hip, normal), f"{line} to the endplate's perpendicular")


def _turn_deg(start: _Vectors, end: _Vectors) -> float:
    """Turn from one direction to another in degrees, clockwise on the picture, within +-180."""
    # No difference of two angles is taken: it could wrap.
    return float(np.degrees(np.arctan2(_cross(start, end), start @ end)))


def _cross(a: _Vectors, b: _Vectors) -> float:
    return float(a[0] * b[1] - a[1] * b[0])
