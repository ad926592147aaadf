"""What has changed between two films of one person, at the same levels.

The Cobb angle of each curve is taken on both films between the end vertebrae of the *first* one: an
angle between other vertebrae is another angle, and choosing the most tilted ones anew on each film
adds to how readers differ. The two films are independent, so their errors add in quadrature (for
intervals that are not symmetric as in Zou and Donner, Stat Med 2008;27:1693, "MOVER").

What 5 degrees mean: 95 % of the differences between two readers of one film lie within 6.3 to 7.2
degrees, between two readings of one reader within 2.8 to 4.9 (J Bone Joint Surg Am 1990;72:320),
and 5 degrees is the usual threshold of progression. So a measured change of 5 degrees can be
nothing but reading. "yes" is therefore said only if the whole interval lies beyond 5 degrees on one
side, "no" only if all of it lies within. The interval tells how well the points are placed. It does
not know that a spine stands a little differently on another day, nor whether level names that were
counted wrongly on one film make two different pairs of vertebrae of one name.
"""

import math
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Literal

from spinescan.core.report import Curve, Measurement, Region, Report, Side
from spinescan.core.told import NOTHING, Told
from spinescan.measure.curves import MIN_COBB_DEG
from spinescan.measure.intervals import LEVEL, bend_between
from spinescan.measure.sagittal_norms import AGAINST_PI

LIMIT_DEG = 5.0
"""A change beyond it is asked for, on either side."""

COMPARED = ("TK", "LL", "SS", "PT", "PI")
"""Measurements of lateral films that are compared, by how their names begin."""

Exceeds = Literal["yes", "no", "not sure"]
Interval = tuple[float, float]

_BRACE = "brace"
"""The code of the warning that a film is taken in a brace."""
_UNLIKE = frozenset({"brace_differs", "posture_differs"})
"""Reasons for which a change, although given, tells nothing of the spine's course."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A film to be compared: its Report, what was told beside it, and its intervals' factor.

    `factor` is that of `intervals.with_intervals`, of the landmark model that read the film.
    """

    report: Report
    factor: float
    told: Told = NOTHING

    @property
    def braced(self) -> bool:
        """Whether it was taken in a brace, as was told or as the film shows."""
        return self.told.in_brace or any(n.code == _BRACE for n in self.report.warnings)


@dataclass(frozen=True, slots=True)
class Difference:
    """A value on two films and its change (second less first), each with its interval.

    What is not visible on the second film, or has points of unknown spread, is None there.
    """

    first: float
    first_interval: Interval | None
    second: float | None
    second_interval: Interval | None
    change: float | None
    change_interval: Interval | None
    exceeds: Exceeds


@dataclass(frozen=True, slots=True)
class CurveChange:
    """A curve of the first film on both, in degrees.

    Angles are positive to the first film's convex side; on the second one the spine may bend the
    other way there, which makes its angle negative.
    """

    region: Region
    convex_side: Side
    upper: str
    lower: str
    angle: Difference

    @property
    def text(self) -> str:
        """A sentence for the reader."""
        region = self.region.replace("_", " ")
        return f"{region} curve {self.upper} to {self.lower}: {_in_words(self.angle)}"


@dataclass(frozen=True, slots=True)
class MeasurementChange:
    """A measurement of lateral films that both have, in degrees."""

    name: str
    levels: tuple[str, ...]
    value: Difference

    @property
    def text(self) -> str:
        """A sentence for the reader."""
        return f"{self.name}: {_in_words(self.value)}"


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What changed from one film to another; `reasons` tell what forbids or limits that.

    ===================  ======================================================================
    views_differ         one film is frontal, the other lateral: nothing is compared
    first_not_measured   the first film was not accepted, or has no landmarks; likewise
                         `second_not_measured`
    no_curve             the first film has no curve, so there is nothing to compare
    nothing_in_common    the lateral films share no angle that both show
    level_missing        an end vertebra of a curve is not visible on the second film
    brace_differs        one film was taken in a brace: a change tells of the brace
    posture_differs      one standing, the other supine, as was told
    bends_other_way      a curve is convex to the other side of the second picture: one of the
                         films may be mirrored
    levels_uncertain     level names of a film are counted, not certain: a limit, no bar
    ===================  ======================================================================
    """

    comparable: bool
    reasons: tuple[str, ...]
    curves: tuple[CurveChange, ...] = ()
    measurements: tuple[MeasurementChange, ...] = ()


def follow_up(first: Seen, second: Seen) -> FollowUp:
    """The changes from the first film to the second, with intervals of `intervals.LEVEL`.

    Turning, scaling or shifting a film changes nothing, nor does mirroring both; mirroring one does
    not either where both tell the patient's side.
    """
    barred = tuple(_bars(first, second))
    if barred:
        return FollowUp(False, barred)
    limits = list(_limits(first, second))
    curves: tuple[CurveChange, ...] = ()
    measurements: tuple[MeasurementChange, ...] = ()
    if first.report.view == "frontal":
        curves = tuple(curve_change(first, second, curve) for curve in first.report.curves)
        limits += _limits_of_curves(curves)
        angles = [curve.angle for curve in curves]
    else:
        measurements = measurement_changes(first.report, second.report)
        limits += [] if measurements else ["nothing_in_common"]
        angles = [each.value for each in measurements]
    unlike = not _UNLIKE.isdisjoint(limits)
    if unlike:
        curves = tuple(replace(c, angle=_not_told(c.angle)) for c in curves)
        measurements = tuple(replace(m, value=_not_told(m.value)) for m in measurements)
    told = any(angle.change is not None for angle in angles)
    return FollowUp(told and not unlike, tuple(limits), curves, measurements)


def curve_change(first: Seen, second: Seen, curve: Curve) -> CurveChange:
    """How the angle between the end vertebrae of a curve of the first film has changed.

    Raises
    ------
    ValueError
        If the first film does not show these vertebrae.
    """
    sense = 1 if curve.convex_side == "right" else -1
    before = _bend(first, curve, sense)
    mirrored = _mirrored(first.report, second.report)
    after = _bend(second, curve, -sense if mirrored else sense)
    if before is None:
        raise ValueError(f"the first film does not show {curve.upper} and {curve.lower}")
    angle = difference(*before, *(after or (None, None)))
    if _bends_other_way(angle):
        angle = _not_told(angle)
    return CurveChange(curve.region, curve.convex_side, curve.upper, curve.lower, angle)


def measurement_changes(first: Report, second: Report) -> tuple[MeasurementChange, ...]:
    """The angles of `COMPARED` that both lateral films have, in the first one's order."""
    after = {m.name: m for m in second.measurements}
    return tuple(
        MeasurementChange(m.name, m.levels, _of_measurements(m, after[m.name]))
        for m in first.measurements
        if m.name.split("_")[0] in COMPARED and m.name != AGAINST_PI and m.name in after
    )


def difference(
    first: float,
    first_interval: Interval | None,
    second: float | None,
    second_interval: Interval | None,
) -> Difference:
    """The change between two independent values, and whether it exceeds `LIMIT_DEG`.

    Its interval holds the truth as often as theirs do.
    """
    change = None if second is None else second - first
    interval = None
    if change is not None and second is not None and first_interval and second_interval:
        down = math.hypot(second - second_interval[0], first_interval[1] - first)
        up = math.hypot(second_interval[1] - second, first - first_interval[0])
        interval = change - down, change + up
    return Difference(
        first,
        first_interval,
        second,
        second_interval,
        change,
        interval,
        exceeds(interval),
    )


def exceeds(interval: Interval | None, limit: float = LIMIT_DEG) -> Exceeds:
    """Whether a change with this interval lies beyond the limit, on one side or the other."""
    if interval is None:
        return "not sure"
    low, high = interval
    if low > limit or high < -limit:
        return "yes"
    return "no" if -limit <= low and high <= limit else "not sure"


def _in_words(angle: Difference) -> str:
    """A change as a clause of a sentence."""
    if angle.second is None or angle.change is None:
        return f"{angle.first:.1f}\u00b0, and not visible on the second film"
    words = f"{angle.first:.1f}\u00b0, then {angle.second:.1f}\u00b0: {angle.change:+.1f}\u00b0"
    if angle.change_interval is not None:
        low, high = angle.change_interval
        words += f" (interval {low:+.1f}\u00b0 to {high:+.1f}\u00b0)"
    verdict = {
        "yes": f"more than {LIMIT_DEG:.0f}\u00b0",
        "no": f"not more than {LIMIT_DEG:.0f}\u00b0",
        "not sure": f"not sure whether it is more than {LIMIT_DEG:.0f}\u00b0",
    }
    return f"{words}, {verdict[angle.exceeds]}"


def _bars(first: Seen, second: Seen) -> list[str]:
    """Why nothing at all can be compared."""
    bars = [
        f"{name}_not_measured"
        for name, seen in (("first", first), ("second", second))
        if seen.report.landmarks is None or seen.report.decision != "accepted"
    ]
    if not bars and first.report.view != second.report.view:
        bars.append("views_differ")
    if not bars and first.report.view == "frontal" and not first.report.curves:
        bars.append("no_curve")
    return bars


def _limits(first: Seen, second: Seen) -> list[str]:
    limits = []
    if first.braced != second.braced:
        limits.append("brace_differs")
    postures = {first.told.posture, second.told.posture} - {None}
    if len(postures) > 1:
        limits.append("posture_differs")
    marks = (first.report.landmarks, second.report.landmarks)
    if not all(points is not None and points.levels_certain for points in marks):
        limits.append("levels_uncertain")
    return limits


def _limits_of_curves(curves: tuple[CurveChange, ...]) -> list[str]:
    limits = []
    if any(curve.angle.second is None for curve in curves):
        limits.append("level_missing")
    if any(_bends_other_way(curve.angle) for curve in curves):
        limits.append("bends_other_way")
    return limits


def _bend(seen: Seen, curve: Curve, sense: int) -> tuple[float, Interval | None] | None:
    """The angle of a curve on a film and its interval, positive where it bends to `sense`."""
    marks = seen.report.landmarks
    found = marks and bend_between(marks, curve.upper, curve.lower, factor=seen.factor)
    if not found:
        return None
    bend, deviation = sense * found[0], found[1]
    if deviation is None:
        return bend, None
    half = NormalDist().inv_cdf((1 + LEVEL) / 2) * deviation
    return bend, (bend - half, bend + half)


def _of_measurements(first: Measurement, second: Measurement) -> Difference:
    return difference(first.value, first.interval, second.value, second.interval)


def _bends_other_way(angle: Difference) -> bool:
    return angle.second is not None and angle.second <= -MIN_COBB_DEG


def _not_told(angle: Difference) -> Difference:
    return replace(angle, exceeds="not sure")


def _mirrored(first: Report, second: Report) -> bool:
    """Whether the films show the patient's sides on opposite sides of the picture, as they tell."""
    alike = {
        report is second: curve.patient_side == curve.convex_side
        for report in (first, second)
        for curve in report.curves
        if curve.patient_side is not None
    }
    return len(alike) == 2 and alike[False] != alike[True]
