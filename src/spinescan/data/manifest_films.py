"""Films whose landmarks somebody has corrected: from a manifest to teaching films."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinescan.core.anatomy import (
    FRONTAL_CORNERS,
    FRONTAL_NAMES,
    FRONTAL_POINTS,
    LATERAL_NAMES,
    LEVELS,
)
from spinescan.core.errors import DataError
from spinescan.data.manifest import Manifest, ManifestFilm, read_manifest
from spinescan.data.sources import CornerFilm, by_side

_NOWHERE = (np.nan, np.nan)


def read_manifest_films(path: Path) -> tuple[CornerFilm, ...]:
    """The films of a manifest that can teach a landmark model, of either view.

    These are the films with landmarks, but for those of the split "test". What is listed is taken
    as true, also points that nobody moved. A Report without any pelvis or neck
    point tells nothing of them; in one that has some, those that it lacks are not on the film.

    Raises
    ------
    DataError
        If the manifest or a Report is not understood, a film has changed or is listed for two
        groups, the model abstained and nothing was corrected, or no film is left.
    """
    manifest = read_manifest(path)
    rows = [
        (row, film)
        for row, film in enumerate(manifest.films, start=2)
        if film.landmarks and film.split != "test"
    ]
    try:
        manifest.check_files(row for row, _ in rows)
        _check_groups(rows)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    reports: dict[str, Mapping[str, Mapping[str, Any]]] = {}
    films = []
    for row, film in rows:
        try:
            if film.landmarks not in reports:
                reports[film.landmarks] = read_reports(manifest.folder / film.landmarks)
            report = _report_of(film, reports[film.landmarks])
            films.append(_corner_film(film, manifest, report))
        except DataError as error:
            raise DataError(f"{path}: row {row}: {error}") from error
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"{path}: row {row}: the Report in {film.landmarks} is not understood ({error!r})"
            ) from error
    if not films:
        raise DataError(f"{path}: no film with landmarks among {len(manifest.films)}")
    return tuple(films)


def read_reports(path: Path) -> dict[str, Mapping[str, Any]]:
    """The Reports in a file, one a line or a single object, by the digest of their film.

    Lines that stand for a film that failed are passed over.

    Raises
    ------
    DataError
        If the file is no such JSON, or two Reports of one film differ in their landmarks.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: expected Reports as JSON, got no text in UTF-8") from error
    try:
        records = _parsed(text)
    except ValueError as error:
        raise DataError(f"{path}: expected Reports as JSON ({error})") from error
    found: dict[str, Mapping[str, Any]] = {}
    for record in records:
        if not isinstance(record, dict):
            raise DataError(f"{path}: expected Reports, got {str(record)[:40]!r}")
        if "sha256" not in record:
            continue
        before = found.setdefault(record["sha256"], record)
        if before.get("landmarks") != record.get("landmarks"):
            raise DataError(f"{path}: two Reports of film {record['sha256'][:12]}... differ")
    return found


def _parsed(text: str) -> list[Any]:
    try:
        return [json.loads(text)]
    except ValueError:
        return [json.loads(line) for line in text.splitlines() if line.strip()]


def _report_of(film: ManifestFilm, reports: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    report = reports.get(film.sha256)
    if report is None:
        raise DataError(
            f"{film.landmarks} holds no Report with this film's sha256, {film.sha256[:12]}... "
            f"(it has {len(reports)} with one; `scan --anonymous` leaves it out)"
        )
    return report


def _corner_film(film: ManifestFilm, manifest: Manifest, report: Mapping[str, Any]) -> CornerFilm:
    marks = report["landmarks"]
    if marks is None:
        raise DataError(f"the Report in {film.landmarks} has no landmarks")
    if report["decision"] == "abstained" and "edited" not in marks["origin"]:
        raise DataError(
            f"the model abstained ({', '.join(report['reasons'])}) and no point was edited: "
            "correct the film or leave it out"
        )
    points = np.array(marks["points_xy"], dtype=np.float64).reshape(-1, 2)
    if not np.isfinite(points).all():
        raise DataError("points_xy must be finite; leave out what is not visible")
    places: Mapping[str, Any] = dict(zip(marks["names"], points, strict=True))
    lateral = (film.view or report["view"]) == "lateral"
    places, faces_left = by_side(places) if lateral else (places, None)
    corners = _places(FRONTAL_NAMES, places).reshape(len(LEVELS), len(FRONTAL_CORNERS), 2)
    corners[~np.isfinite(corners).all(axis=(1, 2))] = np.nan
    if np.isnan(corners).all():
        expected = (LATERAL_NAMES if lateral else FRONTAL_NAMES)[0]
        raise DataError(
            f"no level has its four corners ({expected}, ...), got "
            f"{', '.join(marks['names'][:4]) or 'no points'}"
        )
    return CornerFilm(
        file=film.image,
        path=manifest.folder / film.image,
        group=film.group,
        corners_px=corners,
        suspect=False,
        source=film.source or "manifest",
        view="lateral" if lateral else "frontal",
        faces_left=faces_left,
        points_px=(
            _places(FRONTAL_POINTS, places) if any(n in places for n in FRONTAL_POINTS) else None
        ),
    )


def _places(names: Sequence[str], places: Mapping[str, Any]) -> NDArray[np.float64]:
    """Points (n, 2) by name, NaN where there is none."""
    return np.array([places.get(name, _NOWHERE) for name in names])


def _check_groups(rows: Sequence[tuple[int, ManifestFilm]]) -> None:
    """One picture under two names must not teach in one fold and test in another."""
    first: dict[str, tuple[int, str]] = {}
    for row, film in rows:
        before, group = first.setdefault(film.sha256, (row, film.group))
        if group != film.group:
            raise DataError(
                f"rows {before} and {row} are the same picture in the groups {group!r} and "
                f"{film.group!r}; give them one"
            )
