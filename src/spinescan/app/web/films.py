"""What the routes share: the films, and the processes that read them."""

import asyncio
import shutil
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from spinescan.app.batch import scanner_with
from spinescan.app.web import tasks
from spinescan.app.web.models import EditJson, ToldJson
from spinescan.app.web.settings import WebSettings
from spinescan.app.web.store import StoredScan, UnsavedScans, iso
from spinescan.app.web.waiting import WaitingRoom
from spinescan.app.web.workers import Workers
from spinescan.core.edit import Edit
from spinescan.core.report import Report
from spinescan.core.report_json import report_from_dict
from spinescan.core.told import Told
from spinescan.infer.bundle import CARD_FILE, Bundle, shipped_bundles
from spinescan.infer.edited import remeasured
from spinescan.infer.views import VIEWS, view_of
from spinescan.io.sniff import HEAD_BYTES, film_format
from spinescan.measure.balance import central_sacral_line, transitional_point

Json = dict[str, Any]

_DRAW_SECONDS = 60.0
_DRAWINGS = 32
"""So many pictures, pages and films to save may wait to be made."""
_MOST_FIELDS = 8
_MOST_FIELD_BYTES = 4096


class SavedScans(Protocol):
    """Scans in cases, as far as this module cares."""

    def find(self, scan_id: str) -> StoredScan | None:
        """The scan of that id, or None."""


class Films:
    """The films of one server: taken in, scanned, measured again, drawn.

    `load` makes the scanner of each process.
    """

    def __init__(
        self,
        settings: WebSettings,
        saved: SavedScans | None = None,
        load: tasks.Load = scanner_with,
    ) -> None:
        self.settings = settings
        self._load = load
        self.saved = saved
        self.unsaved = UnsavedScans(settings.data / "unsaved", settings.keep_minutes * 60)
        self.room = WaitingRoom(
            settings.jobs + settings.waiting, lambda: self._scanners.seconds_each
        )
        self.desk = WaitingRoom(_DRAWINGS, lambda: self._drawers.seconds_each)
        self.bundles = tuple(
            Bundle.load(folder) for folder in (*shipped_bundles(), *settings.bundles)
        )
        self._landmark_models = {
            view_of(b.task).view.value: b for b in self.bundles if b.task in VIEWS
        }  # the last one of a view wins: one of the server's own
        self.ready = False

    def start(self) -> None:
        """Start the processes."""
        settings = self.settings
        begin = partial(tasks.start, self._load, settings.bundles, limits=settings.limits)
        self._scanners = Workers(
            settings.jobs, partial(begin, threads=settings.threads, scans=True)
        )
        self._drawers = Workers(1, partial(begin, threads=1, scans=False))

    async def get_ready(self) -> None:
        """Wait until the models are loaded."""
        await self._drawers.get_ready()
        await self._scanners.get_ready()
        self.ready = True

    def close(self) -> None:
        """End the processes."""
        self._scanners.close()
        self._drawers.close()

    @property
    def cards(self) -> dict[str, str]:
        """The models' cards, by name."""
        return {b.name: b.card for b in self.bundles if (b.folder / CARD_FILE).is_file()}

    async def received(self, request: Request) -> tuple[str, Path, Told]:
        """The one film of a form, written to a file of its own under a new id, and what was told.

        Raises
        ------
        HTTPException
            If the form is not understood.
        """
        (received,), told = await self._received(request, "film", most=1)
        return *received, told

    async def many_received(self, request: Request) -> tuple[list[tuple[str, Path]], Told]:
        """The same for the films of a job."""
        return await self._received(request, "films", most=self.settings.max_films)

    async def _received(
        self, request: Request, field: str, most: int
    ) -> tuple[list[tuple[str, Path]], Told]:
        fields, size = _MOST_FIELDS, _MOST_FIELD_BYTES
        async with request.form(max_files=most, max_fields=fields, max_part_size=size) as form:
            told = told_in(form)
            sent = [film for film in form.getlist(field) if isinstance(film, UploadFile)]
            if not sent:
                raise HTTPException(422, f"expected a form with a file named {field}")
            received = []
            for film in sent:
                received.append(self.unsaved.reserve())
                await asyncio.to_thread(_write, film, received[-1][1])
        return received, told

    async def scanned(self, scan_id: str, path: Path, told: Told) -> StoredScan:
        """Scan a film that was written to its file; if it fails nothing of it is kept.

        Where it is cut off because the server stops, the film stays: a job goes on after a restart.

        Raises
        ------
        SpineScanError
            If the film cannot be read, or not in time.
        """
        try:
            seconds = self.settings.scan_seconds
            sha256, record = await self._scanners.run(tasks.scan, path, told, seconds=seconds)
            return await asyncio.to_thread(self.unsaved.add, scan_id, sha256, record, told)
        except Exception:
            self.unsaved.delete(scan_id)
            raise

    async def asked(self, path: Path, model: str) -> Json:
        """What one model says of a film.

        Raises
        ------
        HTTPException
            If there is no such model.
        SpineScanError
            If the film cannot be read, or not in time.
        """
        own = {b.name: b.folder for b in self.bundles if b.classifier is not None}
        if model not in own and model != "scoliosis":
            raise HTTPException(404, "no classifier of that name")
        seconds = self.settings.scan_seconds
        run = self._scanners.run
        answer: Json = await run(tasks.predict, path, model, own.get(model), seconds=seconds)
        return answer

    async def drawn(self, task: Any, *args: Any) -> Any:
        """What a task of `tasks` draws.

        Raises
        ------
        HTTPException
            429 if too many wait.
        SpineScanError
            If it cannot be drawn, or not in time.
        """
        async with self.desk.place():
            return await self._drawers.run(task, *args, seconds=_DRAW_SECONDS)

    def find(self, scan_id: str) -> StoredScan:
        """A scan, saved or not.

        Raises
        ------
        HTTPException
            404 if there is none, or none any more.
        """
        # Saved ones first: a server that was killed after a save may have both.
        scan = None if self.saved is None else self.saved.find(scan_id)
        scan = scan or self.unsaved.find(scan_id)
        if scan is None:
            raise HTTPException(404, "no such film, or it was deleted after its time")
        return scan

    def interval_factor(self, report: Report) -> float:
        """Of the landmark model that reads films of this Report's view (`measure.intervals`)."""
        bundle = self._landmark_models.get(report.view, self._landmark_models["frontal"])
        return bundle.settings["interval_factor"]

    def measured(self, scan: StoredScan, edit: EditJson) -> Report:
        """The Report of a film with a reader's points.

        Raises
        ------
        EditError
            If the edit is not possible on this film.
        """
        bundle = self._landmark_models[edit.view]
        machine = report_from_dict(scan.record)
        return remeasured(machine, Edit.from_dict(edit.model_dump()), bundle, scan.told)


def answer_of(scan: StoredScan) -> Json:
    """A scan as the API tells it."""
    edited = scan.edited_record
    return {
        "id": scan.id,
        "sha256": scan.sha256,
        "expires_at": iso(scan.expires_at),
        "told": asdict(scan.told),
        "report": scan.record,
        "marks": marks_of(report_from_dict(scan.record)),
        "edit": scan.edit,
        "edited_report": edited,
        "edited_marks": None if edited is None else marks_of(report_from_dict(edited)),
        "case_id": scan.case_id,
        "taken_on": scan.taken_on,
        "dicom_results": _has_study(scan),
        "timing_ms": scan.record["timing_ms"],
    }


def _has_study(scan: StoredScan) -> bool:
    """Whether a film may be one of a study: a DICOM file that still names its patient."""
    if scan.case_id is not None:
        return False
    try:
        with scan.film.open("rb") as stream:
            return film_format(stream.read(HEAD_BYTES)) == "DICOM"
    except OSError:  # its time was over meanwhile
        return False


def marks_of(report: Report) -> Json:
    """Central sacral line and transitional point of a frontal film, in pixels of the film."""
    points = report.landmarks
    if points is None or report.view != "frontal" or report.decision != "accepted":
        return {"csl": None, "transitional_point_xy": None}
    csl, tp = central_sacral_line(points), transitional_point(points, report.curves)
    return {
        "csl": None if csl is None else {"x": round(csl.x, 2), "approximate": csl.approximate},
        "transitional_point_xy": None
        if tp is None
        else [round(float(tp[0]), 2), round(float(tp[1]) / points.pixel_aspect, 2)],
    }


def told_in(form: FormData) -> Told:
    """What the fields of a form tell; a field that is left out tells nothing."""
    told = {name: form[name] for name in ToldJson.model_fields if name in form}
    try:
        return ToldJson.model_validate(told).told()
    except ValidationError as error:
        raise HTTPException(422, f"{error.errors()[0]['loc'][0]}: not understood") from error


def _write(film: UploadFile, path: Path) -> None:
    with path.open("wb") as out:
        shutil.copyfileobj(film.file, out, 2**20)
