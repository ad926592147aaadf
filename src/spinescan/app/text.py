"""A record as a few lines for a person at a terminal."""

from typing import Any

from spinescan.core.report import RESEARCH_USE
from spinescan.io.words import CAVEATS, POSITIONS, REGIONS, SAGITTAL, explain, measurement, question


def describe(record: dict[str, Any], title: str) -> str:
    """The record as a short table under its title; control characters in names become "?"."""
    title = _printable(title)
    if "error" in record:
        error = record["error"]
        return f"{title}\n  failed ({error['kind']}): {_printable(error['message'])}"
    lines = [f"{title}\n  {_summary(record)}"]
    lines += [f"  {_curve(curve)}" for curve in record["curves"]]
    if record["view"] == "lateral":
        angles = [told for told in record["measurements"] if told["unit"] == "deg"]
        lines += [f"  {_measurement(told)}" for told in angles]  # slips are told with the shape
    if record["als"] is not None:
        lines.append(f"  {_als(record['als'])}")
    if record.get("sagittal") is not None:  # not in records of schema 1.0
        lines += [f"  {line}" for line in _sagittal(record["sagittal"])]
    lines += [f"  {_prediction(answer)}" for answer in record["predictions"]]
    lines += [f"  note: {warning['text']}" for warning in record["warnings"]]
    lines.append(f"  {RESEARCH_USE}")
    return "\n".join(lines)


def describe_answer(record: dict[str, Any]) -> str:
    """What one model answered about a film, under the film's name."""
    if "error" in record:
        return describe(record, record["file"])
    answer = _prediction(record["prediction"])
    return f"{_printable(record['file'])}\n  {answer}\n  {RESEARCH_USE}"


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)


def _summary(record: dict[str, Any]) -> str:
    rows, columns = record["size"]
    film = f"{record['view']} view, {rows} x {columns} pixels"
    if record["decision"] == "abstained":
        return "\n  ".join([f"{film}: no answer", *explain(record["reasons"])])
    straight = record["view"] == "frontal" and not record["curves"]
    return f"{film}: no curve of 10 degrees or more" if straight else film


def _measurement(told: dict[str, Any]) -> str:
    interval, unit = told["interval"], told["unit"]
    between = "" if interval is None else f" ({interval[0]:.0f} to {interval[1]:.0f})"
    return f"{told['name']:<18} {told['value']:.0f}{between} {'degrees' if unit == 'deg' else unit}"


def _curve(curve: dict[str, Any]) -> str:
    region = REGIONS[curve["region"]]
    levels = f"{curve['upper']} to {curve['lower']}, apex {curve['apex']}"
    side = f"convex to the picture's {curve['convex_side']}"
    if curve["patient_side"] is not None:
        side = f"convex to the patient's {curve['patient_side']}"
    interval = curve["interval_deg"]
    between = "" if interval is None else f" ({interval[0]:.0f} to {interval[1]:.0f})"
    return f"{region:<18} Cobb {curve['cobb_deg']:.0f}{between} degrees, {levels}, {side}"


def _als(als: dict[str, Any]) -> str:
    if als["type"] is None and als["family"] is None:
        return f"ALS type           none: {' '.join(explain(als['reasons']))}"
    answer = als["type"] or f"family {als['family']}"
    others = f", or {' or '.join(als['alternatives'])}" if als["alternatives"] else ""
    return f"ALS type           {answer}{others} (provisional)"


def _sagittal(shape: dict[str, Any]) -> list[str]:
    """The class, then each axis with its norm, then the slips; last what limits the answer."""
    said = SAGITTAL.get(shape["label"], "no class")
    others = f", or {' or '.join(shape['alternatives'])}" if shape["alternatives"] else ""
    lines = [f"{'Sagittal shape':<18} {said}{others} (provisional)"]
    lines += [f"{axis['name'].capitalize():<18} {_axis(axis)}" for axis in shape["axes"]]
    for slip in shape["slips"]:
        grades = " or ".join([*filter(None, [slip["grade"]]), *slip["alternatives"]])
        where = f"{slip['upper']} on {slip['lower']}"
        size = f"{abs(slip['percent']):.0f} % {slip['direction']}"
        lines.append(f"{'Slip':<18} {where}, {size}, Meyerding grade {grades}")
    return [*lines, *(f"  {reason}" for reason in explain(shape["reasons"]))]


def _axis(axis: dict[str, Any]) -> str:
    if axis["value"] is None:
        return "not judged: no norm fits"
    interval = axis["interval"]
    between = "" if interval is None else f" ({interval[0]:z.0f} to {interval[1]:z.0f})"
    low, high = axis["borders"]
    names = [axis["position"], *axis["alternatives"]]
    found = " or ".join(POSITIONS[name] for name in names if name is not None)
    what = measurement(axis["measurement"])
    return f"{found}: {what} {axis['value']:z.0f}{between} degrees, normal {low:g} to {high:g}"


def _prediction(answer: dict[str, Any]) -> str:
    """The label with its set and highest scores, then why not or what limits it."""
    name = _printable(question(answer["task"]))
    said = [answer["label"] or "no answer"]
    if answer["prediction_set"]:
        said.append(f"set {{{', '.join(answer['prediction_set'])}}}")
    scores = sorted(answer["scores"].items(), key=lambda item: -item[1])[:3]
    if scores:
        said.append("scores " + ", ".join(f"{label} {score:.2f}" for label, score in scores))
    caveat = [CAVEATS[answer["task"]]] if answer["task"] in CAVEATS and scores else []
    lines = [f"{name:<18} {_printable('; '.join(said))}", *caveat, *explain(answer["reasons"])]
    return "\n    ".join(lines)
