"""Write the reference of DICOM codes from the table in the code, to standard output."""

from spinescan.io.sr import codes

HEADER = f"""\
# Codes in DICOM reports

This page is written by `make docs` from `spinescan.io.sr.codes`. How such reports are made is in
[Results for a DICOM archive](../how-to/dicom-out.md).

A structured report follows template TID 1500 of DICOM PS3.16. It uses the standard's codes where
there are some. What has none has a code of the private scheme **{codes.SCHEME}**
({codes.SCHEME_NAME}). A code value of it never changes its meaning. The keys are those of a
Report's JSON.

An interval is told by the ranges above and below the value, in the unit of the value, with the
share of such intervals that should hold the truth (CONFIDENCE).
"""

KINDS = {
    "concept": "Names of content items",
    "finding": "What a measurement group is about",
    "view": "VIEW",
    "decision": "DECISION",
    "source": "SOURCE",
    "levels": "LEVEL_NAMES",
    "region": "REGION",
    "side_source": "SIDE_SOURCE",
    "ends_by": "ENDS_BY",
    "als_type": "ALS_TYPE and ALS_ALTERNATIVE",
    "als_family": "ALS_FAMILY",
    "sagittal_class": "SAGITTAL_CLASS and SAGITTAL_OTHER",
    "position": "KYPHOSIS_AXIS, LORDOSIS_AXIS and their _OTHER",
    "slip_direction": "SLIP_DIRECTION",
    "slip_grade": "SLIP_GRADE and SLIP_GRADE_OTHER",
    "measurement": "Names of measured values",
    "task": "TASK",
    "fraiwan3": "LABEL and LABEL_FITS of TASK-FRAIWAN3",
    "scoliosis": "LABEL and LABEL_FITS of TASK-SCOLIOSIS",
    "reason": "REASON",
}


def reference() -> str:
    """The whole page."""
    parts = [HEADER, f"## {codes.SCHEME}\n"]
    for kind, title in KINDS.items():
        rows = [f"| `{v}` | {m} | `{key}` |" for key, (v, m) in codes.TABLE[kind].items()]
        parts += [f"### {title}\n", "| code | meaning | key |\n|---|---|---|\n" + "\n".join(rows)]
        parts.append("")
    parts += [
        "The labels of the classifiers of ALS types and sagittal shapes are those of ALS_TYPE and"
        " SAGITTAL_CLASS. A label of somebody's own task is a text.\n",
        "## Codes of the standard\n",
        "| code | scheme | meaning | of |\n|---|---|---|---|",
        *(
            f"| `{c.value}` | {c.scheme_designator} | {c.meaning} | {what} |"
            for what, c in codes.STANDARD.items()
        ),
        *(
            f"| `{c.value}` | {c.scheme_designator} | {c.meaning} | `{level}` |"
            for level, c in codes.SITES.items()
        ),
    ]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    print(reference(), end="")
