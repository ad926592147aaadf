"""What films are asked for: attributes of studies, series and instances (PS3.18, 8.3.4)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Level = Literal["study", "series", "instance"]

LEVELS: Final[Mapping[str, Level]] = {
    **dict.fromkeys(
        (
            "StudyDate",
            "StudyTime",
            "AccessionNumber",
            "ModalitiesInStudy",
            "ReferringPhysicianName",
            "PatientName",
            "PatientID",
            "PatientBirthDate",
            "PatientSex",
            "StudyInstanceUID",
            "StudyID",
            "StudyDescription",
        ),
        "study",
    ),
    **dict.fromkeys(
        (
            "Modality",
            "SeriesInstanceUID",
            "SeriesNumber",
            "SeriesDescription",
            "BodyPartExamined",
            "PerformedProcedureStepStartDate",
            "PerformedProcedureStepStartTime",
        ),
        "series",
    ),
    **dict.fromkeys(("SOPClassUID", "SOPInstanceUID", "InstanceNumber"), "instance"),
}
"""Attributes that may be asked for, and the level that a server knows them at."""

_EXACT: Final = frozenset(
    ("AccessionNumber", "PatientID", "StudyInstanceUID", "StudyID", "Modality")
    + ("SeriesInstanceUID", "SOPClassUID", "SOPInstanceUID")
)
"""Of these, a value without wildcards matches itself and nothing else."""


@dataclass(frozen=True, slots=True)
class Query:
    """Filters by level. Their values may name a patient, and stay out of every message."""

    study: Mapping[str, str] = field(default_factory=dict, repr=False)
    series: Mapping[str, str] = field(default_factory=dict, repr=False)
    instance: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def parse(cls, pairs: Iterable[str]) -> "Query":
        """Of "Attribute=value" texts, such as "StudyDate=20260101-20260131".

        Raises
        ------
        ValueError
            One is no such pair, its attribute is not in LEVELS, is given twice or is empty.
        """
        found: dict[Level, dict[str, str]] = {"study": {}, "series": {}, "instance": {}}
        for pair in pairs:
            name, equals, value = (part.strip() for part in pair.partition("="))
            if not equals or name not in LEVELS:
                # What was written may be a patient's name: it is not repeated.
                raise ValueError(f"expected ATTRIBUTE=VALUE, the attribute one of {_names()}.")
            if not value:
                raise ValueError(f"{name} has no value.")
            if name in found[LEVELS[name]]:
                raise ValueError(f"{name} is given twice.")
            found[LEVELS[name]][name] = value
        return cls(**found)


def _names() -> str:
    return ", ".join(LEVELS)


def agrees(found: Mapping[str, str], filters: Mapping[str, str]) -> bool:
    """Whether a match is one: a server may leave out a filter that it does not know.

    `found` are the match's values by attribute, "" where it tells none.
    """
    exact = {
        name: asked
        for name, asked in filters.items()
        if name in _EXACT and not any(sign in asked for sign in "*?\\,")
    }
    return all(found[name] in ("", asked) for name, asked in exact.items())
