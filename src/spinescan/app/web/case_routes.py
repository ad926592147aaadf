"""Routes of cases: begin one, save films to it, follow it, take it away, delete it."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path as FilePath
from tempfile import TemporaryFile
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException

from spinescan.app.web import tasks
from spinescan.app.web.case_models import (
    CaseAnswer,
    EntryJson,
    FollowUpAnswer,
    MomentJson,
    NewCase,
    SaveRequest,
    case_json,
    entry_json,
    follow_up_json,
    moment_json,
)
from spinescan.app.web.films import Films, answer_of
from spinescan.app.web.models import EditJson, ScanAnswer, errors
from spinescan.app.web.saved import SavedFilms
from spinescan.app.web.scan_routes import ScanId
from spinescan.app.web.store import SCAN_ID, StoredScan
from spinescan.cases.export import plain_picture, write_case, write_training
from spinescan.cases.follow_up import compare, timeline
from spinescan.cases.records import Change, NewScan
from spinescan.cases.store import CaseStore

CaseId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
OneScan = Annotated[str, Query(pattern=f"^{SCAN_ID.pattern}$")]

_ZIP: dict[str, Any] = {"application/zip": {"schema": {"type": "string", "format": "binary"}}}
_CHUNK = 1 << 18


def case_routes(films: Films, cases: CaseStore) -> APIRouter:
    """The routes under /cases and /export, and those of a saved film's edits."""
    routes = APIRouter(tags=["cases"])
    saved = SavedFilms(cases)

    @routes.get("/cases", response_model=list[CaseAnswer], responses=errors())
    def list_cases() -> Response:
        """All cases, by pseudonym."""
        return JSONResponse([case_json(case) for case in cases.cases()])

    @routes.post("/cases", status_code=201, response_model=CaseAnswer, responses=errors(409, 507))
    def create(new: NewCase, request: Request) -> Response:
        """Begin a case, under a pseudonym that names nobody."""
        case = cases.create_case(new.pseudonym, by=_caller(request))
        return JSONResponse(case_json(case), 201)

    @routes.get("/cases/{case_id}", response_model=CaseAnswer, responses=errors(404))
    def get(case_id: CaseId) -> Response:
        """One case."""
        return JSONResponse(case_json(cases.case(case_id)))

    @routes.delete("/cases/{case_id}", status_code=204, responses=errors(404, 500, 507))
    def delete(case_id: CaseId, request: Request) -> Response:
        """Delete a case with its films, edits and trail; 500 if not all of it could be."""
        scans = cases.case(case_id).scans
        cases.delete_case(case_id, by=_caller(request))
        for scan in scans:  # a server that was killed after a save may still have it there
            films.unsaved.delete(scan.id)
        return Response(status_code=204)

    @routes.post(
        "/cases/{case_id}/scans",
        status_code=201,
        response_model=ScanAnswer,
        responses=errors(404, 409, 429, 500, 504, 507),
    )
    async def save(case_id: CaseId, asked: SaveRequest, request: Request) -> Response:
        """Save a film to a case: it keeps its id, and does not expire any more.

        A DICOM file is kept without its header's patient, so it has another digest there.
        """
        scan = films.find(asked.scan)
        if scan.case_id is not None:
            raise HTTPException(409, "this film is in a case already")
        film = await films.drawn(tasks.for_a_case, scan.film)
        return await asyncio.to_thread(kept, case_id, asked, scan, film, _caller(request))

    def kept(
        case_id: str, asked: SaveRequest, scan: StoredScan, film: bytes, by: str
    ) -> JSONResponse:
        new = NewScan(
            id=scan.id,
            sha256=hashlib.sha256(film).hexdigest(),
            taken_on=asked.taken_on,
            told=asdict(scan.told),
            report=scan.record,
            film=film,
            change=None if asked.edit is None else _change(films, scan, asked.edit),
        )
        row = cases.save_scan(case_id, new, by=by)
        films.unsaved.delete(scan.id)
        return JSONResponse(answer_of(saved.of(row)), 201)

    @routes.delete(
        "/cases/{case_id}/scans/{scan_id}", status_code=204, responses=errors(404, 500, 507)
    )
    def delete_scan(case_id: CaseId, scan_id: ScanId, request: Request) -> Response:
        """Delete a film of a case with its edits; 500 if not all of it could be."""
        if _saved(films, scan_id).case_id != case_id:
            raise HTTPException(404, "there is no such film in this case")
        cases.delete_scan(scan_id, by=_caller(request))
        films.unsaved.delete(scan_id)
        return Response(status_code=204)

    @routes.put("/scans/{scan_id}/edit", response_model=ScanAnswer, responses=errors(404, 409, 507))
    def edit(scan_id: ScanId, edit: EditJson, request: Request) -> Response:
        """Save a reader's points beside the machine's; earlier ones are kept in the trail."""
        change = _change(films, _saved(films, scan_id), edit)
        kept = cases.edit_scan(scan_id, change, by=_caller(request))
        return JSONResponse(answer_of(saved.of(kept)))

    @routes.delete(
        "/scans/{scan_id}/edit", response_model=ScanAnswer, responses=errors(404, 409, 507)
    )
    def reset(scan_id: ScanId, request: Request) -> Response:
        """Go back to the machine's answer; the edits are kept in the trail."""
        if _saved(films, scan_id).edit is not None:
            cases.edit_scan(scan_id, None, by=_caller(request))
        return JSONResponse(answer_of(_saved(films, scan_id)))

    @routes.get("/cases/{case_id}/trail", response_model=list[EntryJson], responses=errors(404))
    def trail(case_id: CaseId) -> Response:
        """What was done to a case, oldest first."""
        return JSONResponse([entry_json(entry) for entry in cases.trail(case_id)])

    @routes.get("/cases/{case_id}/follow-up", response_model=FollowUpAnswer, responses=errors(404))
    def follow_up(case_id: CaseId, first: OneScan, second: OneScan) -> Response:
        """What changed between two films of a case, at the end vertebrae of the first."""
        return JSONResponse(
            follow_up_json(compare(cases, case_id, first, second, films.interval_factor))
        )

    @routes.get("/cases/{case_id}/timeline", response_model=list[MomentJson], responses=errors(404))
    def course(case_id: CaseId) -> Response:
        """The frontal films of a case by date, at the end vertebrae of the first with a curve."""
        moments = timeline(cases, case_id, films.interval_factor)
        return JSONResponse([moment_json(moment) for moment in moments])

    @routes.get(
        "/cases/{case_id}/export",
        response_class=Response,
        responses={**errors(404, 507), 200: {"content": _ZIP}},
    )
    def export(case_id: CaseId, request: Request) -> Response:
        """All that is kept of a case, as a ZIP file."""
        write = partial(write_case, cases, case_id, by=_caller(request), at=datetime.now(UTC))
        return _zip(cases, write, "spinescan-case.zip")

    @routes.get(
        "/export/manifest",
        response_class=Response,
        responses={**errors(507), 200: {"content": _ZIP}},
    )
    async def export_training(request: Request) -> Response:
        """The corrected films of all cases, as `spinescan train landmarks` takes them."""
        loop = asyncio.get_running_loop()

        def picture(film: FilePath) -> bytes:  # films are read in a process of their own
            drawn = films.drawn(plain_picture, film, films.settings.limits)
            return bytes(asyncio.run_coroutine_threadsafe(drawn, loop).result())

        by, at = _caller(request), datetime.now(UTC)
        write = partial(write_training, cases, by=by, at=at, picture=picture)
        return await asyncio.to_thread(_zip, cases, write, "spinescan-training.zip")

    return routes


def _saved(films: Films, scan_id: str) -> StoredScan:
    scan = films.find(scan_id)
    if scan.case_id is None:
        raise HTTPException(409, "this film is in no case; save it to one first")
    return scan


def _change(films: Films, scan: StoredScan, edit: EditJson) -> Change:
    return Change(edit.model_dump(), films.measured(scan, edit).to_dict())


def _zip(cases: CaseStore, write: Callable[[BinaryIO], object], name: str) -> Response:
    """A file to take away. It is written as a whole first: what fails is an error, no half file."""
    out = TemporaryFile(dir=cases.folder)  # noqa: SIM115 - closed when it is sent; without a name
    try:
        write(out)
    except BaseException:
        out.close()
        raise
    size = out.tell()
    out.seek(0)
    return StreamingResponse(
        iter(partial(out.read, _CHUNK), b""),
        media_type="application/zip",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Length": str(size),
        },
        background=BackgroundTask(out.close),
    )


def _caller(request: Request) -> str:
    """The name of the token that asks; "" where nobody has one."""
    return str(request.state.caller)
