"""What the worker processes do: read films, scan them, draw them."""

import io
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spinescan.core.errors import ReadError
from spinescan.core.radiograph import Radiograph
from spinescan.core.report_json import report_from_dict
from spinescan.core.told import Told
from spinescan.io.limits import ReadLimits
from spinescan.io.read import read_radiograph

if TYPE_CHECKING:
    from spinescan.infer.scanner import Scanner

MAX_SHOWN = 2400
"""The longer side of a film as the page shows it, in pixels."""

Record = dict[str, Any]
Load = Callable[[tuple[Path, ...], int | None], "Scanner"]
"""Makes a scanner with further bundles, whose networks may use so many threads."""

_load: Callable[[], "Scanner"]
_limits: ReadLimits


def start(
    load: Load, bundles: tuple[Path, ...], *, threads: int, limits: ReadLimits, scans: bool
) -> None:
    """Make this process ready; one that scans loads its models at once."""
    global _load, _limits
    _limits = limits
    _load = cache(partial(load, bundles, threads))
    if scans:
        _load()


def _film(path: Path) -> Radiograph:
    """The film in a file of the server's own; where that lies is nobody's business."""
    try:
        return read_radiograph(path.read_bytes(), limits=_limits)
    except FileNotFoundError:
        raise ReadError("the film was deleted after its time", kind="not_found") from None
    except ReadError as error:
        raise ReadError(str(error).removeprefix("<bytes>: "), kind=error.kind) from None


def scan(path: Path, told: Told) -> tuple[str, Record]:
    """The film's digest, and its Report as JSON (anonymous)."""
    film = _film(path)
    return film.sha256, _load().scan(film, told).to_dict()


def for_a_case(path: Path) -> bytes:
    """The film as it is kept in a case: without the patient that a DICOM header names."""
    from spinescan.io.dicom_strip import without_patient

    return without_patient(path.read_bytes(), _limits)


def predict(path: Path, model: str, folder: Path | None) -> Record:
    """One model's answer, as in a Report; `folder` is that of a bundle of the server's own."""
    import spinescan

    answer = spinescan.predict_image(_film(path), folder or model)
    return {**asdict(answer), "scores": {k: round(v, 4) for k, v in answer.scores.items()}}


def grey16(path: Path) -> tuple[bytes, tuple[int, int]]:
    """The film with square pixels as little-endian uint16, row by row, and its (rows, columns)."""
    grey = shown(_film(path))
    return np.rint(grey * 65535).astype("<u2").tobytes(), (grey.shape[0], grey.shape[1])


def shown(film: Radiograph) -> NDArray[np.float32]:
    """The film with square pixels, neither side longer than `MAX_SHOWN`; float32 in [0, 1]."""
    rows, columns = film.size
    height = rows * film.pixel_aspect
    scale = min(1.0, MAX_SHOWN / max(height, columns))
    size = max(1, round(columns * scale)), max(1, round(height * scale))
    if size == (columns, rows):
        return film.pixels
    picture = Image.fromarray(film.pixels).resize(size, Image.Resampling.LANCZOS, reducing_gap=3)
    return np.clip(np.asarray(picture, dtype=np.float32), 0, 1)


def film_png(path: Path) -> bytes:
    """The film in 8 bits, of the size that the page shows."""
    return _png(Image.fromarray(np.rint(shown(_film(path)) * 255).astype(np.uint8)))


def heat_png(path: Path, record: Record, bundle: str) -> bytes | None:
    """Where a classifier looked, over the film; None if it has no heat map of it."""
    from spinescan.io.heat import heated

    film, report = _film(path), report_from_dict(record)
    heat = _load().heat_maps(film, report, {bundle}).get(bundle)
    if heat is None:
        return None
    grey = Image.fromarray(np.rint(shown(film) * 255).astype(np.uint8)).convert("RGB")
    return _png(heated(grey, heat.values))


def render(
    kind: str, path: Path, record: Record, title: str, cards: dict[str, str], day: str
) -> bytes:
    """A file of one film's Report, by its name: "overlay.png", "page.html" or "report.pdf".

    `day` is the date that is printed on the PDF.
    """
    film, report = _film(path), report_from_dict(record)
    if kind == "overlay.png":
        from spinescan.io.overlay import draw_overlay

        return _png(draw_overlay(film, report))
    if kind == "page.html":
        from spinescan.io.page import render_page

        page = render_page(film, report, title=title, cards=cards)
        return page.encode("utf-8", "replace")
    from spinescan.io.pdf import render_pdf

    return render_pdf(film, report, title=title, printed_on=date.fromisoformat(day))


def dicom_result(kind: str, path: Path, record: Record, written_at: datetime) -> bytes:
    """One film's Report as DICOM, by its name: "report.dcm" or "overlay.dcm"."""
    from spinescan.app.dicom_results import CAPTURE, SR, dicom_results

    film, report = _film(path), report_from_dict(record)
    sr, sc = kind == SR, kind == CAPTURE
    data = path.read_bytes()
    return dicom_results(data, film, report, sr=sr, sc=sc, written_at=written_at)[kind]


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=3)
    return out.getvalue()
