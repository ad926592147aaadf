"""The facts of a sagittal verdict in words that a therapist reads."""

from collections.abc import Iterator, Mapping

import numpy as np

from spinescan.core.report import AxisName, Fact, SagittalAxis, Slip
from spinescan.core.told import AgeGroup, Posture
from spinescan.measure.sagittal import Measured
from spinescan.measure.sagittal_norms import (
    AGAINST_PI,
    AXES,
    Norm,
    expected_lordosis_deg,
    norms_for,
)
from spinescan.measure.sagittal_norms import SAGITTAL_THRESHOLDS as LIMIT

_NAMES = {
    "TK": "thoracic kyphosis",
    "LL": "lumbar lordosis",
    "SS": "sacral slope",
    "PT": "pelvic tilt",
    "PI": "pelvic incidence",
}
_WHERE = {"hypo": "below", "normal": "within", "hyper": "above"}

Judged = tuple[SagittalAxis, Measured | None, Norm | None]
"""An axis, with the measurement and the norm it was judged by."""


def in_words(measurement: str) -> str | None:
    """A measurement of a lateral film by its full name; None for another one."""
    if measurement == AGAINST_PI:
        return "lumbar lordosis against what the pelvis lets expect"
    name, *levels = measurement.split("_")
    if name == "slip":
        return "slip of " + " on ".join(levels)
    if name not in _NAMES:
        return None
    return f"{_NAMES[name]} {' to '.join(levels)}".strip()


def sagittal_facts(
    judged: Mapping[AxisName, Judged],
    found: Mapping[str, Measured],
    slips: tuple[Slip, ...],
    *,
    age: AgeGroup | None,
    posture: Posture | None,
    levels_certain: bool,
) -> tuple[Fact, ...]:
    """Each axis with its norm and border, the pelvis, the slips, then what limits the answers."""
    norms = [norm for _, _, norm in judged.values() if norm is not None]
    return (
        *(fact for j in judged.values() for fact in _axis(*j, found, age, posture)),
        *_pelvis(found, age, posture),
        *(_slip(slip) for slip in slips),
        *_limits(judged, norms, age, posture, levels_certain),
    )


def _axis(
    axis: SagittalAxis,
    m: Measured | None,
    norm: Norm | None,
    found: Mapping[str, Measured],
    age: AgeGroup | None,
    posture: Posture | None,
) -> Iterator[Fact]:
    if m is None or norm is None:
        yield _not_judged(axis.name, found, age, posture)
        return
    sign = "+" if m.name == AGAINST_PI else ""
    what = f"{_sentence(m.name)} is"
    if m.name == AGAINST_PI:
        incidence, lordosis = found["PI"].value, found["LL_L1_S1"].value
        what = (
            f"Lumbar lordosis L1 to S1 is {lordosis:.0f} degrees where a pelvic incidence of"
            f" {incidence:.0f} lets expect {float(expected_lordosis_deg(incidence)):.0f}: off by"
        )
    yield Fact(
        axis.name,
        m.value,
        "deg",
        _nearest_border(norm, m.value),
        f"{what} {_value(m, sign)}, {_WHERE[norm.position(m.value)]} the normal {norm.low:g} to"
        f" {norm.high:g}.",
    )
    text = (
        f"Norm for {in_words(norm.measurement)}: {norm.low:g} to {norm.high:g} degrees;"
        f" {norm.people}; {norm.origin}."
    )
    yield Fact(f"{axis.name}_norm", norm.code, "", None, text)
    drawn = m.drawn
    if drawn is not None:
        here = norm.position(m.value)
        share = float(np.mean([norm.position(value) == here for value in drawn.tolist()]))
        text = (
            f"{100 * share:.0f} percent of draws of the points within their spreads lie"
            f" {_WHERE[here]} these borders."
        )
        limit = LIMIT.steady_share
        yield Fact(f"{axis.name}_in_draws", share, limit.unit, limit.value, text)


def _not_judged(
    name: AxisName,
    found: Mapping[str, Measured],
    age: AgeGroup | None,
    posture: Posture | None,
) -> Fact:
    kind = "TK" if name == "kyphosis" else "LL"
    visible = [in_words(m) or m for m in found if m.startswith(f"{kind}_")]
    if not visible:
        text = f"No norm fits: no {_NAMES[kind]} could be measured, its end vertebrae are not seen."
    elif any(m in found for m in AXES[name]):
        people = ", ".join(told for told in (age and f"{age}s", posture) if told)
        text = f"No norm fits: none in the table for {'; '.join(visible)} was made for {people}."
    else:
        text = f"No norm fits: {'; '.join(visible)} was measured, and no norm is for these levels."
    return Fact(f"{name}_norm", None, "", None, text)


def _pelvis(
    found: Mapping[str, Measured], age: AgeGroup | None, posture: Posture | None
) -> Iterator[Fact]:
    for name in ("SS", "PT", "PI"):
        if name not in found:
            continue
        m = found[name]
        norm = next(iter(norms_for(name, age, posture)), None)
        told = f"{_sentence(name)} is {_value(m)}"
        if norm is None:
            yield Fact(name, m.value, "deg", None, f"{told}; no norm fits.")
            continue
        where = f"{_WHERE[norm.position(m.value)]} the normal {norm.low:g} to {norm.high:g}"
        text = f"{told}, {where} ({norm.people}; {norm.origin})."
        yield Fact(name, m.value, "deg", _nearest_border(norm, m.value), text)


def _slip(slip: Slip) -> Fact:
    way = "front" if slip.direction == "forward" else "back"
    name = "spondylolisthesis" if slip.direction == "forward" else "retrolisthesis"
    between = ""
    if slip.interval is not None:
        low, high = sorted(abs(end) for end in slip.interval)
        if min(slip.interval) < 0 < max(slip.interval):
            low = 0.0
        between = f" ({low:.0f} to {high:.0f})"
    grade = f"Meyerding grade {slip.grade}" if slip.grade else "too near the border to call it so"
    text = (
        f"{slip.upper} stands {abs(slip.percent):.0f} percent{between} of {slip.lower}'s endplate"
        f" too far to the {way}: {name} from {LIMIT.slip.value:g} percent on; {grade}."
    )
    border = LIMIT.slip.value * (1 if slip.direction == "forward" else -1)
    return Fact(f"slip_{slip.upper}_{slip.lower}", slip.percent, "%", border, text)


def _limits(
    judged: Mapping[AxisName, Judged],
    norms: list[Norm],
    age: AgeGroup | None,
    posture: Posture | None,
    levels_certain: bool,
) -> Iterator[Fact]:
    unknown = [what for what, told in (("age", age), ("posture", posture)) if told is None]
    if norms and unknown:
        text = (
            f"The person's {' and '.join(unknown)} are not known to the scan: check that the norms"
            " were made for such people."
        )
        yield Fact("_and_".join(unknown) + "_unknown", None, "", None, text)
    lordosis = judged["lordosis"][1]
    if lordosis is not None and lordosis.name != AGAINST_PI:
        text = (
            "Pelvic incidence could not be measured: lordosis is held against the range of healthy"
            " people and not against what this pelvis lets expect."
        )
        yield Fact("pi_not_visible", None, "", None, text)
    used = [m for _, m, _ in judged.values() if m is not None]
    if any(m.stands_in for m in used):
        plates = dict.fromkeys(plate for m in used for plate in m.stands_in)
        names = ", ".join(plate.replace("_", " ") for plate in plates)
        text = f"Endplates not seen whole, the body's other endplate stood in for them: {names}."
        yield Fact("by_bodies", names, "", None, text)
    if used and not levels_certain:
        text = "The vertebrae were counted, not identified: every level may be named one off."
        yield Fact("levels_uncertain", None, "", None, text)


def _value(m: Measured, sign: str = "") -> str:
    ends = m.interval()
    between = "" if ends is None else f" ({ends[0]:{sign}z.0f} to {ends[1]:{sign}z.0f})"
    return f"{m.value:{sign}z.0f}{between} degrees"


def _nearest_border(norm: Norm, value: float) -> float:
    return min(norm.borders, key=lambda border: abs(value - border))


def _sentence(measurement: str) -> str:
    words = in_words(measurement) or measurement
    return words[0].upper() + words[1:]
