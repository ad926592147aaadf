"""The codes of a Report in plain words, for pictures and pages."""

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

from spinescan.core.report import Report
from spinescan.measure.sagittal import LATERAL_MEASUREMENTS
from spinescan.measure.sagittal_facts import in_words

REASONS: dict[str, str] = {
    # why the landmarks were not accepted
    "no_spine": "No spine could be found on the film.",
    "declared_lateral": "The file says that the film is lateral; only frontal films are measured.",
    "not_frontal": "The film seems to be taken from the side, and was not read as a lateral film.",
    "declared_frontal": "The file says that the film is frontal; this is the lateral model.",
    "not_lateral": "The film does not seem to be taken from the side.",
    "not_like_a_spine": "The picture does not look like a film of the spine.",
    "spine_incomplete": "The film does not show the spine from T6 to L4.",
    "not_upright": "The film does not stand head up; turn it and scan it again.",
    "few_levels": "Fewer than four vertebrae could be read on the film.",
    "facing_unclear": "It is not sure which way the patient faces.",
    "unsteady": "The film and its mirror image were read too differently to trust either.",
    "uneven_row": "The vertebrae that were found do not grow evenly, so some are misplaced.",
    # why there is no ALS type, or what limits it
    "no_curve": "No curve reaches 10 degrees.",
    "levels_missing": "T5 to L5 are not all visible.",
    "apex_outside_table": "The curves lie outside the regions that the ALS types describe.",
    "family_unclear": "The figures are too near the border of 3-curve and 4-curve types.",
    "in_brace": "The film seems to be taken in a brace; a type is read from films without one.",
    "type_unsteady": "Within what the points may be off, other types are as likely.",
    "no_type_fits": "The curves fit none of the ALS types.",
    "tp_near_border": "The transitional point is near its border; other witnesses decided.",
    "witnesses_disagree": "Transitional point, tilt of L4 and L5, and hip do not agree.",
    "csl_approximate": "The sacrum was not found; the central sacral line was taken from L5.",
    "levels_uncertain": "The names of the levels are counted, not certain.",
    # why there is no class of the sagittal shape, or what limits it
    "kyphosis_levels_missing": "The vertebrae that kyphosis is judged by are not all visible.",
    "lordosis_levels_missing": "The vertebrae that lordosis is judged by are not all visible.",
    "kyphosis_no_norm_fits": "No norm for kyphosis was made for such people or for these levels.",
    "lordosis_no_norm_fits": "No norm for lordosis was made for such people or for these levels.",
    "kyphosis_near_border": "Within what the points may be off, kyphosis lies on either side of its"
    " border.",
    "lordosis_near_border": "Within what the points may be off, lordosis lies on either side of its"
    " border.",
    "class_near_border": "Kyphosis and lordosis both lie so near a border that together they are"
    " not sure.",
    "hypo_only": "The spine is flatter than normal, which is none of healthy, kyphosis and"
    " lordosis.",
    "pi_not_visible": "The hips were not found: lordosis was not held against the pelvis's own"
    " shape.",
    "by_bodies": "An endplate is not seen whole; the other one of its vertebra stood in for it.",
    # why two films are not compared, or what limits that
    "views_differ": "One film is frontal and the other lateral.",
    "first_not_measured": "The first film was not measured.",
    "second_not_measured": "The second film was not measured.",
    "level_missing": "An end vertebra of a curve is not visible on the second film.",
    "nothing_in_common": "The films share no angle that both show.",
    "brace_differs": "One film was taken in a brace and the other was not: a change between them"
    " tells of the brace.",
    "posture_differs": "One film was taken standing and the other lying: a change between them"
    " tells of the posture.",
    "bends_other_way": "A curve bends to the other side of the second picture: one film may be"
    " mirrored.",
    # why a classifier gave no answer, or what limits it
    "view_not_asked": "This classifier is for films of another view and was not asked.",
    "film_refused": "It is asked only about films that are accepted as frontal films of the spine.",
    "curve_near_border": "Within what the points may be off, the largest curve lies on either side"
    " of 10 degrees.",
    "scores_not_finite": "The network gave no numbers for this film.",
    "no_label_fits": "No label fits: the film is unlike the calibration films of every class.",
    "several_labels_fit": "Several labels fit the film; the set names them.",
    "any_label_fits": "Every label fits the film, so the classifier tells nothing about it.",
    "set_against_score": "The one label that fits is not the one with the highest score.",
    "not_calibrated": "Not calibrated: the label is that of the highest score, whatever it is.",
    "synthetic_calibration": "Synthetic calibration: of real films the set promises nothing.",
}

TASKS: dict[str, str] = {
    "als7": "ALS type, by image",
    "fraiwan3": "Normal, scoliosis or spondylolisthesis",
    "sagittal3": "Sagittal shape, by image",
    "kyphosis": "Kyphosis, by image",
    "lordosis": "Lordosis, by image",
    "scoliosis": "Scoliosis, as measured",
    "view": "View",
}

CAVEATS: dict[str, str] = {
    "als7": "Second opinion, not evidence: that it agrees with the measured type proves nothing.",
}
"""What is said beside a classifier's answer, by its task."""

WHERE_IT_LOOKED = (
    "A heat map shows where a classifier looked. It does not show that the answer is right."
)

SAGITTAL: dict[str, str] = {
    "healthy": "healthy: neither kyphosis nor lordosis is off its norm",
    "kyphosis": "kyphosis: more thoracic kyphosis than normal",
    "lordosis": "lordosis: more lumbar lordosis than normal",
    "both": "both: more kyphosis and more lordosis than normal",
}
"""The classes of the sagittal shape."""

POSITIONS: dict[str, str] = {"hypo": "too little", "normal": "normal", "hyper": "too much"}

SAGITTAL_CAVEAT = (
    "A norm tells what is usual among the people it was made of, not what is healthy for this one."
)

REGIONS: dict[str, str] = {
    "proximal_thoracic": "proximal thoracic",
    "main_thoracic": "main thoracic",
    "thoracolumbar": "thoracolumbar",
    "lumbar": "lumbar",
}

DEEDS: dict[str, str] = {
    "case_created": "case begun",
    "scan_saved": "film saved",
    "scan_edited": "film edited",
    "scan_reset": "back to the machine's answer",
    "scan_deleted": "film deleted",
    "case_exported": "case taken away as a file",
    "training_exported": "corrected films taken away for training",
    "case_deleted": "case deleted",
}
"""What the audit trail of a case tells."""

LEVELS_COUNTED = "Level names are counted, not certain: check them."


def explain(codes: Iterable[str]) -> tuple[str, ...]:
    """A sentence for every reason code; a code that is not known is given as it is."""
    return tuple(REASONS.get(code, code) for code in codes)


def measurement(name: str) -> str:
    """A measurement's name in words, those of a lateral film with their abbreviation."""
    full = in_words(name)
    short = name.split("_")[0]
    if full is None:
        return name.replace("_", " ")
    return full if short == "slip" else f"{full} ({short})"


def question(task: str) -> str:
    """What a classifier was asked; a task of one's own by its name."""
    return TASKS.get(task, task.replace("_", " "))


def every_word() -> dict[str, dict[str, str]]:
    """All words of this module by their kind and code, for a page that explains codes itself."""
    return {
        "reasons": REASONS,
        "tasks": TASKS,
        "caveats": CAVEATS,
        "regions": REGIONS,
        "measurements": {name: measurement(name) for name in LATERAL_MEASUREMENTS},
        "shapes": SAGITTAL,
        "positions": POSITIONS,
        "deeds": DEEDS,
        "notes": {
            "where_it_looked": WHERE_IT_LOOKED,
            "sagittal": SAGITTAL_CAVEAT,
            "levels_counted": LEVELS_COUNTED,
        },
    }


def quantity(value: float | str | None, unit: str) -> str:
    """A value with its unit, to a precision that its measuring deserves."""
    if value is None:
        return "not known"
    if isinstance(value, str):
        return f"{value} {unit}".strip()
    if unit == "deg":
        return f"{value:.1f}\N{DEGREE SIGN}"
    if unit == "%":
        return f"{value:z.0f} %"
    if unit == "ratio":
        return f"{value:z.2f}"
    return (f"{value:.0f} {unit}" if float(value).is_integer() else f"{value:z.2f} {unit}").strip()


def who_placed(report: Report) -> str:
    """A sentence that tells whether a person changed what the machine had found."""
    if not report.edited:
        return "As the machine read it; not edited by hand."
    points = () if report.landmarks is None else report.landmarks.origin
    moved = sum(origin == "edited" for origin in points)
    chosen = sum(curve.ends_by == "reader" for curve in report.curves)
    told = [f"{moved} of {len(points)} points placed by a person"] if moved else []
    told += [f"end vertebrae of {chosen} of {len(report.curves)} curves chosen"] if chosen else []
    what = f": {' and '.join(told)}" if told else ""
    return (
        f"EDITED BY HAND{what}. Intervals take corners placed by hand to be as exact as those of"
        " readers in the literature."
    )


def product() -> str:
    """Name of this program, with its version where it is installed.

    Asked of the installation: importing the package's root from here would point upwards.
    """
    try:
        return f"SpineScan {version('spinescan')}"
    except PackageNotFoundError:
        return "SpineScan"
