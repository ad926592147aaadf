"""What is measured on an accepted film, by its view."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from spinescan.core.anatomy import Landmarks
from spinescan.core.radiograph import Radiograph, View
from spinescan.core.report import Notice
from spinescan.core.told import Told
from spinescan.infer.bundle import Bundle
from spinescan.infer.decode import LETTERS, vertebra_poses
from spinescan.infer.reading import Reading
from spinescan.infer.side import SideFinding, patient_side, with_patient_side
from spinescan.infer.views import view_of
from spinescan.measure.answers import Answers, frontal_answers, lateral_answers

_HARDWARE = Notice(
    "hardware",
    "Rods or screws seem to be on the film: vertebral edges behind them are placed less well.",
)
_BRACE = Notice(
    "brace",
    "The film seems to be taken in a brace: its angles are those in the brace, and no ALS type is"
    " given.",
)
BRACE_TOLD = Notice(
    "brace",
    "The film was taken in a brace, as was told: its angles are those in the brace, and no ALS type"
    " is given.",
)
_LOW_RESOLUTION = Notice(
    "low_resolution",
    "The film is small: a level is less than 20 pixels high, so angles and levels are rough.",
)
_LEAST_LEVEL_PX = 20.0


class Measured(NamedTuple):
    """The answers that follow from landmarks, and what the reader should know of them."""

    answers: Answers = Answers()
    warnings: tuple[Notice, ...] = ()


def measured(
    film: Radiograph, reading: Reading, landmarks: Landmarks, bundle: Bundle, told: Told
) -> Measured:
    """All that is measured on a film whose landmarks are accepted.

    Curves and an ALS verdict on a frontal film, sagittal angles and their verdict on a lateral one.
    """
    metal = _metal(reading, bundle.settings)
    if told.in_brace:
        metal = (*(notice for notice in metal if notice != _BRACE), BRACE_TOLD)
    warnings = (*reading.naming.notices, *metal)
    small = (_LOW_RESOLUTION,) if _level_px(reading) < _LEAST_LEVEL_PX else ()
    factor = bundle.settings["interval_factor"]
    if view_of(bundle.task).view is View.LATERAL:
        answers = lateral_answers(landmarks, factor=factor, told=told)
        return Measured(answers, (*warnings, *small))
    side = _side(reading, film)
    answers = frontal_answers(landmarks, factor=factor, in_brace=told.in_brace or _BRACE in metal)
    answers = answers._replace(curves=with_patient_side(answers.curves, side))
    return Measured(answers, (*warnings, *side.notices, *small))


def _level_px(reading: Reading) -> float:
    """Median height of a level, in pixels of the film's width."""
    return float(np.median([pose.pitch for pose in vertebra_poses(reading.corners)]))


def _side(reading: Reading, film: Radiograph) -> SideFinding:
    """Which side of the picture is the patient's left."""
    marks = reading.marks
    letters = [
        (letter, x, y / film.pixel_aspect, score)
        for letter, (x, y), score in zip(
            LETTERS, marks.points[-2:].tolist(), marks.score[-2:].tolist(), strict=True
        )
    ]
    middle = float(np.median(reading.corners[..., 0]))
    return patient_side(film, middle, letters, marks.facts["heart_left"])


def _metal(reading: Reading, settings: Mapping[str, float]) -> tuple[Notice, ...]:
    """What the patient carries or wears, where it was seen clearly enough."""
    facts = reading.marks.facts
    return tuple(
        notice
        for notice in (_HARDWARE, _BRACE)
        if facts[notice.code] >= settings[f"least_{notice.code}"]
    )
