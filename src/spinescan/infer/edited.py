"""A Report measured again after a reader has corrected the film's points."""

import math
from dataclasses import replace
from statistics import NormalDist

import numpy as np

from spinescan.core.anatomy import LEVELS, Landmarks
from spinescan.core.edit import Edit, same_points
from spinescan.core.errors import EditError
from spinescan.core.report import Curve, Notice, Report
from spinescan.core.told import NOTHING, Told
from spinescan.infer.bundle import Bundle
from spinescan.infer.measured import BRACE_TOLD
from spinescan.infer.side import SideFinding, with_patient_side
from spinescan.infer.views import view_of
from spinescan.measure.answers import frontal_answers, lateral_answers

EDITED = Notice(
    "edited",
    "Edited by hand: what is measured follows the reader's points; the classifiers saw the picture"
    " alone.",
)
READER_LIMITS_DEG = 7.2
"""95 % of the differences between the Cobb angles of two readers of one film lie within it (J Bone
Joint Surg Am 1990;72:320: 6.3 to 7.2 degrees; the larger one is taken)."""

_LEVELS_COUNTED = "levels_not_certain"
"""The notice that a reader settles who says that the level names are certain."""
_ACROSS = {"left": "right", "right": "left", "anterior": "posterior", "posterior": "anterior"}
_BEYOND = 1.0
"""How far beside the film a point may lie, in sizes of the film."""


def remeasured(report: Report, edit: Edit, bundle: Bundle, told: Told = NOTHING) -> Report:
    """What the film's answers are with a reader's points; the machine's Report stays as it is.

    The answers of the classifiers are kept. A point that the reader left in its place stays the
    machine's; one that was moved, named or added is "edited". How exactly this reader marks films
    is not known: an edited corner gets the spread that readers' Cobb angles have in the literature
    (`READER_LIMITS_DEG`), any other edited point that of the model, or the film's median one if
    that is larger or there is none.

    Parameters
    ----------
    report
        The machine's.
    bundle
        The landmark model of the edit's view: its settings calibrate the intervals.
    told
        What was told when the film was scanned; `edit.told` comes before it.

    Raises
    ------
    EditError
        If a point lies far beside the film, or an end vertebra that was chosen is not visible.
    """
    view = view_of(bundle.task).view.value
    if view != edit.view:
        raise EditError(f"a {edit.view} film is measured by the {edit.view} model, not the {view}")
    factor = bundle.settings["interval_factor"]
    landmarks = edited_landmarks(report, edit, factor)
    told = edit.told or told
    settled = {_LEVELS_COUNTED} if edit.levels_certain else set()
    warnings = [n for n in report.warnings if n.code not in settled and n != BRACE_TOLD]
    if told.in_brace and all(notice.code != BRACE_TOLD.code for notice in warnings):
        warnings.append(BRACE_TOLD)
    if edit.view == "frontal":
        answers = frontal_answers(
            landmarks,
            factor=factor,
            in_brace=any(notice.code == BRACE_TOLD.code for notice in warnings),
            ends=edit.ends,
        )
        answers = answers._replace(curves=with_patient_side(answers.curves, _side(report.curves)))
    else:
        answers = lateral_answers(landmarks, factor=factor, told=told)
    edited = is_edit(report, edit)
    return replace(
        report,
        view=edit.view,
        decision="accepted" if edited else report.decision,
        reasons=() if edited else report.reasons,
        landmarks=landmarks,
        **answers._asdict(),
        warnings=(*warnings, *_told_of_edit(report, landmarks)) if edited else tuple(warnings),
        edited=edited,
    )


def _told_of_edit(report: Report, landmarks: Landmarks) -> tuple[Notice, ...]:
    left = landmarks.origin.count("machine")
    if report.decision == "accepted" or left == 0:
        return (EDITED,)
    text = (
        f"The machine had declined this film, and {left} of its points are still in use: check each"
        " of them."
    )
    return (EDITED, Notice("declined_points", text))


def is_edit(report: Report, edit: Edit) -> bool:
    """Whether an edit changes anything of the machine's points, names or end vertebrae."""
    before = report.landmarks
    if before is None or edit.ends is not None or edit.view != report.view:
        return True
    return (
        set(edit.names) != set(before.names)
        or edit.levels_certain != before.levels_certain
        or not all(same_points(before.names, before.points_xy, edit))
    )


def edited_landmarks(report: Report, edit: Edit, factor: float) -> Landmarks:
    """The points of an edit, with what is known of those that the machine has placed.

    `factor` is that of `intervals.with_intervals`.

    Raises
    ------
    EditError
        If a point lies far beside the film.
    """
    rows, columns = report.size
    beyond = np.abs(edit.points_xy / [columns, rows] - 0.5) > 0.5 + _BEYOND
    if beyond.any():
        name = edit.names[int(np.argmax(beyond.any(axis=1)))]
        raise EditError(f"{name} lies far beside the film")
    before = report.landmarks or Landmarks.from_points((), ())
    machine = dict(zip(before.names, range(len(before.names)), strict=True))
    kept = same_points(before.names, before.points_xy, edit)
    known = before.spread_px[np.isfinite(before.spread_px)]
    usual = float(np.median(known)) if len(known) else np.nan
    readers = _readers_spread_px(edit, report.pixel_aspect, factor)
    score, spread = [], []
    for name, same in zip(edit.names, kept, strict=True):
        own = float(before.spread_px[machine[name]]) if name in machine else np.nan
        score.append(float(before.score[machine[name]]) if same else 1.0)
        spread.append(own if same else readers.get(name, float(np.fmax(own, usual))))
    return Landmarks(
        names=edit.names,
        points_xy=np.array(edit.points_xy),
        score=np.array(score, dtype=np.float64),
        spread_px=np.array(spread, dtype=np.float64),
        origin=tuple("machine" if same else "edited" for same in kept),
        pixel_aspect=report.pixel_aspect,
        levels_certain=edit.levels_certain,
    )


def _readers_spread_px(edit: Edit, pixel_aspect: float, factor: float) -> dict[str, float]:
    """Of each corner whose endplate is there, the spread that gives readers' Cobb angles theirs."""
    places = dict(zip(edit.names, edit.points_xy * [1.0, pixel_aspect], strict=True))
    # A difference of two readings has the errors of four endplates.
    tilt_sd_deg = READER_LIMITS_DEG / NormalDist().inv_cdf(0.975) / 2
    spread = {}
    for name, place in places.items():
        plate, _, side = name.rpartition("_")
        other = places.get(f"{plate}_{_ACROSS.get(side)}")
        if other is not None and plate.partition("_")[0] in LEVELS:
            length = float(np.linalg.norm(other - place))
            # Both ends of the endplate are off, across it.
            spread[name] = length * math.tan(math.radians(tilt_sd_deg)) / math.sqrt(2) / factor
    return spread


def _side(curves: tuple[Curve, ...]) -> SideFinding:
    """The side of the picture that is the patient's left, as the machine's curves tell it."""
    for curve in curves:
        if curve.patient_side is not None:
            other = "right" if curve.convex_side == "left" else "left"
            left = curve.convex_side if curve.patient_side == "left" else other
            return SideFinding(left, curve.side_source)  # type: ignore[arg-type]
    return SideFinding()
