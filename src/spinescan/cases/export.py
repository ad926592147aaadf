"""Cases to take away: one with all that is known of it, and all corrected films to train with."""

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from spinescan.cases.database import Json
from spinescan.cases.film_files import digest_of
from spinescan.cases.records import Case, Entry, Scan
from spinescan.cases.store import CaseStore
from spinescan.core.report import RESEARCH_USE, Report
from spinescan.core.report_json import report_from_dict
from spinescan.data.manifest import Manifest, ManifestFilm
from spinescan.io.limits import DEFAULT_LIMITS, ReadLimits
from spinescan.io.read import read_radiograph
from spinescan.io.sniff import HEAD_BYTES, film_format

REPORTS = "reports.jsonl"

_ENDINGS = {"DICOM": "dcm", "JPEG": "jpg", "TIFF": "tif"}

_CASE_README = """\
{research_use}

A case of SpineScan, as it was on {at}.

case.json                   the pseudonym, and its scans with dates and digests
films/<scan>.*              the films, of a DICOM file without the patient that its header named;
                            what is written on a film may still name the patient
reports/<scan>.json         the machine's Reports, which nobody changed
edits/<scan>-<number>.json  what readers changed: when, by which token, the points, and the Report
                            that follows from them; without these: back to the machine's answer
trail.csv                   what was done to the case, when, and by which token
"""

_TRAINING_README = """\
{research_use}

Films that readers corrected, as they were on {at}.

manifest.csv   the films; `group` tells which belong to one person, and names nobody
films/         pictures of 8 bits without any header; what is written on a film is still there
reports.jsonl  the Reports with the readers' points, by the digest of the picture

    spinescan train landmarks recipes/frontal-finetune.toml \\
        --data manifest.csv --weights shipped --out run

teaches the frontal model; recipes/lateral-landmarks.toml the lateral one. What is listed is taken
as true, also points that nobody moved.
"""


def write_case(store: CaseStore, case_id: str, out: BinaryIO, *, by: str, at: datetime) -> None:
    """Write all that is kept of a case as a ZIP file, and put that into its trail.

    Raises
    ------
    CaseError
        "not_found".
    """
    case = store.case(case_id)
    store.note_export([case_id], "case_exported", by=by)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as files:
        files.writestr("README.txt", _CASE_README.format(research_use=RESEARCH_USE, at=_day(at)))
        scans = [store.scan(line.id) for line in case.scans]
        files.writestr("case.json", _json(_case_json(case, scans)))
        for scan in scans:
            film = store.file(scan.id)
            files.write(film, f"films/{scan.id}.{_ending(film)}", zipfile.ZIP_STORED)
            files.writestr(f"reports/{scan.id}.json", _json(scan.report))
            for edit in store.edits(scan.id):
                told = {"at": edit.at.isoformat(), "by": edit.by}
                change = edit.change and asdict(edit.change)
                files.writestr(
                    f"edits/{scan.id}-{edit.number}.json",
                    _json({**told, **(change or {"edit": None, "report": None})}),
                )
        files.writestr("trail.csv", _trail_csv(store.trail(case_id)))


def write_training(
    store: CaseStore,
    out: BinaryIO,
    *,
    by: str,
    at: datetime,
    picture: Callable[[Path], bytes] | None = None,
) -> int:
    """Write the corrected films of all cases as a ZIP file, and put that into their trails.

    It holds the manifest that `spinescan train landmarks` takes. Films are written anew as pictures
    of the size that their points are for: a header that names somebody stays behind. The group of a
    film is the id of its case; cases that share a film are one group, and the film, as it was
    corrected last, is listed once.

    `picture` makes the picture of a film's file (`plain_picture`).

    Returns how many films there are. Left out are those on which no vertebra is whole, or that
    the model declined and nobody corrected.
    """
    picture = picture or plain_picture
    listed = store.cases()
    films, groups = _corrected(store, listed), _groups(listed)
    rows, reports, cases = [], io.StringIO(), set()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as files:
        for number, scan in enumerate(films, start=1):
            name, drawn = f"films/{number:05}.png", picture(store.file(scan.id))
            files.writestr(name, drawn, zipfile.ZIP_STORED)
            digest = digest_of(drawn)
            report = {**scan.report_now, "file": name, "sha256": digest}
            reports.write(json.dumps(report, allow_nan=False) + "\n")
            rows.append(
                ManifestFilm(
                    image=name,
                    sha256=digest,
                    group=groups[scan.case_id],
                    view=scan.report_now["view"],
                    source="SpineScan cases",
                    landmarks=REPORTS,
                )
            )
            cases.add(scan.case_id)
        files.writestr("manifest.csv", Manifest(Path(), tuple(rows)).to_csv())
        files.writestr(REPORTS, reports.getvalue())
        files.writestr(
            "README.txt", _TRAINING_README.format(research_use=RESEARCH_USE, at=_day(at))
        )
    store.note_export(sorted(cases), "training_exported", by=by)
    return len(rows)


def _corrected(store: CaseStore, cases: Iterable[Case]) -> list[Scan]:
    """The newest correction of each film, in the order of cases and dates."""
    newest: dict[str, tuple[datetime, Scan]] = {}
    for case in cases:
        for line in case.scans:
            scan = store.scan(line.id) if line.edited else None
            if scan is None or not _teaches(report_from_dict(scan.report_now)):
                continue
            at = store.edits(scan.id)[-1].at
            if scan.sha256 not in newest or newest[scan.sha256][0] < at:
                newest[scan.sha256] = at, scan
    return sorted(
        (scan for _, scan in newest.values()), key=lambda s: (s.case_id, s.taken_on, s.id)
    )


def _teaches(report: Report) -> bool:
    """Whether a vertebra is whole, and somebody, or the machine, stands for the points."""
    points = report.landmarks
    if points is None or (report.decision == "abstained" and "edited" not in points.origin):
        return False
    whole, _ = points.lateral_corners() if report.view == "lateral" else points.frontal_corners()
    return len(whole) > 0


def _groups(cases: Iterable[Case]) -> dict[str, str]:
    """The group of each case: cases that share a film are of one person."""
    group: dict[str, str] = {}
    first: dict[str, str] = {}
    for case in cases:
        group[case.id] = case.id
        for scan in case.scans:
            ours, theirs = group[case.id], group[first.setdefault(scan.sha256, case.id)]
            kept = min(ours, theirs)
            group = {c: kept if g in (ours, theirs) else g for c, g in group.items()}
    return group


def plain_picture(path: Path, limits: ReadLimits = DEFAULT_LIMITS) -> bytes:
    """A film as a PNG of 8 bits, without whatever else its file held; ReadError."""
    film = read_radiograph(path, limits=limits)
    out = io.BytesIO()
    Image.fromarray(np.rint(film.pixels * 255).astype(np.uint8)).save(out, "PNG")
    return out.getvalue()


def _case_json(case: Case, scans: Sequence[Scan]) -> Json:
    return {
        "research_use": RESEARCH_USE,
        "pseudonym": case.pseudonym,
        "created_at": case.created_at.isoformat(),
        "scans": [
            {
                "id": scan.id,
                "taken_on": scan.taken_on.isoformat(),
                "saved_at": scan.saved_at.isoformat(),
                "sha256": scan.sha256,
                "view": scan.view,
                "told": scan.told,
                "edited": scan.change is not None,
            }
            for scan in scans
        ],
    }


def _trail_csv(entries: Iterable[Entry]) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("at", "by", "what", "scan", "edit"))
    for entry in entries:
        table.writerow((entry.at.isoformat(), entry.by, entry.what, entry.scan, entry.edit))
    return text.getvalue()


def _ending(film: Path) -> str:
    with film.open("rb") as stream:
        found = film_format(stream.read(HEAD_BYTES))
    return "film" if found is None else _ENDINGS.get(found, found.lower())


def _json(value: Json) -> str:
    return json.dumps(value, allow_nan=False, ensure_ascii=False, indent=1) + "\n"


def _day(at: datetime) -> str:
    return at.date().isoformat()
