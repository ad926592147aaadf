"""How well a scan reads drawn lateral films, whose truth is exact. Synthetic: no film of a patient.

Every film counts: points, levels and angles of one without an answer are missed, and are told
beside the errors of those that were given.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinescan.core.anatomy import LATERAL_CORNERS, LATERAL_NAMES, LATERAL_POINTS, LEVELS, Landmarks
from spinescan.core.errors import DataError
from spinescan.measure.sagittal import sagittal_measurements
from spinescan.phantom.vertebrae import PITCH_MM
from spinescan.study.answers import Record, acceptance, match_records, outcome
from spinescan.study.levels import level_figures, naming
from spinescan.study.metrics import share_with_interval, share_within_groups, value_with_interval

Floats = NDArray[np.float64]
Places = dict[str, Floats]

NEAR, WITHIN = 0.02, 0.03
"""How far a point may lie from the true one, as a share of the spine's length (T1 to L5)."""

ANGLES: tuple[str, ...] = ("TK_T4_T12", "LL_L1_S1", "SS", "PT", "PI")

_SMALL = 1e-6
_ALONG = np.concatenate([[0.0], np.cumsum([PITCH_MM[level] for level in LEVELS[:-1]])])


def score_laterals(truths: Sequence[Record], records: Sequence[Record]) -> dict[str, Any]:
    """The figures, as plain JSON types, for all films and for each extent of the film.

    Shares of what is counted several times a film, and mean errors, have bootstrap intervals over
    films, other shares Wilson's.

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
    films = [str(truth["file"]) for truth in truths]
    true = [_places(truth) for truth in truths]
    found = [_answered(record) for record in records]
    accepted = [record for record in records if outcome(record) == "accepted"]
    as_lateral = sum(record is not None and record["view"] == "lateral" for record in accepted)
    return {
        **acceptance(records),
        "n_accepted_as_another_view": len(accepted) - as_lateral,
        "facing_right": _facing(true, found),
        "level_names": _levels(true, found, records, films),
        "points": {
            "near_share_of_spine_length": NEAR,
            "within_share_of_spine_length": WITHIN,
            "corners": _points(true, found, LATERAL_NAMES, films),
            "S1": _points(true, found, LATERAL_POINTS[:2], films),
            "femoral_heads": _points(true, found, LATERAL_POINTS[2:4], films),
            "C7_centre": _points(true, found, LATERAL_POINTS[4:], films),
        },
        "angles": {name: _angle(name, true, records, films) for name in ANGLES},
    }


def _facing(true: Sequence[Places], found: Sequence[Places]) -> dict[str, Any]:
    """Of the films that were answered."""
    ways = [(_front(t), _front(f)) for t, f in zip(true, found, strict=True) if f]
    return share_with_interval(sum(t == f for t, f in ways), len(ways))


def _front(places: Places) -> bool:
    """Whether most fronts lie to the left of their backs."""
    pairs = zip(LATERAL_NAMES[::2], LATERAL_NAMES[1::2], strict=True)
    left = [bool(places[a][0] < places[b][0]) for a, b in pairs if a in places and b in places]
    return sum(left) > len(left) / 2


def _levels(
    true: Sequence[Places],
    found: Sequence[Places],
    records: Sequence[Record | None],
    films: Sequence[str],
) -> dict[str, Any]:
    """Names of what is there, and whether what is not there is left out.

    A level is absent if none of its corners lies on the film.
    """
    namings, exact, certain, left_out, absent = [], [], [], [], []
    for t, f, record in zip(true, found, records, strict=True):
        shown = _corners(t)
        given = [k for k, level in enumerate(LEVELS) if f"{level}_{LATERAL_CORNERS[0]}" in f]
        answer = (given, _corners(f)[given]) if len(given) > 1 else None
        named = naming(shown, answer)
        namings.append(named)
        gone = [
            k for k, v in enumerate(LEVELS) if not any(f"{v}_{c}" in t for c in LATERAL_CORNERS)
        ]
        absent.append(len(gone))
        left_out.append(sum(k not in given for k in gone))
        exact.append(named.right == named.n and left_out[-1] == absent[-1])
        if f and record is not None and record["landmarks"].get("levels_certain"):
            certain.append(exact[-1])
    return {
        **level_figures(namings, films),
        "films_with_every_level_exact_and_none_invented": share_with_interval(
            sum(exact), len(exact)
        ),
        "the_same_where_the_report_is_certain": {
            "n": len(certain),
            **share_with_interval(sum(certain), len(certain)),
        },
        "absent_levels_left_out": share_within_groups(left_out, absent, films),
    }


def _points(
    true: Sequence[Places], found: Sequence[Places], names: Sequence[str], films: Sequence[str]
) -> dict[str, Any]:
    """How many points on the film were found so near, under their own name."""
    shown, near, within, shares, missed, invented = [], [], [], [], 0, 0
    for t, f in zip(true, found, strict=True):
        there = [name for name in names if name in t]
        length = _length(t)
        off = [float(np.hypot(*(f[name] - t[name]))) / length for name in there if name in f]
        shown.append(len(there))
        near.append(sum(share <= NEAR for share in off))
        within.append(sum(share <= WITHIN for share in off))
        shares += off
        missed += len(there) - len(off)
        invented += sum(name in f and name not in t for name in names)
    return {
        "near": share_within_groups(near, shown, films),
        "within": share_within_groups(within, shown, films),
        "n_missed": missed,
        "n_invented": invented,
        "median_distance_share": round(float(np.median(shares)), 5) if shares else None,
    }


def _angle(
    name: str, true: Sequence[Places], records: Sequence[Record | None], films: Sequence[str]
) -> dict[str, Any]:
    """Errors of one angle against that of the true points, where the film shows it."""
    errors, of, covered, judged, shown, invented = [], [], 0, 0, 0, 0
    for t, record, film in zip(true, records, films, strict=True):
        exact = _sagittal(t).get(name)
        given = next((m for m in _measurements(record) if m["name"] == name), None)
        shown += exact is not None
        if exact is None or given is None:
            invented += given is not None
            continue
        errors.append(float(given["value"]) - exact)
        of.append(film)
        if given.get("interval") is not None:
            low, high = given["interval"]
            judged += 1
            covered += low <= exact <= high
    off = np.array(errors)
    return {
        "n_shown": shown,
        "n_missed": shown - len(errors),
        "n_given_but_not_shown": invented,
        "mean_error_deg": value_with_interval(np.abs(off), of) if errors else None,
        "median_error_deg": round(float(np.median(np.abs(off))), 3) if errors else None,
        "mean_signed_error_deg": round(float(off.mean()), 3) if errors else None,
        "within_5_deg_of_shown": share_with_interval(int((np.abs(off) <= 5).sum()), shown),
        "interval_covers": share_with_interval(covered, judged),
    }


def _sagittal(places: Places) -> dict[str, float]:
    if not places:
        return {}
    landmarks = Landmarks.from_points(list(places), np.array(list(places.values())))
    return {m.name: m.value for m in sagittal_measurements(landmarks)}


def _measurements(record: Record | None) -> list[Record]:
    if record is None or outcome(record) != "accepted" or record["view"] != "lateral":
        return []
    return list(record["measurements"])


def _answered(record: Record | None) -> Places:
    """The points of a film that was accepted as lateral; of any other none."""
    if record is None or outcome(record) != "accepted" or record["view"] != "lateral":
        return {}
    return _places(record)


def _places(record: Record) -> Places:
    landmarks = record["landmarks"]
    if landmarks is None:
        return {}
    points = np.array(landmarks["points_xy"], dtype=np.float64).reshape(-1, 2)
    return dict(zip(landmarks["names"], points, strict=True))


def _corners(places: Places) -> Floats:
    """Corners (17, 4, 2); NaN for a level that is not wholly there."""
    points = [places.get(name, (np.nan, np.nan)) for name in LATERAL_NAMES]
    corners = np.array(points, dtype=np.float64).reshape(len(LEVELS), 4, 2)
    corners[~np.isfinite(corners).all(axis=(1, 2))] = np.nan
    return corners


def _length(places: Places) -> float:
    """The spine's length in pixels, T1 to L5 along the centres of the vertebrae.

    Where the film shows a part of it, by that part's usual share. Of fewer than two vertebrae, for
    which there is none, it is taken to be so small that no point is near.
    """
    centres = _corners(places).mean(axis=1)
    seen = np.flatnonzero(np.isfinite(centres).all(axis=1))
    if len(seen) < 2:
        return _SMALL
    way = np.linalg.norm(np.diff(centres[seen], axis=0), axis=1).sum()
    return float(way * _ALONG[-1] / (_ALONG[seen[-1]] - _ALONG[seen[0]]))
