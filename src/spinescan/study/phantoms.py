"""How well a scan reads drawn films, whose truth is exact. Synthetic: no film of a patient.

The truth is the set's own truth.jsonl: for each film what a perfect report would say, and how the
film was drawn.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinescan.core.anatomy import FRONTAL_NAMES, FRONTAL_POINTS, LEVELS
from spinescan.core.errors import DataError
from spinescan.data.sources import PHANTOM_TRUTH
from spinescan.measure.curves import find_curves
from spinescan.study.aasce import answer_of
from spinescan.study.answers import (
    Record,
    acceptance,
    curves_of,
    match_records,
    outcome,
    read_records,
)
from spinescan.study.coverage import coverage_figures, judged_curves, true_landmarks
from spinescan.study.levels import Naming, level_figures, naming
from spinescan.study.metrics import share_with_interval, share_within_groups, value_with_interval

Floats = NDArray[np.float64]

WITHIN = 0.02
"""How far a point may lie from the true one, as a share of the film's height."""


def read_truth(folder: Path, view: str = "frontal") -> list[Record]:
    """The truth of the films of one view of a drawn set.

    Raises
    ------
    DataError
        The set has no truth.jsonl, it cannot be read, or holds no film of that view.
    """
    path = folder / PHANTOM_TRUTH
    truths = [truth for truth in read_records([path]) if truth.get("view") == view]
    if not truths:
        raise DataError(f"{path}: no {view} film")
    if any("phantom" not in truth for truth in truths):
        raise DataError(f"{path}: not the truth of a drawn set")
    return truths


def score_phantoms(truths: Sequence[Record], records: Sequence[Record]) -> dict[str, Any]:
    """The figures, as plain JSON types, for all films and for each extent of the film.

    Every film counts: levels and points of one without an answer are missed. Shares of what is
    counted several times a film have bootstrap intervals over films, others Wilson's.

    Raises
    ------
    DataError
        There is no film, or the records do not belong to these films.
    """
    if not truths:
        raise DataError("no film to score")
    matched = match_records([truth["file"] for truth in truths], records)
    extents = [str(truth["phantom"].get("extent", "not told")) for truth in truths]
    return {
        "synthetic": True,
        "all_films": _score(truths, matched),
        "by_extent": {
            extent: _score(
                [t for t, e in zip(truths, extents, strict=True) if e == extent],
                [r for r, e in zip(matched, extents, strict=True) if e == extent],
            )
            for extent in sorted(set(extents))
        },
    }


def _score(truths: Sequence[Record], records: Sequence[Record | None]) -> dict[str, Any]:
    corners = [_corners(truth) for truth in truths]
    films = [str(truth["file"]) for truth in truths]
    namings = [naming(c, answer_of(r)) for c, r in zip(corners, records, strict=True)]
    return {
        **acceptance(records),
        "level_names": _levels(namings, records, films),
        "points": {
            "within_share_of_film_height": WITHIN,
            "all": _points(truths, records, FRONTAL_POINTS),
            **{name: _points(truths, records, (name,)) for name in FRONTAL_POINTS},
        },
        "cobb": _cobb(corners, records, films),
        "als": _als(truths, records),
    }


def _levels(
    namings: Sequence[Naming], records: Sequence[Record | None], films: Sequence[str]
) -> dict[str, Any]:
    exact = [n.right == n.n and n.invented == 0 for n in namings]
    certain = [
        yes
        for yes, record in zip(exact, records, strict=True)
        if record is not None
        and outcome(record) == "accepted"
        and (record["landmarks"] or {}).get("levels_certain")
    ]
    return {
        **level_figures(namings, films),
        "films_with_every_level_exact_and_none_invented": share_with_interval(
            sum(exact), len(exact)
        ),
        "the_same_where_the_report_is_certain": {
            "n": len(certain),
            **share_with_interval(sum(certain), len(certain)),
        },
        "n_levels_invented": sum(n.invented for n in namings),
    }


def _points(
    truths: Sequence[Record], records: Sequence[Record | None], names: Sequence[str]
) -> dict[str, Any]:
    """How many points on the film were found within `WITHIN`; missed and invented ones apart."""
    films, near, shown, missed, invented, shares = [], [], [], 0, 0, []
    for truth, record in zip(truths, records, strict=True):
        true = _places(truth)
        found = _places(record) if record is not None and outcome(record) == "accepted" else {}
        there = [name for name in names if name in true]
        off = [
            float(np.hypot(*np.subtract(found[name], true[name]))) / truth["size"][0]
            for name in there
            if name in found
        ]
        films.append(str(truth["file"]))
        near.append(sum(share <= WITHIN for share in off))
        shown.append(len(there))
        shares += off
        missed += len(there) - len(off)
        invented += sum(name in found and name not in true for name in names)
    return {
        "found_near": share_within_groups(near, shown, films),
        "n_missed": missed,
        "n_too_far": sum(share > WITHIN for share in shares),
        "n_invented": invented,
        "median_distance_share_of_height": (round(float(np.median(shares)), 5) if shares else None),
    }


def _cobb(
    corners: Sequence[Floats], records: Sequence[Record | None], films: Sequence[str]
) -> dict[str, Any]:
    """Error of the largest angle, and of each reported curve, against the true landmarks."""
    largest, of = [], []
    for true, record, film in zip(corners, records, films, strict=True):
        if outcome(record) != "accepted":
            continue
        given = max((curve.cobb_deg for curve in curves_of(record)), default=0.0)
        exact = max((c.cobb_deg for c in find_curves(true_landmarks(true))), default=0.0)
        largest.append(abs(given - exact))
        of.append(film)
    curves = judged_curves(corners, records)
    return {
        "n_films_answered": len(largest),
        "largest_curve_mean_error_deg": (
            value_with_interval(np.array(largest), of) if largest else None
        ),
        "curve_intervals": coverage_figures(curves, range(len(films)), films),
    }


def _als(truths: Sequence[Record], records: Sequence[Record | None]) -> dict[str, Any]:
    """Type and family against what was drawn; healthy spines are told apart."""
    drawn = [(t["als"], r) for t, r in zip(truths, records, strict=True) if t["als"]["type"]]
    healthy = [r for t, r in zip(truths, records, strict=True) if not t["als"]["type"]]
    verdicts = [(true, _verdict(record)) for true, record in drawn]
    n = len(verdicts)
    family = [(t["family"], given["family"]) for t, given in verdicts if given["family"]]
    told = [(t["type"], given["type"]) for t, given in verdicts if given["type"]]
    return {
        "n_scoliotic": n,
        "type_right": share_with_interval(sum(a == b for a, b in told), n),
        "type_right_of_answered": share_with_interval(sum(a == b for a, b in told), len(told)),
        "family_right": share_with_interval(sum(a == b for a, b in family), n),
        "family_wrong_of_answered": share_with_interval(
            sum(a != b for a, b in family), len(family)
        ),
        "n_without_type": n - len(told),
        "n_without_family": n - len(family),
        "n_healthy": len(healthy),
        "healthy_given_a_type": share_with_interval(
            sum(_verdict(record)["type"] is not None for record in healthy), len(healthy)
        ),
    }


def _verdict(record: Record | None) -> Record:
    told = None if record is None or outcome(record) != "accepted" else record.get("als")
    return told or {"type": None, "family": None}


def _places(record: Record) -> dict[str, list[float]]:
    landmarks = record["landmarks"]
    if landmarks is None:
        return {}
    return dict(zip(landmarks["names"], landmarks["points_xy"], strict=True))


def _corners(truth: Record) -> Floats:
    """The true corners (17, 4, 2); NaN for a level that is not wholly on the film."""
    places = _places(truth)
    points = [places.get(name, (np.nan, np.nan)) for name in FRONTAL_NAMES]
    corners = np.array(points, dtype=np.float64).reshape(len(LEVELS), 4, 2)
    corners[~np.isfinite(corners).all(axis=(1, 2))] = np.nan
    return corners
