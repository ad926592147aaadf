"""A structured report as highdicom reads it."""

from io import BytesIO
from typing import Any

import highdicom as hd
from pydicom import Dataset
from pydicom.sr.coding import Code

from spinescan.io.sr import codes


def srread(data: bytes) -> Any:
    return hd.sr.srread(BytesIO(data))


def groups_of(document: Any, finding: str) -> list[Any]:
    """The measurement groups about something, in order."""
    found = [
        *document.content.get_planar_roi_measurement_groups(),
        *document.content.get_image_measurement_groups(),
    ]
    return [group for group in found if group.finding_type == codes.finding(finding)]


def answers(group: Any, name: str) -> list[str]:
    """The code values of a group's evaluations of one name."""
    wanted = codes.concept(name)
    found = group.get_qualitative_evaluations(name=hd.sr.CodedConcept(*wanted))
    return [e.value.value for e in found]


def texts(group: Any, name: str) -> list[str]:
    wanted = codes.concept(name)
    return [
        str(item.TextValue)
        for item in group[0].ContentSequence
        if item.ValueType == "TEXT" and item.ConceptNameCodeSequence[0].CodeValue == wanted.value
    ]


def inner_number(item: Dataset, name: Code) -> float | None:
    """A number below a measurement, such as its upper uncertainty."""
    for below in item.get("ContentSequence", []):
        if below.ConceptNameCodeSequence[0].CodeValue == name.value and below.ValueType == "NUM":
            return float(below.MeasuredValueSequence[0].NumericValue)
    return None


def interval(measurement: Any) -> tuple[float, float] | None:
    """A measurement's interval, from its value and the ranges around it."""
    up = inner_number(measurement[0], codes.UPPER_UNCERTAINTY)
    down = inner_number(measurement[0], codes.LOWER_UNCERTAINTY)
    if up is None or down is None:
        return None
    return round(measurement.value - down, 4), round(measurement.value + up, 4)
