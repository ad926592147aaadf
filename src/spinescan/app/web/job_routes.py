"""Routes of jobs: many films at once."""

import asyncio
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from spinescan.app.web.films import Films
from spinescan.app.web.jobs import KIND, ScanJobs
from spinescan.app.web.models import JobAnswer, errors
from spinescan.app.web.scan_routes import FILM_FIELD, TOLD_FIELDS, film_form
from spinescan.cases.job_records import Job

JobId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]

_RETRY_SECONDS = 30


def job_routes(films: Films, jobs: ScanJobs) -> APIRouter:
    """The routes under /jobs."""
    routes = APIRouter(prefix="/jobs", tags=["jobs"])

    def answer(job: Job) -> dict[str, Any]:
        return {
            "id": job.id,
            "state": job.state,
            "total": job.total,
            "done": job.ended,
            "results": [
                {
                    "number": item.number,
                    "scan": None if item.result is None else item.result["scan"],
                    "error": item.error,
                }
                for item in jobs.store.items(job.id)
            ],
        }

    @routes.post(
        "",
        status_code=202,
        response_model=JobAnswer,
        responses=errors(408, 429, 507),
        openapi_extra=film_form(films={"type": "array", "items": FILM_FIELD}, **TOLD_FIELDS),
    )
    async def add(request: Request) -> Response:
        """Have many films scanned; they are kept for a while from when they are scanned."""
        async with films.room.place():
            waiting = await asyncio.to_thread(jobs.store.waiting, KIND)
            if waiting >= films.settings.max_films:
                retry = {"Retry-After": str(_RETRY_SECONDS)}
                raise HTTPException(429, "too many films wait to be scanned", retry)
            received, told = await films.many_received(request)
            ids = [scan_id for scan_id, _ in received]
            job = await asyncio.to_thread(jobs.add, ids, asdict(told))
        jobs.wake()
        return JSONResponse(await asyncio.to_thread(answer, job), 202)

    @routes.get("/{job_id}", response_model=JobAnswer, responses=errors(404))
    def get(job_id: JobId) -> Response:
        """How far a job is."""
        return JSONResponse(answer(jobs.store.job(job_id)))

    @routes.delete("/{job_id}", response_model=JobAnswer, responses=errors(404))
    def cancel(job_id: JobId) -> Response:
        """Give up what is open of a job; films that were scanned stay for their time."""
        jobs.cancel(job_id)
        return JSONResponse(answer(jobs.store.job(job_id)))

    return routes
