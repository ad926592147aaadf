"""The ALS verdict (Augmented Lehnert-Schroth) from the curves of one frontal film.

The order of decision: which curves reach 10 degrees; 3-curve or 4-curve pelvis by the transitional
point against the CSL, with the tilt of L5 against L4 and the prominence of the hip as further
witnesses; then the type by apex, crossing of the CSL, and the ratios of Cobb angles and lengths.
All numbers are in `als_thresholds`; most are provisional, since no film with an ALS label is
public.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from spinescan.core.anatomy import Landmarks
from spinescan.core.report import AlsType, Curve, Decision, Region, Verdict
from spinescan.measure.als_draws import FindCurves, als_in_draws
from spinescan.measure.als_evidence import AlsEvidence, als_evidence
from spinescan.measure.als_facts import als_facts, type_in_draws
from spinescan.measure.als_rules import Answer, decide, family_of
from spinescan.measure.als_thresholds import ALS_THRESHOLDS as LIMIT
from spinescan.measure.curves import PLACES, find_curves, region_of

MAX_ALTERNATIVES = 2

_CAVEATS = ("csl_approximate", "levels_uncertain")
"""Facts that limit an answer and so stand among its reasons."""

_STEPS = (0.25, 0.5, 0.75, 1.0)
"""Shares of a margin by which a fact is moved, the likelier alternatives first."""

_MARGINS = {
    # The family is not moved here: its rivals come from the witnesses (`Answer.rivals`).
    "lumbar_apex": LIMIT.lumbar_crosses.margin,
    "thoracic_apex": LIMIT.thoracic_shift.margin,
    "l4_into_deg": LIMIT.l4_into.margin,
    "cobb_ratio": LIMIT.lumbar_larger.margin,
    "length_ratio": LIMIT.long_ratio.margin,
}


def als_verdict(
    landmarks: Landmarks,
    curves: tuple[Curve, ...],
    *,
    in_brace: bool = False,
    factor: float | None = None,
    find: FindCurves = find_curves,
) -> Verdict:
    """Decide the type from the curves that `find` found on these landmarks.

    A mirrored film gives the same type. Alternatives, at most two, are the types that the witnesses
    of the family leave possible, then (with `factor`, as in `intervals.with_intervals`) those that
    come out often when the points are drawn again within their spreads, then those that result when
    one fact moves by no more than its margin, when a curve just over 10 degrees is left out, or
    when every apex lies half a level higher or lower (a whole level where the levels' names are not
    certain).

    Without a type the reason is one of

    - "in_brace": a brace changes what the type is read from;
    - "no_curve" (decision "accepted"): no curve reaches 10 degrees;
    - "levels_missing": T5..L5 are not all visible;
    - "apex_outside_table": only proximal thoracic or lumbosacral curves;
    - "family_unclear": the facts that tell 3C from 4C lie too near their borders;
    - "no_type_fits": the facts contradict every type of the family, which is still given;
    - "type_unsteady": fewer than half of the draws give the type, which is then the first
      alternative; the family is still given if half of the draws agree in it.

    "tp_near_border" and "witnesses_disagree" tell of a doubtful family, "csl_approximate" and
    "levels_uncertain" of what limits any answer; these go with a type, too.
    """
    evidence = None if in_brace else als_evidence(landmarks, curves)
    facts = als_facts(landmarks, curves, evidence)
    decision: Decision = "abstained"
    others: tuple[AlsType, ...] = ()
    if in_brace:
        answer = Answer(None, ("in_brace",))
    elif evidence is None:
        answer = Answer(None, ("levels_missing",))
    elif not curves:
        answer, decision = Answer(None, ("no_curve",)), "accepted"
    else:
        drawn = {} if factor is None else als_in_draws(landmarks, factor=factor, find=find)
        answer = decide(evidence)
        if drawn and answer.type is not None:
            facts = (*facts, type_in_draws(answer.type, drawn.get(answer.type, 0.0)))
            answer = _if_steady(answer, answer.type, drawn)
        certain = landmarks.levels_certain
        moved = (als_evidence(landmarks, c) for c in _nearby_curves(curves, certain))
        nearby = (*_nearby(evidence), *(e for e in moved if e is not None))
        others = _alternatives(answer, drawn, nearby)
        decision = "abstained" if answer.type is None else "accepted"
    return Verdict(
        type=answer.type,
        family=answer.family if answer.type is None else family_of(answer.type),
        alternatives=others,
        facts=facts,
        decision=decision,
        reasons=(*answer.reasons, *(f.code for f in facts if f.code in _CAVEATS)),
    )


def _if_steady(answer: Answer, als: AlsType, drawn: Mapping[AlsType | None, float]) -> Answer:
    """The answer without its type, and perhaps without its family, if too few draws give them."""
    least = LIMIT.steady_share.value
    if drawn.get(als, 0.0) >= least:
        return answer
    family = family_of(als)
    share = sum(s for t, s in drawn.items() if t is not None and family_of(t) == family)
    return Answer(
        None,
        ("type_unsteady", *answer.reasons),
        (als, *answer.rivals),
        family if share >= least else None,
    )


def _alternatives(
    answer: Answer, drawn: Mapping[AlsType | None, float], nearby: Iterable[AlsEvidence]
) -> tuple[AlsType, ...]:
    often = (t for t, share in drawn.items() if share >= LIMIT.least_share.value)
    possible = (*answer.rivals, *often, *(decide(e).type for e in nearby))
    others = dict.fromkeys(t for t in possible if t is not None and t != answer.type)
    return tuple(others)[:MAX_ALTERNATIVES]


def _nearby(evidence: AlsEvidence) -> Iterator[AlsEvidence]:
    """The evidence with one fact moved, the smaller moves first."""
    for step in _STEPS:
        for name, margin in _MARGINS.items():
            value = getattr(evidence, name)
            if value is not None:
                yield replace(evidence, **{name: value - step * margin})
                yield replace(evidence, **{name: value + step * margin})


def _nearby_curves(curves: tuple[Curve, ...], levels_certain: bool) -> Iterator[tuple[Curve, ...]]:
    """The curves without one of barely 10 degrees, and with every apex a little off."""
    if len(curves) > 1 and curves[-1].cobb_deg < LIMIT.min_cobb.value + LIMIT.min_cobb.margin:
        yield curves[:-1]
    for places in (1, -1) if levels_certain else (1, -1, 2, -2):
        yield tuple(replace(c, region=_region_moved(c.apex, places)) for c in curves)


def _region_moved(apex: str, places: int) -> Region:
    """The region if the apex lay so many places (half levels) lower."""
    place = PLACES.index(apex) + places
    return region_of(PLACES[min(max(place, 0), len(PLACES) - 1)])
