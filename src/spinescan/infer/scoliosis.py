"""The answer to "scoliosis or not", which needs no classifier: it follows from measured curves."""

from spinescan.core.report import Prediction, Report
from spinescan.core.task import SCOLIOSIS
from spinescan.infer.bundle import Bundle
from spinescan.measure.scoliosis import scoliosis_share

SURE = 0.05
"""An answer that fewer draws give is not in the set: what is beyond one end of a 90 % interval."""

_NORMAL, _SCOLIOSIS = SCOLIOSIS.codes


def scoliosis_answer(report: Report, bundle: Bundle) -> Prediction:
    """Whether the film of a Report shows a curve of 10 degrees or more.

    `scores` are shares of draws of the points within their spreads; the set holds what at least one
    draw in twenty gives, and a set of both is no answer. `bundle` is the frontal model that read
    the film.
    """
    scores: dict[str, float] = {}
    kept: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    label = _SCOLIOSIS if report.curves else _NORMAL
    if report.view != "frontal":
        reasons = ("view_not_asked",)
    elif report.decision == "abstained" or report.landmarks is None:
        reasons = ("film_refused",)
    else:
        factor = bundle.settings["interval_factor"]
        share = scoliosis_share(report.landmarks, report.curves, factor=factor)
        if share is None:
            kept = (label,)
        else:
            scores = {_NORMAL: 1 - share, _SCOLIOSIS: share}
            kept = tuple(code for code in SCOLIOSIS.codes if scores[code] >= SURE)
            reasons = ("curve_near_border",) if len(kept) > 1 else ()
    decided = kept == (label,)
    return Prediction(
        task=SCOLIOSIS.name,
        label=label if decided else None,
        scores=scores,
        prediction_set=kept,
        decision="accepted" if decided else "abstained",
        reasons=reasons,
        bundle=bundle.name,
    )
