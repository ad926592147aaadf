"""The sagittal shape of a lateral film: two axes against norms, the class they give, and slips.

Kyphosis and lordosis are judged apart, each against the first norm that was made for what is
visible (`sagittal_norms`); the classes follow from both. Near a border, as the draws of the points
within their spreads tell, the answer across it is named, or none is given.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from math import ceil

import numpy as np

from spinescan.core.anatomy import Landmarks
from spinescan.core.report import (
    AxisName,
    Meyerding,
    Position,
    SagittalAxis,
    SagittalLabel,
    SagittalVerdict,
    Slip,
)
from spinescan.core.told import AgeGroup, Posture
from spinescan.measure.lateral import LateralSpine
from spinescan.measure.sagittal import SLIPS, Measured, measured
from spinescan.measure.sagittal_facts import sagittal_facts
from spinescan.measure.sagittal_norms import (
    AGAINST_PI,
    AXES,
    Norm,
    class_of_axes,
    norms_for,
)
from spinescan.measure.sagittal_norms import SAGITTAL_THRESHOLDS as LIMIT

POSITIONS: tuple[Position, ...] = ("hypo", "normal", "hyper")
GRADES: tuple[Meyerding, ...] = ("I", "II", "III", "IV", "V")


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """An axis, with the measurement and the norm it was judged by (None without)."""

    axis: SagittalAxis
    measured: Measured | None = None
    norm: Norm | None = None

    @property
    def possible(self) -> tuple[Position, ...]:
        """The one position, or those that are left where it is not sure."""
        return self.axis.alternatives if self.axis.position is None else (self.axis.position,)


def sagittal_verdict(
    landmarks: Landmarks,
    *,
    factor: float | None = None,
    age: AgeGroup | None = None,
    posture: Posture | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> SagittalVerdict:
    """Judge the landmarks of a lateral film.

    A mirrored film gives the same verdict. `factor`, `draws` and `seed` are those of
    `sagittal_measurements`. A norm is only held against the levels it was made for, and, where
    `age` and `posture` are told, only used if it was made for these; unknown ones are named among
    the facts.

    With known spreads a position is given if at least `steady_share` of the draws agree; positions
    that the interval reaches are alternatives. Without, those are that lie no farther off than
    `blind_margin`. Reasons that go without a label are

    - "kyphosis_levels_missing", "lordosis_levels_missing": no span that a norm knows is visible;
    - "kyphosis_no_norm_fits", "lordosis_no_norm_fits": none was made for such people or levels;
    - "kyphosis_near_border", "lordosis_near_border": too few draws agree in the position;
    - "class_near_border": the positions are steady, but too few draws agree in both;
    - "hypo_only" (decision "accepted"): less than normal on an axis, more on none.

    "pi_not_visible", "by_bodies" and "levels_uncertain" tell of what limits any answer.
    """
    spine = LateralSpine.from_landmarks(landmarks, factor=factor, draws=draws, seed=seed)
    found = {m.name: m for m in measured(spine)}
    judged = tuple(_judged(name, found, age, posture) for name in AXES)
    possible = dict.fromkeys(
        class_of_axes(kyphosis, lordosis)
        for kyphosis, lordosis in product(*(j.possible for j in judged))
    )
    shares = _shares(judged)
    decided = len(possible) == 1
    label = next(iter(possible)) if decided else None
    reasons = [reason for j in judged for reason in j.axis.reasons]
    if decided and shares and shares.get(label or "none", 0.0) < LIMIT.steady_share.value:
        reasons.append("class_near_border")
        decided = False
    elif decided and label is None:
        reasons.append("hypo_only")
    others = _classes(judged, shares)
    slips = tuple(s for pair in SLIPS if (s := _slip(pair, found)) is not None)
    return SagittalVerdict(
        label=label if decided else None,
        alternatives=tuple(c for c in others if not decided or c != label),
        shares=shares,
        axes=tuple(j.axis for j in judged),
        slips=slips,
        facts=sagittal_facts(
            {j.axis.name: (j.axis, j.measured, j.norm) for j in judged},
            found,
            slips,
            age=age,
            posture=posture,
            levels_certain=landmarks.levels_certain,
        ),
        decision="accepted" if decided else "abstained",
        reasons=(*reasons, *_caveats(judged, landmarks)),
    )


def _judged(
    name: AxisName,
    found: Mapping[str, Measured],
    age: AgeGroup | None,
    posture: Posture | None,
) -> Judged:
    visible = [found[m] for m in AXES[name] if m in found]
    fitting = ((m, norm) for m in visible for norm in norms_for(m.name, age, posture))
    m, norm = next(fitting, (None, None))
    if m is None or norm is None:
        why = "no_norm_fits" if visible else "levels_missing"
        return Judged(SagittalAxis(name, None, POSITIONS, "abstained", (f"{name}_{why}",)))
    position, interval = norm.position(m.value), m.interval()
    drawn = m.drawn
    margin = LIMIT.blind_margin.value
    reach = _reached(norm, interval or (m.value - margin, m.value + margin))
    steady = True
    if drawn is not None:
        same = np.mean([norm.position(value) == position for value in drawn.tolist()])
        steady = bool(same >= LIMIT.steady_share.value)
    axis = SagittalAxis(
        name=name,
        position=position if steady else None,
        alternatives=tuple(p for p in reach if not steady or p != position),
        decision="accepted" if steady else "abstained",
        reasons=() if steady else (f"{name}_near_border",),
        measurement=m.name,
        value=m.value,
        interval=interval,
        norm=norm.code,
        borders=norm.borders,
    )
    return Judged(axis, m, norm)


def _reached(norm: Norm, interval: tuple[float, float]) -> tuple[Position, ...]:
    """The positions that an interval touches, from hypo to hyper."""
    low, high = (POSITIONS.index(norm.position(end)) for end in interval)
    return POSITIONS[low : high + 1]


def _classes(judged: Iterable[Judged], shares: Mapping[str, float]) -> tuple[SagittalLabel, ...]:
    """The classes that the positions and their alternatives leave possible, the likelier first."""
    choices = (tuple(dict.fromkeys((*j.possible, *j.axis.alternatives))) for j in judged)
    found = (class_of_axes(kyphosis, lordosis) for kyphosis, lordosis in product(*choices))
    possible = tuple(dict.fromkeys(c for c in found if c is not None))
    if not shares:
        return possible
    likely = [c for c in possible if shares.get(c, 0.0) >= LIMIT.least_share.value]
    return tuple(sorted(likely, key=lambda c: -shares[c]))


def _shares(judged: tuple[Judged, ...]) -> dict[str, float]:
    """The share of draws that give each class, the most frequent first."""
    positions = []
    for j in judged:
        drawn = None if j.measured is None else j.measured.drawn
        if drawn is None or j.norm is None:
            return {}
        positions.append([j.norm.position(value) for value in drawn.tolist()])
    found = Counter(class_of_axes(*pair) or "none" for pair in zip(*positions, strict=True))
    return {label: n / found.total() for label, n in found.most_common()}


def grade_of(percent: float) -> Meyerding | None:
    """The Meyerding grade of a slip of so many percent, None if it is none."""
    size = abs(percent)
    if size < LIMIT.slip.value:
        return None
    return GRADES[min(ceil(size / LIMIT.quarter.value), len(GRADES)) - 1]


def _slip(pair: tuple[str, str], found: Mapping[str, Measured]) -> Slip | None:
    """The slip of a pair, or None where there is none or it is less likely than not steady."""
    m = found.get("slip_" + "_".join(pair))
    if m is None:
        return None
    way = 1.0 if m.value >= 0 else -1.0
    drawn, interval = m.drawn, m.interval()
    grade = grade_of(m.value)
    if drawn is None:
        share = float(grade is not None)
    else:
        share = float((way * drawn >= LIMIT.slip.value).mean())
    steady = grade is not None and share >= LIMIT.steady_share.value
    if not steady and share <= 1 - LIMIT.steady_share.value:
        return None
    margin = LIMIT.blind_slip_margin.value
    ends = interval or (m.value - margin, m.value + margin)
    reach = [max(0.0, way * end) for end in ends]
    places = sorted(_place(grade_of(end)) for end in reach)
    names: tuple[Meyerding | str, ...] = ("none", *GRADES)
    possible = names[places[0] : places[1] + 1]
    return Slip(
        upper=pair[0],
        lower=pair[1],
        percent=m.value,
        interval=interval,
        direction="forward" if way > 0 else "backward",
        grade=grade if steady else None,
        alternatives=tuple(g for g in possible if not steady or g != grade),  # type: ignore[misc]
        decision="accepted" if steady else "abstained",
    )


def _place(grade: Meyerding | None) -> int:
    return 0 if grade is None else GRADES.index(grade) + 1


def _caveats(judged: tuple[Judged, ...], landmarks: Landmarks) -> tuple[str, ...]:
    """What limits any answer."""
    used = [j.measured for j in judged if j.measured is not None]
    lordosis = next(j for j in judged if j.axis.name == "lordosis")
    caveats = {
        "pi_not_visible": lordosis.measured is not None and lordosis.measured.name != AGAINST_PI,
        "by_bodies": any(m.stands_in for m in used),
        "levels_uncertain": bool(used) and not landmarks.levels_certain,
    }
    return tuple(code for code, holds in caveats.items() if holds)
