"""From measured evidence to an ALS type: the family first, the type second."""

from dataclasses import dataclass
from typing import Literal

from spinescan.core.report import AlsType
from spinescan.measure.als_evidence import AlsEvidence
from spinescan.measure.als_thresholds import ALS_THRESHOLDS as LIMIT

Family = Literal["3C", "4C"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A type, or none and why; `rivals` are types that the family's witnesses leave possible.

    `family` stands on its own: it may be clear where no type of it fits.
    """

    type: AlsType | None
    reasons: tuple[str, ...] = ()
    rivals: tuple[AlsType, ...] = ()
    family: Family | None = None


def family_of(als_type: AlsType) -> Family:
    """The 3-curve or 4-curve family of a type."""
    return "3C" if als_type in ("3CH", "3CTL", "3CN", "3CL") else "4C"


def decide(evidence: AlsEvidence) -> Answer:
    """The type that the evidence gives."""
    if evidence.thoracic is not None and evidence.lower is not None:
        return _thoracic_and_lower(evidence)
    if evidence.thoracic is not None:
        return _single_thoracic(evidence)
    if evidence.lower is None:
        return Answer(None, ("apex_outside_table",))
    if evidence.lower.region == "thoracolumbar":
        return _single_thoracolumbar(evidence)
    return Answer("4CL")


def _thoracic_and_lower(e: AlsEvidence) -> Answer:
    assert e.tp is not None
    assert e.counter_tilt_deg is not None
    by_type: dict[Family, AlsType | None] = {"3C": _type_3c(e), "4C": _type_4c(e)}
    beyond = LIMIT.tp_4c.value - e.tp
    by_point: Family = "4C" if beyond > 0 else "3C"
    # Those that speak, in the order of their weight.
    heard = (_family_by_tilt(e.counter_tilt_deg), _family_by_hip(e.hip))
    witnesses = [family for family in heard if family is not None]
    near = abs(beyond) < LIMIT.tp_4c.margin
    both = tuple(t for t in (by_type[by_point], by_type[_other(by_point)]) if t is not None)
    if near and not witnesses:
        return Answer(None, ("family_unclear",), both)
    family = witnesses[0] if near else by_point
    disagree = _other(family) in witnesses
    rivals = tuple(t for t in both if t != by_type[family]) if near or disagree else ()
    reasons = (
        *(("tp_near_border",) if near else ()),
        *(("witnesses_disagree",) if disagree else ()),
    )
    if by_type[family] is None:
        reasons = ("no_type_fits", *reasons)
    return Answer(by_type[family], reasons, rivals, family)


def _family_by_tilt(counter_tilt_deg: float) -> Family | None:
    """What the second witness says: a lumbosacral counter-curve means 4C, none means 3C."""
    if counter_tilt_deg >= LIMIT.counter_tilt_4c.value:
        return "4C"
    return "3C" if counter_tilt_deg <= LIMIT.counter_tilt_3c.value else None


def _family_by_hip(hip: float | None) -> Family | None:
    """What the third witness says; silent where the hips are level with the trunk or not seen."""
    if hip is None:
        return None
    if hip >= LIMIT.hip_4c.value:
        return "4C"
    return "3C" if hip <= LIMIT.hip_3c.value else None


def _other(family: Family) -> Family:
    return "3C" if family == "4C" else "4C"


def _type_3c(e: AlsEvidence) -> AlsType | None:
    assert e.lower is not None
    assert e.lumbar_apex is not None
    assert e.cobb_ratio is not None
    assert e.length_ratio is not None
    if e.lower.region == "main_thoracic" or e.cobb_ratio > LIMIT.lumbar_larger.value:
        return None
    if e.lumbar_apex < LIMIT.lumbar_crosses.value:
        return "3CH"
    long_and_structural = (
        e.lumbar_apex >= LIMIT.lumbar_crosses_clearly.value
        and e.cobb_ratio >= LIMIT.structural_ratio.value
        and e.length_ratio >= LIMIT.long_ratio.value
    )
    return "3CL" if long_and_structural else "3CN"


def _type_4c(e: AlsEvidence) -> AlsType | None:
    assert e.lower is not None
    assert e.cobb_ratio is not None
    if e.lower.region == "main_thoracic":
        return None
    if e.cobb_ratio < LIMIT.lumbar_major.value:
        return "4C"
    return "4CTL" if e.lower.region == "thoracolumbar" else "4CL"


def _single_thoracic(e: AlsEvidence) -> Answer:
    assert e.thoracic_apex is not None
    assert e.lumbar_apex is not None
    # No 4C type has a single thoracic curve, so a 4-curve pelvis leaves nothing that fits.
    if e.thoracic_apex <= LIMIT.thoracic_shift.value or _family_by_hip(e.hip) == "4C":
        return Answer(None, ("no_type_fits",))
    return Answer("3CH" if e.lumbar_apex < LIMIT.lumbar_crosses.value else "3CN")


def _single_thoracolumbar(e: AlsEvidence) -> Answer:
    assert e.counter_tilt_deg is not None
    assert e.l4_into_deg is not None
    by_tilt = _family_by_tilt(e.counter_tilt_deg)
    if by_tilt is None:
        return Answer(None, ("family_unclear",), ("3CTL", "4CTL"))
    if by_tilt == "4C":
        return Answer("4CTL")
    if e.l4_into_deg > LIMIT.l4_into.value:
        return Answer("3CTL")
    return Answer(None, ("no_type_fits",))
