"""The measurements of a lateral film: kyphosis, lordosis, how the pelvis stands, and slips.

Signs do not depend on which way the patient faces: kyphosis is positive in TK and lordosis in LL,
SS is positive when the sacral endplate slopes down to the front, PT when the hip axis lies in front
of the endplate's middle, a slip when the upper vertebra lies too far to the front. An angle may be
negative, such as the TK of a thoracic spine bent backwards. SS and PT take the film's horizontal
for the true one; the others hold however the film is turned.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from spinescan.core.anatomy import LEVELS, Landmarks
from spinescan.core.report import Measurement
from spinescan.measure.intervals import LEVEL
from spinescan.measure.lateral import Floats, LateralSpine, cross, turn_deg
from spinescan.measure.sagittal_norms import AGAINST_PI, expected_lordosis_deg

KYPHOSES: tuple[tuple[str, str], ...] = (
    ("T1", "T12"),
    ("T2", "T12"),
    ("T4", "T12"),
    ("T5", "T12"),
)
"""The spans of TK: the upper level's superior to the lower level's inferior endplate."""

LORDOSES: tuple[tuple[str, str], ...] = (("T12", "S1"), ("L1", "S1"), ("L4", "S1"), ("L1", "L5"))
"""The spans of LL: the upper level's superior endplate to that of S1, or to L5's inferior one."""

SLIPS: tuple[tuple[str, str], ...] = tuple(
    pairwise((*LEVELS[LEVELS.index("T12") :], "S1")),
)
"""The pairs of neighbours whose slip is measured. Above them the ribs hold the vertebrae, and what
looks like a slip is rather their rotation."""

LATERAL_MEASUREMENTS: tuple[str, ...] = (
    *(f"TK_{first}_{last}" for first, last in KYPHOSES),
    *(f"LL_{first}_{last}" for first, last in LORDOSES),
    "SS",
    "PT",
    "PI",
    AGAINST_PI,
    *(f"slip_{upper}_{lower}" for upper, lower in SLIPS),
)
"""The names of all that can be measured on a lateral film."""

_MOST_GAP = 0.75
"""The middle of a neighbour's endplate lies no higher above the endplate below than this share of
its length: on phantoms 0.36 at most between L5 and S1, and 1.0 or more over a sixth lumbar one."""

_FRONT = np.array([1.0, 0.0])
_DOWN = np.array([0.0, 1.0])

_HORIZONTAL = "film's horizontal taken for the true one"
_PELVIS = "doi 10.1007/s005860050038"


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """A measurement with its draws.

    `values` is float64 (1 + draws,): the value on the film, then those of the draws (NaN where a
    spread is not known). `stands_in` names endplates that the body's other endplate stood in for.
    """

    name: str
    values: Floats
    unit: str
    method: str
    levels: tuple[str, ...]
    stands_in: tuple[str, ...] = ()

    @property
    def value(self) -> float:
        """The value on the film."""
        return float(self.values[0])

    @property
    def drawn(self) -> Floats | None:
        """The value and how the draws scatter about their own mean (draws,); None if not known."""
        if len(self.values) == 1 or not np.isfinite(self.values).all():
            return None
        off = self.values[1:] - self.value
        if self.unit == "deg":
            off = (off + 180) % 360 - 180
        return np.asarray(self.value + off - off.mean())

    def interval(self, level: float = LEVEL) -> tuple[float, float] | None:
        """The share `level` of the draws in the middle, put around the value."""
        drawn = self.drawn
        if drawn is None:
            return None
        low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
        return min(float(low), self.value), max(float(high), self.value)

    def measurement(self, level: float = LEVEL) -> Measurement:
        """As it stands in a Report."""
        return Measurement(
            self.name, self.value, self.unit, self.method, self.levels, self.interval(level)
        )


def sagittal_measurements(
    landmarks: Landmarks,
    *,
    factor: float | None = None,
    level: float = LEVEL,
    draws: int = 1000,
    seed: int = 0,
) -> tuple[Measurement, ...]:
    """TK and LL at every span that is visible, then SS, PT and PI, then the slips of the low spine.

    An endplate is visible when both of its ends are. Where one that TK or LL needs is not, the
    other endplate of the same body stands in for it, and `method` says so. What needs a point that
    is not visible is left out otherwise. If only one endplate is visible, the film's top is taken
    for the head's side.

    With `factor` (as in `intervals.with_intervals`) the points are drawn again within their
    spreads, and each measurement whose spreads are known gets an interval. Mirroring or turning the
    film changes no interval.
    """
    spine = LateralSpine.from_landmarks(landmarks, factor=factor, draws=draws, seed=seed)
    return tuple(found.measurement(level) for found in measured(spine))


def measured(spine: LateralSpine) -> Iterator[Measured]:
    """All measurements of a lateral film with their draws, in a Report's order."""
    angles = (*_curvatures(spine), *_pelvis(spine))
    yield from angles
    by_name = {angle.name: angle for angle in angles}
    if "LL_L1_S1" in by_name and "PI" in by_name:
        lordosis, incidence = by_name["LL_L1_S1"], by_name["PI"]
        method = (
            "LL_L1_S1 less the lordosis that this PI lets expect (PMC4303780, smoothed between its"
            f" classes); + = more lordosis; {lordosis.method}"
        )
        off = lordosis.values - expected_lordosis_deg(incidence.values)
        yield Measured(AGAINST_PI, off, "deg", method, ("L1", "S1"), lordosis.stands_in)
    yield from _slips(spine)


def _curvatures(spine: LateralSpine) -> Iterator[Measured]:
    for first, last in KYPHOSES:
        yield from _between(spine, "TK", first, last, -1)
    for first, last in LORDOSES:
        yield from _between(spine, "LL", first, last, 1)


def _between(
    spine: LateralSpine, name: str, first: str, last: str, sign: int
) -> Iterator[Measured]:
    upper = f"{first}_superior"
    lower = "S1" if last == "S1" else f"{last}_inferior"
    if upper not in spine.ways or lower not in spine.ways:
        return
    angle = sign * turn_deg(spine.ways[upper], spine.ways[lower])
    end = "superior" if last == "S1" else "inferior"
    bend = "kyphosis" if sign < 0 else "lordosis"
    method = f"{first} superior to {last} {end} endplate; + = {bend}"
    stands_in = tuple(plate for plate in (upper, lower) if spine.stands_in(plate))
    for plate in stands_in:
        which = plate.replace("_", " ")
        method += f"; {which} endplate not visible, the mid-plane of the body by its other endplate"
    yield Measured(f"{name}_{first}_{last}", angle, "deg", method, (first, last), stands_in)


def _pelvis(spine: LateralSpine) -> Iterator[Measured]:
    if "S1" not in spine.plates:
        return
    plate = spine.plates["S1"]
    middle, to_front = plate.mean(axis=1), plate[:, 1] - plate[:, 0]

    def angle(name: str, values: Floats, what: str) -> Measured:
        return Measured(name, values, "deg", f"{what}; {_PELVIS}", ("S1",))

    what = f"S1 superior endplate to the horizontal, + = front lower; {_HORIZONTAL}"
    yield angle("SS", turn_deg(_FRONT, to_front), what)
    if spine.hip is None or (spine.hip[0] == middle[0]).all():
        return
    to_hip = spine.hip - middle
    axis = "hip axis" if spine.heads == 2 else "hip axis (centre of the one femoral head visible)"
    line = f"line from the middle of S1's superior endplate to the {axis}"
    what = f"{line} to the vertical, + = hip axis in front; {_HORIZONTAL}"
    yield angle("PT", turn_deg(to_hip, _DOWN), what)
    towards_feet = np.column_stack([-to_front[:, 1], to_front[:, 0]])
    yield angle("PI", turn_deg(to_hip, towards_feet), f"{line} to the endplate's perpendicular")


def _slips(spine: LateralSpine) -> Iterator[Measured]:
    for upper, lower in SLIPS:
        above = f"{upper}_inferior"
        below = "S1" if lower == "S1" else f"{lower}_superior"
        if above not in spine.plates or below not in spine.plates:
            continue
        plate = spine.plates[below]
        along, length = plate[:, 1] - plate[:, 0], np.linalg.norm(plate[:, 1] - plate[:, 0], axis=1)
        off = spine.plates[above][:, 0] - plate[:, 0]
        middle = spine.plates[above][0].mean(axis=0) - plate[0, 0]
        gap = float(cross(middle, along[0])) / length[0] ** 2  # above the endplate's line
        if gap > _MOST_GAP:
            continue
        values = 100 * (off * along).sum(axis=1) / length**2
        method = (
            f"posterior inferior corner of {upper} off the posterior superior corner of {lower},"
            f" along {lower}'s superior endplate and in percent of its length; + = {upper} to the"
            " front"
        )
        yield Measured(f"slip_{upper}_{lower}", values, "%", method, (upper, lower))
