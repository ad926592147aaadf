"""The facts of an ALS verdict in words that a therapist reads."""

from collections.abc import Iterator

from spinescan.core.anatomy import Landmarks
from spinescan.core.report import AlsType, Curve, Fact
from spinescan.measure.als_evidence import NEEDED_LEVELS, AlsEvidence
from spinescan.measure.als_thresholds import ALS_THRESHOLDS as LIMIT
from spinescan.measure.als_thresholds import Threshold
from spinescan.measure.balance import central_sacral_line
from spinescan.measure.curves import head_down
from spinescan.measure.frontal import FrontalSpine

_OPPOSITE = {"left": "right", "right": "left"}


def als_facts(
    landmarks: Landmarks, curves: tuple[Curve, ...], evidence: AlsEvidence | None
) -> tuple[Fact, ...]:
    """The facts in the order of decision, then what limits them.

    `evidence` is None where the film does not show the levels that are needed, or is in a brace.
    """
    return (
        _curves_found(curves),
        *(() if evidence is None else _deciding(evidence)),
        *_limits(landmarks),
    )


def type_in_draws(als: AlsType, share: float) -> Fact:
    """How steady a type is when the points are drawn again within their spreads."""
    text = f"{100 * share:.0f} percent of draws of the points within their spreads give {als}."
    return _fact("type_in_draws", share, LIMIT.steady_share, text)


def _curves_found(curves: tuple[Curve, ...]) -> Fact:
    found = "; ".join(
        f"{c.region.replace('_', ' ')}, {c.cobb_deg:.0f} degrees from {c.upper} to {c.lower},"
        f" apex {c.apex}, convex to the picture's {c.convex_side}"
        for c in head_down(curves)
    )
    limit = LIMIT.min_cobb.value
    text = (
        f"Curves of {limit:g} degrees or more: {found}."
        if curves
        else f"No curve reaches {limit:g} degrees."
    )
    return Fact("curves", float(len(curves)), "curves", limit, text)


def _deciding(e: AlsEvidence) -> Iterator[Fact]:
    yield from _pelvis(e)
    if e.thoracic is not None:
        yield from _offsets(e, e.thoracic)
    if e.cobb_ratio is not None and e.length_ratio is not None:
        yield _fact(
            "cobb_ratio",
            e.cobb_ratio,
            LIMIT.lumbar_larger,
            f"The lower curve's Cobb angle is {e.cobb_ratio:.2f} times the thoracic one"
            f" (above {LIMIT.lumbar_larger.value:g} no 3-curve type fits;"
            f" from {LIMIT.lumbar_major.value:g} on the lower curve is the main one).",
        )
        yield _fact(
            "length_ratio",
            e.length_ratio,
            LIMIT.long_ratio,
            f"The lower curve is {e.length_ratio:.2f} times as long as the thoracic one (from"
            f" {LIMIT.long_ratio.value:g} on it counts as long).",
        )


def _pelvis(e: AlsEvidence) -> Iterator[Fact]:
    """What tells a 3-curve from a 4-curve pelvis."""
    if e.tp is not None and e.thoracic is not None:
        yield _fact(
            "tp_to_csl",
            e.tp,
            LIMIT.tp_4c,
            "The transitional point lies "
            + _place(e.tp, *_sides(e.thoracic))
            + f" (4-curve from {-LIMIT.tp_4c.value:g} to the concave side on).",
        )
    if e.counter_tilt_deg is not None:
        how = "against" if e.counter_tilt_deg > 0 else "along with"
        yield _fact(
            "l5_counter_tilt",
            e.counter_tilt_deg,
            LIMIT.counter_tilt_4c,
            f"From L4 to L5 the tilt turns {abs(e.counter_tilt_deg):.1f} degrees {how} the lower"
            f" curve (against it by {LIMIT.counter_tilt_4c.value:g} or more: a lumbosacral"
            " counter-curve, which speaks for 4-curve).",
        )
    if e.hip is not None and e.thoracic is not None:
        convex, concave = _sides(e.thoracic)
        yield _fact(
            "hip_prominence",
            e.hip,
            LIMIT.hip_4c,
            f"The pelvis stands out {abs(e.hip):.2f} vertebral widths against the trunk, to the"
            f" {convex if e.hip >= 0 else concave} (from {LIMIT.hip_4c.value:g} to the convex side"
            f" on it speaks for 4-curve, from {-LIMIT.hip_3c.value:g} to the concave side on for"
            " 3-curve).",
        )
    if e.l4_into_deg is not None:
        how = "into" if e.l4_into_deg > 0 else "out of"
        text = f"L4 tilts {abs(e.l4_into_deg):.1f} degrees {how} the lower curve."
        yield _fact("l4_tilt", e.l4_into_deg, LIMIT.l4_into, text)


def _offsets(e: AlsEvidence, thoracic: Curve) -> Iterator[Fact]:
    """Where the apexes lie against the central sacral line (CSL)."""
    convex, concave = _sides(thoracic)
    if e.lumbar_apex is not None:
        what = "The lumbar spine at most" if e.lower is None else f"The lower apex {e.lower.apex}"
        yield _fact(
            "lumbar_apex_to_csl",
            e.lumbar_apex,
            LIMIT.lumbar_crosses,
            f"{what} lies {_place(e.lumbar_apex, concave, convex)} (it crosses the CSL from"
            f" {LIMIT.lumbar_crosses.value:g} to the concave side on, clearly from"
            f" {LIMIT.lumbar_crosses_clearly.value:g}).",
        )
    if e.thoracic_apex is not None and e.lower is None:
        where = _place(e.thoracic_apex, convex, concave)
        text = f"The thoracic apex {thoracic.apex} lies {where}."
        yield _fact("thoracic_apex_to_csl", e.thoracic_apex, LIMIT.thoracic_shift, text)


def _limits(landmarks: Landmarks) -> Iterator[Fact]:
    spine, csl = FrontalSpine.from_landmarks(landmarks), central_sacral_line(landmarks)
    missing = [level for level in NEEDED_LEVELS if level not in spine]
    if missing:
        text = f"Not all vertebrae that a type needs were found; missing: {', '.join(missing)}."
        yield Fact("levels_missing", ", ".join(missing), "", None, text)
    if csl is not None and csl.approximate:
        text = "The sacrum was not found: the CSL is drawn from the middle of L5, an approximation."
        yield Fact("csl_approximate", csl.source, "", None, text)
    if not landmarks.levels_certain:
        text = "The vertebrae were counted, not identified: every level may be named one off."
        yield Fact("levels_uncertain", None, "", None, text)


def _fact(code: str, value: float, limit: Threshold, text: str) -> Fact:
    return Fact(code, value, limit.unit, limit.value, text)


def _sides(thoracic: Curve) -> tuple[str, str]:
    """The convex and the concave side of the thoracic curve, in words."""
    side = thoracic.convex_side
    return (
        f"convex side of the thoracic curve (the picture's {side})",
        f"concave side of the thoracic curve (the picture's {_OPPOSITE[side]})",
    )


def _place(offset: float, positive: str, negative: str) -> str:
    side = positive if offset >= 0 else negative
    return f"{abs(offset):.2f} vertebral widths off the CSL to the {side}"
