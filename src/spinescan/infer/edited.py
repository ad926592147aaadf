"""A Report measured again after a reader has corrected the film's points."""

from dataclasses import replace

import numpy as np

from spinescan.core.anatomy import Landmarks
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
_LEVELS_COUNTED = "levels_not_certain"
"""The notice that a reader settles who says that the level names are certain."""
_BEYOND = 1.0
"""How far beside the film a point may lie, in sizes of the film."""


def remeasured(report: Report, edit: Edit, bundle: Bundle, told: Told = NOTHING) -> Report:
    """What the film's answers are with a reader's points; the machine's Report stays as it is.

    The answers of the classifiers are kept. A point that the reader left in its place stays the
    machine's; one that was moved, named or added is "edited". Nothing is known of how exactly this
    reader marks this film, so an edited point has the spread that the model gave the point of that
    name, or the film's median one if that is larger or there is none.

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
    landmarks = edited_landmarks(report, edit)
    told = edit.told or told
    warnings = [n for n in report.warnings if n.code != _LEVELS_COUNTED or not edit.levels_certain]
    if told.in_brace and all(notice.code != BRACE_TOLD.code for notice in warnings):
        warnings.append(BRACE_TOLD)
    factor = bundle.settings["interval_factor"]
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
        warnings=(*warnings, EDITED) if edited else tuple(warnings),
        edited=edited,
    )


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


def edited_landmarks(report: Report, edit: Edit) -> Landmarks:
    """The points of an edit, with what is known of those that the machine has placed.

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
    score, spread = [], []
    for name, same in zip(edit.names, kept, strict=True):
        own = float(before.spread_px[machine[name]]) if name in machine else np.nan
        score.append(float(before.score[machine[name]]) if same else 1.0)
        spread.append(own if same else float(np.fmax(own, usual)))
    return Landmarks(
        names=edit.names,
        points_xy=np.array(edit.points_xy),
        score=np.array(score, dtype=np.float64),
        spread_px=np.array(spread, dtype=np.float64),
        origin=tuple("machine" if same else "edited" for same in kept),
        pixel_aspect=report.pixel_aspect,
        levels_certain=edit.levels_certain,
    )


def _side(curves: tuple[Curve, ...]) -> SideFinding:
    """The side of the picture that is the patient's left, as the machine's curves tell it."""
    for curve in curves:
        if curve.patient_side is not None:
            other = "right" if curve.convex_side == "left" else "left"
            left = curve.convex_side if curve.patient_side == "left" else other
            return SideFinding(left, curve.side_source)  # type: ignore[arg-type]
    return SideFinding()
