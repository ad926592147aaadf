"""The server: page and API in one ASGI application."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles

import spinescan
from spinescan.app.batch import scanner_with
from spinescan.app.web.about_routes import about_routes
from spinescan.app.web.case_routes import case_routes
from spinescan.app.web.films import Films
from spinescan.app.web.guards import PREFIX, Guard, bearer, error_body, kind_of, where_it_broke
from spinescan.app.web.job_routes import job_routes
from spinescan.app.web.jobs import ScanJobs
from spinescan.app.web.saved import SavedFilms
from spinescan.app.web.scan_routes import scan_routes
from spinescan.app.web.settings import WebSettings
from spinescan.app.web.tasks import Load
from spinescan.cases.jobs import JobStore
from spinescan.cases.store import CaseStore
from spinescan.core.errors import SpineScanError
from spinescan.core.report import RESEARCH_USE

_STATIC = Path(str(files("spinescan.app.web"))) / "static"
_SWEEP_SECONDS = 20.0
_PAUSE_SECONDS = 1.0

_STATUS = {
    "timeout": 504,
    "crashed": 500,
    "internal": 500,
    "too_large": 413,
    "bundle": 500,
    "not_found": 404,
    "conflict": 409,
    "storage": 507,
    "missing_extra": 501,
    "not_deleted": 500,
}
"""Of errors by their kind; any other is the film's or the request's: 422."""

_NO_TELEMETRY: Any = {
    "auto_configure": False,
    **dict.fromkeys(("tracing", "metrics", "logs", "operation_spans"), False),
}
"""Newer FastAPI would hand requests and errors to whatever the environment names."""

log = logging.getLogger("spinescan.web")


def create_app(settings: WebSettings, *, load: Load = scanner_with) -> FastAPI:
    """The application; its processes start with its lifespan, and `load` makes their scanners.

    Raises
    ------
    SpineScanError
        If a model, or the database of cases, cannot be used.
    OSError
        If the data folder cannot be.
    """
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    cases = CaseStore(settings.data / "cases")
    films = Films(settings, SavedFilms(cases), load=load)
    jobs = ScanJobs(JobStore(settings.data / "jobs.sqlite"), films)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        films.start()
        loops = [_ready(films), _for_ever(partial(_sweep, films, jobs))]
        loops += [_for_ever(jobs.work) for _ in range(settings.jobs)]
        running = [asyncio.create_task(loop) for loop in loops]
        try:
            yield
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            films.close()
            jobs.store.close()
            cases.close()

    app = FastAPI(
        title="SpineScan",
        summary="Reads spine radiographs.",
        description=RESEARCH_USE,
        version=spinescan.__version__,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # these would load scripts from elsewhere
        redoc_url=None,
        telemetry=_NO_TELEMETRY,
        lifespan=lifespan,
    )
    app.state.films = films
    app.add_middleware(Guard, settings=settings)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _not_understood)
    app.add_exception_handler(SpineScanError, _failed)
    app.include_router(about_routes(films))
    guarded = bearer(settings)
    app.include_router(scan_routes(films), prefix=PREFIX, dependencies=guarded)
    app.include_router(job_routes(films, jobs), prefix=PREFIX, dependencies=guarded)
    app.include_router(case_routes(films, cases), prefix=PREFIX, dependencies=guarded)

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(_STATIC / "index.html", headers={"Cache-Control": "no-cache"})

    app.mount("/static", GZipMiddleware(StaticFiles(directory=_STATIC)), name="static")
    return app


async def _ready(films: Films) -> None:
    try:
        await films.get_ready()
    except Exception as error:  # /ready never says so then, and nobody else would hear of it
        log.error("no film can be scanned: %s", where_it_broke(error))


async def _sweep(films: Films, jobs: ScanJobs) -> None:
    """Delete films whose time is over, now and then."""

    def sweep() -> int:
        jobs.purge()
        return films.unsaved.expire(jobs.open_scans())

    while True:
        gone = await asyncio.to_thread(sweep)
        if gone:
            log.info("deleted %d films after their time", gone)
        await asyncio.sleep(_SWEEP_SECONDS)


async def _refused(request: Request, error: Any) -> Response:
    body = error_body(kind_of(error.status_code), str(error.detail))
    return JSONResponse(body, error.status_code, error.headers)


async def _not_understood(request: Request, error: Any) -> Response:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return JSONResponse(error_body("not_understood", f"{where}: {first['msg']}"), 422)


async def _failed(request: Request, error: Any) -> Response:
    status = _STATUS.get(error.kind, 422)
    if status >= 500:
        log.error("a film was not read: %s", error.kind)
    return JSONResponse(error_body(error.kind, str(error)), status)


async def _for_ever(loop: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a loop again that a defect has ended."""
    while True:
        try:
            await loop()
        except Exception as error:
            log.error("a defect: %s", where_it_broke(error))
        await asyncio.sleep(_PAUSE_SECONDS)
