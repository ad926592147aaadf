"""The codes of a Report in plain words, for pictures and pages."""

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

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
    # why a classifier gave no answer, or what limits it
    "view_not_asked": "This classifier is for films of another view and was not asked.",
    "film_refused": "It is asked only about films that are accepted as frontal films of the spine.",
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
    "sagittal3": "Sagittal shape",
    "view": "View",
}

CAVEATS: dict[str, str] = {
    "als7": "Second opinion, not evidence: that it agrees with the measured type proves nothing.",
}
"""What is said beside a classifier's answer, by its task."""

WHERE_IT_LOOKED = (
    "A heat map shows where a classifier looked. It does not show that the answer is right."
)

REGIONS: dict[str, str] = {
    "proximal_thoracic": "proximal thoracic",
    "main_thoracic": "main thoracic",
    "thoracolumbar": "thoracolumbar",
    "lumbar": "lumbar",
}

LEVELS_COUNTED = "Level names are counted, not certain: check them."


def explain(codes: Iterable[str]) -> tuple[str, ...]:
    """A sentence for every reason code; a code that is not known is given as it is."""
    return tuple(REASONS.get(code, code) for code in codes)


def question(task: str) -> str:
    """What a classifier was asked; a task of one's own by its name."""
    return TASKS.get(task, task.replace("_", " "))


def product() -> str:
    """Name of this program, with its version where it is installed.

    Asked of the installation: importing the package's root from here would point upwards.
    """
    try:
        return f"SpineScan {version('spinescan')}"
    except PackageNotFoundError:
        return "SpineScan"
