"""The folder that `spinescan scan --out` fills: one folder a film, and an index of what is done.

DIR/index.jsonl                one line a film that was scanned (not with --anonymous)
DIR/<name>/report.json         the Report
DIR/<name>/overlay.png         the film with its curves
DIR/<name>/heat-<bundle>.png   with --heat-map: the film, and where a classifier looked on it
DIR/<name>/page.html           all of it on one page that needs no other file
DIR/<name>/report.pdf          with --pdf: one sheet of paper to file
DIR/<name>/report.dcm          with --sr: the Report as a DICOM structured report
DIR/<name>/overlay.dcm         with --sc: the overlay as a DICOM picture
"""

import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from spinescan.app.dicom_results import CAPTURE, SR

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from spinescan.core.radiograph import Radiograph
    from spinescan.core.report import Report
    from spinescan.infer.explain import HeatMap

INDEX, REPORT, OVERLAY, PAGE = "index.jsonl", "report.json", "overlay.png", "page.html"
PDF, TRUTH = "report.pdf", "truth.json"
_HEAT = re.compile(r"heat-.+\.png")


@dataclass(frozen=True, slots=True)
class Done:
    """A film that an earlier run scanned: its folder's name, its digest, and what scanned it."""

    name: str
    sha256: str
    version: str


def folder_name(source: str) -> str:
    """A name for a film's folder: readable, and different for equal stems in different places."""
    local = "://" not in source
    place = os.path.abspath(source) if local else source  # noqa: PTH100 (resolve follows links)
    digest = hashlib.sha256(os.fsencode(place)).hexdigest()[:8]
    stem = Path(source.rstrip("/")).stem if local else Path(source.split("?")[0]).stem
    readable = re.sub(r"[^A-Za-z0-9._-]+", "_", stem).strip("._-")[:60] or "film"
    return f"{readable}-{digest}"


def is_result(source: str) -> bool:
    """Whether a file is one that `scan` or `phantom` wrote, and so no film.

    Results that were copied to object storage are not known again.
    """
    path = Path(source.removeprefix("file://"))
    drawn = path.name in (OVERLAY, SR, CAPTURE) or _HEAT.fullmatch(path.name) is not None
    return drawn and any(path.with_name(n).is_file() for n in (REPORT, TRUTH))


def heat_name(bundle: str) -> str:
    """The file of a classifier's heat map."""
    return f"heat-{bundle}.png"


def has_heat_maps(folder: Path, record: "Mapping[str, Any]") -> bool:
    """Whether the heat maps of all classifiers that answered are in a film's folder."""
    asked = [p["bundle"] for p in record["predictions"] if p["scores"]]
    return all((folder / heat_name(bundle)).is_file() for bundle in asked)


def write_results(
    folder: Path,
    film: "Radiograph",
    report: "Report",
    *,
    file: str | None,
    cards: "Mapping[str, str]",
    heats: "Mapping[str, HeatMap]",
    dicom: "Mapping[str, bytes]" = MappingProxyType({}),
    pdf_of: "date | None" = None,
) -> None:
    """Write the files of one film. `file` None: without the file's name and digest.

    `heats` are drawn too, by the names of the bundles that looked. `dicom` holds the film's DICOM
    results by their files' names. `pdf_of` is the day that the
    PDF bears; without it, none is written.

    The report comes last and at once, so that a folder with a report is complete.

    Raises
    ------
    OSError
        The folder cannot be written.
    """
    from spinescan.io.heat import draw_heat
    from spinescan.io.overlay import draw_overlay
    from spinescan.io.page import render_page

    folder.mkdir(parents=True, exist_ok=True)
    _forget_earlier(folder)
    draw_overlay(film, report).save(folder / OVERLAY)
    drawn = {
        name: draw_heat(film, heat.values, f"{name}: {heat.label}, by {heat.method}")
        for name, heat in heats.items()
    }
    for name, picture in drawn.items():
        picture.save(folder / heat_name(name))
    title = "" if file is None else Path(file).name  # without a title the page is anonymous
    page = render_page(film, report, title=title, cards=cards, heat_pictures=drawn)
    (folder / PAGE).write_bytes(page.encode("utf-8", "replace"))
    if pdf_of is not None:
        from spinescan.io.pdf import render_pdf

        (folder / PDF).write_bytes(render_pdf(film, report, title=title, printed_on=pdf_of))
    for name, data in dicom.items():
        (folder / name).write_bytes(data)
    unfinished = folder / f"{REPORT}.part"
    unfinished.write_bytes(report.to_json(file).encode("utf-8", "replace") + b"\n")
    unfinished.replace(folder / REPORT)


def _forget_earlier(folder: Path) -> None:
    """Delete what an earlier run wrote: it may be another answer's, or another patient's.

    The report first: a folder without one is unfinished.
    """
    for name in (REPORT, PDF, SR, CAPTURE):
        (folder / name).unlink(missing_ok=True)
    for path in [path for path in folder.iterdir() if _HEAT.fullmatch(path.name)]:
        path.unlink()


def read_report(folder: Path) -> dict[str, Any] | None:
    """The report in a film's folder, or None if there is none that can be read."""
    try:
        record = json.loads((folder / REPORT).read_bytes())
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def read_index(out: Path) -> frozenset[Done]:
    """What earlier runs did. A line that a killed run left half-written counts as not done."""
    try:
        lines = (out / INDEX).read_bytes().splitlines()
    except FileNotFoundError:
        return frozenset()
    found = set()
    for line in lines:
        try:
            entry = json.loads(line)
            found.add(Done(entry["name"], entry["sha256"], entry["version"]))
        except (ValueError, KeyError, TypeError):
            continue
    return frozenset(found)


def add_to_index(out: Path, done: Done) -> None:
    """Append one line to the index, on a line of its own even after a half-written one."""
    entry = {"name": done.name, "sha256": done.sha256, "version": done.version}
    with (out / INDEX).open("a+b") as stream:
        if stream.tell() > 0:
            stream.seek(-1, os.SEEK_END)
            if stream.read(1) != b"\n":
                stream.write(b"\n")
        stream.write(json.dumps(entry).encode() + b"\n")
