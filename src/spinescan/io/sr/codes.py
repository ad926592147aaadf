"""Every code that a SpineScan SR uses: the standard's where there is one, else of 99SPINESCAN.

`TABLE` is the private scheme, whole. Its code values are at most 16 characters and never change
their meaning; a code that is not used any more stays in the table.
`docs/reference/dicom-codes.md` is written from this module.
"""

from typing import Final

from pydicom.sr.coding import Code

from spinescan.core.anatomy import LEVELS
from spinescan.io.words import REASONS, REGIONS, SAGITTAL
from spinescan.measure.sagittal import LATERAL_MEASUREMENTS
from spinescan.measure.sagittal_facts import in_words
from spinescan.measure.sagittal_norms import AGAINST_PI

SCHEME: Final = "99SPINESCAN"
SCHEME_NAME: Final = "SpineScan's codes for curves, types and shapes of the spine"

_SHORT_REASONS: Final = {
    "declared_lateral": "DECL_LATERAL",
    "declared_frontal": "DECL_FRONTAL",
    "not_like_a_spine": "NO_SPINE_LIKE",
    "spine_incomplete": "SPINE_CUT",
    "apex_outside_table": "APEX_OUTSIDE",
    "witnesses_disagree": "WITNESSES",
    "csl_approximate": "CSL_APPROX",
    "levels_uncertain": "LEVELS_COUNTED",
    "kyphosis_levels_missing": "TK_LEVELS",
    "lordosis_levels_missing": "LL_LEVELS",
    "kyphosis_no_norm_fits": "TK_NO_NORM",
    "lordosis_no_norm_fits": "LL_NO_NORM",
    "kyphosis_near_border": "TK_BORDER",
    "lordosis_near_border": "LL_BORDER",
    "class_near_border": "CLASS_BORDER",
    "first_not_measured": "FIRST_UNREAD",
    "second_not_measured": "SECOND_UNREAD",
    "nothing_in_common": "NO_COMMON",
    "curve_near_border": "CURVE_BORDER",
    "posture_differs": "POSTURE",
    "bends_other_way": "BENDS_OTHER",
    "scores_not_finite": "NO_SCORES",
    "several_labels_fit": "SEVERAL_LABELS",
    "set_against_score": "SET_NOT_SCORE",
    "synthetic_calibration": "SYNTH_CALIB",
}
"""For reasons whose own code would be too long: at most 14 characters, after "R-"."""

_FRONTAL_MEASUREMENTS: Final = {
    "T1_tilt": ("T1_TILT", "Tilt of T1"),
    "L4_tilt": ("L4_TILT", "Tilt of L4"),
    "L5_tilt": ("L5_TILT", "Tilt of L5"),
    "pelvic_obliquity": ("PELVIC_OBLIQUITY", "Pelvic obliquity"),
    "hip_prominence": ("HIP_PROMINENCE", "Hip prominence"),
    "trunk_shift": ("TRUNK_SHIFT", "Trunk shift against the central sacral line"),
    "apical_translation": ("APICAL_TRANSLAT", "Apical translation against the CSL"),
    "TP_to_CSL": ("TP_TO_CSL", "Transitional point against the CSL"),
}


def _lateral_meaning(name: str) -> str:
    full, short = in_words(name) or name, name.split("_")[0]
    if name == AGAINST_PI:
        return "Lumbar lordosis against that expected of the pelvic incidence"
    return full[0].upper() + full[1:] + ("" if short == "slip" else f" ({short})")


TABLE: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "concept": {
        "intended_use": ("INTENDED_USE", "Intended use"),
        "view": ("VIEW", "View of the film"),
        "decision": ("DECISION", "Answered or abstained"),
        "reason": ("REASON", "Reason for abstaining, or limit of the answer"),
        "reason_text": ("REASON_TEXT", "Reason in words"),
        "notice": ("NOTICE", "What the reader should know"),
        "source": ("SOURCE", "Read by machine or edited by hand"),
        "source_text": ("SOURCE_TEXT", "Who placed the points"),
        "level_names": ("LEVEL_NAMES", "Level names"),
        "confidence": ("CONFIDENCE", "Confidence level of the uncertainty range"),
        "method": ("METHOD_TEXT", "Method in words"),
        "fact": ("FACT", "Fact that decided"),
        "region": ("REGION", "Region of the curve"),
        "apex": ("APEX", "Apex of the curve"),
        "convex_picture": ("CONVEX_PICTURE", "Convex side of the curve in the picture"),
        "convex_patient": ("CONVEX_PATIENT", "Convex side of the curve in the patient"),
        "side_source": ("SIDE_SOURCE", "What told the patient's side"),
        "ends_by": ("ENDS_BY", "Who chose the end vertebrae"),
        "not_drawn": ("NOT_DRAWN", "Why no region is drawn"),
        "als_type": ("ALS_TYPE", "Augmented Lehnert-Schroth type"),
        "als_family": ("ALS_FAMILY", "Family of Augmented Lehnert-Schroth types"),
        "als_alternative": (
            "ALS_ALTERNATIVE",
            "Augmented Lehnert-Schroth type that may be as well",
        ),
        "sagittal_class": ("SAGITTAL_CLASS", "Class of the sagittal shape"),
        "sagittal_other": ("SAGITTAL_OTHER", "Class of the sagittal shape that may be as well"),
        "kyphosis": ("KYPHOSIS_AXIS", "Thoracic kyphosis against its norm"),
        "kyphosis_other": ("KYPHOSIS_OTHER", "Thoracic kyphosis may be as well"),
        "lordosis": ("LORDOSIS_AXIS", "Lumbar lordosis against its norm"),
        "lordosis_other": ("LORDOSIS_OTHER", "Lumbar lordosis may be as well"),
        "norm": ("NORM_TEXT", "Norm that it was judged by"),
        "slip": ("SLIP", "Slip of a vertebra on the next"),
        "slip_direction": ("SLIP_DIRECTION", "Direction of the slip"),
        "slip_grade": ("SLIP_GRADE", "Meyerding grade of the slip"),
        "slip_grade_other": ("SLIP_GRADE_OTHER", "Meyerding grade that may be as well"),
        "task": ("TASK", "Question to a classifier"),
        "label": ("LABEL", "Label decided by a classifier"),
        "label_fits": ("LABEL_FITS", "Label in a classifier's prediction set"),
        "scores": ("SCORES_TEXT", "Scores of a classifier"),
        "caveat": ("CAVEAT", "Caveat"),
    },
    "finding": {
        "film": ("FILM", "Radiograph of the spine"),
        "curve": ("CURVE", "Lateral curve of the spine"),
        "als": ("ALS", "Augmented Lehnert-Schroth classification"),
        "sagittal": ("SAGITTAL", "Sagittal shape of the spine"),
        "measurements": ("MEASUREMENTS", "Further measurements of the spine"),
        "slip": ("SLIPPED", "Vertebra slipped on the next"),
        "prediction": ("PREDICTION", "Classifier's answer"),
    },
    "view": {
        "frontal": ("FRONTAL", "Frontal"),
        "lateral": ("LATERAL", "Lateral"),
        "other": ("OTHER_VIEW", "Neither frontal nor lateral"),
    },
    "decision": {
        "accepted": ("ACCEPTED", "Answered"),
        "abstained": ("ABSTAINED", "Abstained"),
    },
    "source": {
        "machine": ("MACHINE", "As the machine read it"),
        "edited": ("EDITED", "Edited by hand"),
    },
    "levels": {
        "certain": ("LEVELS_CERTAIN", "Certain"),
        "counted": ("LEVELS_COUNTED", "Counted, not certain"),
    },
    "ends_by": {
        "machine": ("ENDS_MACHINE", "Machine"),
        "reader": ("ENDS_READER", "Reader"),
    },
    "side_source": {
        "patient_orientation": ("ORIENTATION", "Patient orientation in the header"),
        "markers": ("MARKERS", "Side letters on the film"),
        "heart": ("HEART", "Heart shadow"),
        "told": ("SIDE_TOLD", "Told by a person"),
    },
    "region": {
        key: (value, text[0].upper() + text[1:])
        for (key, text), value in zip(
            REGIONS.items(),
            ("PROX_THORACIC", "MAIN_THORACIC", "THORACOLUMBAR", "LUMBAR"),
            strict=True,
        )
    },
    "als_type": {
        name: (f"ALS-{name}", f"ALS type {name}")
        for name in ("3CH", "3CTL", "3CN", "3CL", "4C", "4CL", "4CTL")
    },
    "als_family": {
        "3C": ("ALS-FAMILY-3C", "3-curve types"),
        "4C": ("ALS-FAMILY-4C", "4-curve types"),
    },
    "sagittal_class": {
        key: (f"SHAPE-{key.upper()}", text)
        for key, text in zip(
            SAGITTAL,
            (
                "Healthy: neither kyphosis nor lordosis is off its norm",
                "Kyphosis: more thoracic kyphosis than normal",
                "Lordosis: more lumbar lordosis than normal",
                "Both: more kyphosis and more lordosis than normal",
            ),
            strict=True,
        )
    },
    "position": {
        "hypo": ("HYPO", "Less than normal"),
        "normal": ("NORMAL", "Normal"),
        "hyper": ("HYPER", "More than normal"),
    },
    "slip_direction": {
        "forward": ("FORWARD", "Forward: spondylolisthesis"),
        "backward": ("BACKWARD", "Backward: retrolisthesis"),
    },
    "slip_grade": {
        **{
            grade: (f"MEYERDING-{grade}", f"Meyerding grade {grade}")
            for grade in ("I", "II", "III", "IV", "V")
        },
        "none": ("NO_SLIP", "No slip"),
    },
    "task": {
        "als7": ("TASK-ALS7", "ALS type, by image"),
        "fraiwan3": ("TASK-FRAIWAN3", "Normal, scoliosis or spondylolisthesis, by image"),
        "sagittal3": ("TASK-SAGITTAL3", "Sagittal shape, by image"),
        "kyphosis": ("TASK-KYPHOSIS", "Kyphosis, by image"),
        "lordosis": ("TASK-LORDOSIS", "Lordosis, by image"),
        "scoliosis": ("TASK-SCOLIOSIS", "Scoliosis, as measured"),
        "view": ("TASK-VIEW", "View, by image"),
    },
    "fraiwan3": {
        "normal": ("LOOKS-NORMAL", "Looks normal"),
        "scoliosis": ("LOOKS-SCOLIOSIS", "Looks like scoliosis"),
        "spondylolisthesis": ("LOOKS-LISTHESIS", "Looks like spondylolisthesis"),
    },
    "scoliosis": {
        "normal": ("NO-CURVE-10", "No curve of 10 degrees or more"),
        "scoliosis": ("CURVE-10", "A curve of 10 degrees or more"),
    },
    "measurement": {
        **_FRONTAL_MEASUREMENTS,
        **{name: (name.upper(), _lateral_meaning(name)) for name in LATERAL_MEASUREMENTS},
    },
    "reason": {
        key: (f"R-{_SHORT_REASONS.get(key, key.upper())}", key.replace("_", " ").capitalize())
        for key in REASONS
    },
}
"""By kind and SpineScan's own key (as in a Report's JSON): code value and code meaning."""

LABELS: Final = {
    "als7": "als_type",
    "fraiwan3": "fraiwan3",
    "sagittal3": "sagittal_class",
    "kyphosis": "sagittal_class",
    "lordosis": "sagittal_class",
    "scoliosis": "scoliosis",
    "view": "view",
}
"""The kind of code that the labels of a classifier's task have."""


def private(kind: str, key: str) -> Code | None:
    """A code of 99SPINESCAN, or None if the table has none (a label of somebody's own task)."""
    row = TABLE[kind].get(key)
    return None if row is None else Code(row[0], SCHEME, row[1])


def concept(key: str) -> Code:
    """The name of a content item."""
    value, meaning = TABLE["concept"][key]
    return Code(value, SCHEME, meaning)


def finding(key: str) -> Code:
    """What a group is about."""
    value, meaning = TABLE["finding"][key]
    return Code(value, SCHEME, meaning)


_VERTEBRAE = dict(
    zip(
        LEVELS,
        (
            *("64864005", "53733008", "1626008", "73071006", "56401006", "45296009"),
            *("62487009", "11068009", "82687006", "7610001", "12989004", "23215003"),
            *("66794005", "14293000", "36470004", "11994002", "49668003"),
        ),
        strict=True,
    )
)
_DISCS = dict(
    zip(
        LEVELS,
        (
            *("40908007", "6004007", "2620004", "82965004", "72692000", "74401007"),
            *("28693002", "9188009", "113209001", "34959001", "1537001", "76206002"),
            *("80064006", "67459009", "62551000", "84020006", "715056000"),
        ),
        strict=True,
    )
)
"""Below each level."""

SITES: Final[dict[str, Code]] = {
    "C7": Code("87391001", "SCT", "C7 vertebra"),
    **{level: Code(value, "SCT", f"{level} vertebra") for level, value in _VERTEBRAE.items()},
    "S1": Code("54735007", "SCT", "Sacrum"),
    **{
        f"{upper}/{lower}": Code(_DISCS[upper], "SCT", f"{upper}/{lower} disc")
        for upper, lower in zip(LEVELS, (*LEVELS[1:], "S1"), strict=True)
    },
}
"""Vertebrae, the sacrum and discs in SNOMED CT (the values that PS3.16 uses)."""

COBB_ANGLE: Final = Code("285285000", "SCT", "Cobb angle")
SPINE: Final = Code("421060004", "SCT", "Spine")
PLAIN_RADIOGRAPHY: Final = Code("168537006", "SCT", "Plain radiography")
SIDES: Final = {
    "left": Code("7771000", "SCT", "Left"),
    "right": Code("24028007", "SCT", "Right"),
}
UPPER_UNCERTAINTY: Final = Code("371886008", "SCT", "+, range of upper measurement uncertainty")
LOWER_UNCERTAINTY: Final = Code("371885007", "SCT", "-, range of lower measurement uncertainty")
COMMENT: Final = Code("121106", "DCM", "Comment")
PERCENT: Final = Code("%", "UCUM", "Percent")
NO_UNITS: Final = Code("1", "UCUM", "no units")
VERTEBRAL_WIDTHS: Final = Code("{vert_width}", "UCUM", "mean widths of the lumbar vertebrae")
"""UCUM lets any words stand in braces for a unit of its own."""

STANDARD: Final[dict[str, Code]] = {
    "Cobb angle of a curve": COBB_ANGLE,
    "range above the value": UPPER_UNCERTAINTY,
    "range below the value": LOWER_UNCERTAINTY,
    "what was examined": SPINE,
    "procedure": PLAIN_RADIOGRAPHY,
    "left": SIDES["left"],
    "right": SIDES["right"],
    "comment": COMMENT,
}
"""Codes of the standard beside those of levels, for the reference page."""


def unit_code(unit: str) -> Code:
    """The unit of a Measurement."""
    return {
        "deg": Code("deg", "UCUM", "Degree"),
        "%": PERCENT,
        "mm": Code("mm", "UCUM", "mm"),
        "vertebral widths": VERTEBRAL_WIDTHS,
    }.get(unit, NO_UNITS)
