"""The codes of a Report in plain words, for pictures and pages."""

from collections.abc import Iterable

REASONS: dict[str, str] = {
    # why no landmarks were accepted
    "not_a_spine": "The picture does not look like a radiograph of a spine.",
    "not_frontal": "The film does not look like a frontal view of the spine.",
    "lateral": "The film looks like a lateral view; only frontal views are measured.",
    "spine_not_found": "No spine could be found on the film.",
    "spine_not_followed": "The spine could not be followed from T1 to L5.",
    "too_few_vertebrae": "Too few vertebrae are visible.",
    "low_score": "The model is not sure enough of the points it placed.",
    "low_contrast": "The film has too little contrast to be read.",
    "no_model": "No model for this view is installed.",
    # why there is no ALS type, or what limits it
    "no_curve": "No curve reaches 10 degrees.",
    "levels_missing": "T5 to L5 are not all visible.",
    "apex_outside_table": "The curves lie outside the regions that the ALS types describe.",
    "family_unclear": "The figures are too near the border of 3-curve and 4-curve types.",
    "no_type_fits": "The curves fit none of the ALS types.",
    "witnesses_disagree": "The transitional point and the tilt of L4 and L5 disagree.",
    "csl_approximate": "The sacrum was not found; the central sacral line was taken from L5.",
    "levels_uncertain": "The names of the levels are counted, not certain.",
    "landmarks_abstained": "The landmarks were not accepted, so nothing was derived from them.",
}

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
