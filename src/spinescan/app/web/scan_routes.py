"""Routes of one film: scan it, see it, measure it again, take it away."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from spinescan.app.web import tasks
from spinescan.app.web.films import Films, answer_of, marks_of
from spinescan.app.web.models import (
    EditJson,
    MeasureAnswer,
    RenderRequest,
    ScanAnswer,
    UrlRequest,
    errors,
)
from spinescan.app.web.store import SCAN_ID
from spinescan.core.report import Prediction
from spinescan.core.report_json import report_from_dict

ScanId = Annotated[str, Path(pattern=f"^{SCAN_ID.pattern}$")]
ModelName = Annotated[str, Query(max_length=80)]
Kind = Literal[
    "report.json",
    "report.csv",
    "overlay.png",
    "page.html",
    "report.pdf",
    "report.dcm",
    "overlay.dcm",
]

_TYPES: dict[str, str] = {
    "report.json": "application/json",
    "report.csv": "text/csv; charset=utf-8",
    "overlay.png": "image/png",
    "page.html": "text/html; charset=utf-8",
    "report.pdf": "application/pdf",
    "report.dcm": "application/dicom",
    "overlay.dcm": "application/dicom",
}
_PAGE_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox"

_BYTES = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
_PNG = {"image/png": {"schema": {"type": "string", "format": "binary"}}}

TOLD_FIELDS: dict[str, Any] = {
    "in_brace": {"type": "boolean"},
    "age": {"enum": ["child", "adolescent", "adult"]},
    "posture": {"enum": ["standing", "supine"]},
}


def film_form(**fields: Any) -> dict[str, Any]:
    """A form with these fields, for the documentation of a route that reads it by itself."""
    schema = {"type": "object", "properties": fields, "required": [next(iter(fields))]}
    content = {"multipart/form-data": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}}


FILM_FIELD = {"type": "string", "format": "binary"}


def scan_routes(films: Films) -> APIRouter:
    """The routes under /scans and /predictions."""
    routes = APIRouter(tags=["films"])

    @routes.post(
        "/scans",
        response_model=ScanAnswer,
        responses=errors(408, 429, 500, 503, 504, 507),
        openapi_extra=film_form(film=FILM_FIELD, **TOLD_FIELDS),
    )
    async def scan(request: Request) -> Response:
        """Scan one film; it is kept for a while."""
        async with films.room.place():
            scan = await films.scanned(*await films.received(request))
        return JSONResponse(answer_of(scan))

    @routes.post(
        "/scans/url", response_model=ScanAnswer, responses=errors(408, 429, 500, 503, 504, 507)
    )
    async def scan_url(asked: UrlRequest) -> Response:
        """Scan a film at a public address, where the server allows that."""
        if not films.settings.allow_urls:
            raise HTTPException(403, "this server fetches no addresses")
        async with films.room.place():
            scan_id, path = films.unsaved.reserve()
            try:
                data = await asyncio.to_thread(_downloaded, asked.url, films)
                await asyncio.to_thread(path.write_bytes, data)
            except BaseException:
                films.unsaved.delete(scan_id)
                raise
            scan = await films.scanned(scan_id, path, asked.told.told())
        return JSONResponse(answer_of(scan))

    @routes.get("/scans/{scan_id}", response_model=ScanAnswer, responses=errors(404))
    def get(scan_id: ScanId) -> Response:
        """A film that was scanned."""
        return JSONResponse(answer_of(films.find(scan_id)))

    @routes.delete("/scans/{scan_id}", status_code=204, responses=errors(404, 409))
    def delete(scan_id: ScanId) -> Response:
        """Delete a film that is in no case, and all that is known of it."""
        if films.find(scan_id).case_id is not None:
            raise HTTPException(409, "this film is in a case; delete it there")
        films.unsaved.delete(scan_id)
        return Response(status_code=204)

    @routes.get(
        "/scans/{scan_id}/film.gray16",
        response_class=Response,
        responses={**errors(404, 429, 500, 504), 200: {"content": _BYTES}},
    )
    async def gray16(scan_id: ScanId) -> Response:
        """The film's grey values: little-endian uint16 row by row, square pixels, bright = dense.

        Neither side is longer than 2400 pixels. X-Rows and X-Columns tell the size.
        """
        grey, (rows, columns) = await films.drawn(tasks.grey16, films.find(scan_id).film)
        size = {"X-Rows": str(rows), "X-Columns": str(columns)}
        return Response(grey, media_type="application/octet-stream", headers=size)

    @routes.get(
        "/scans/{scan_id}/film.png",
        response_class=Response,
        responses={**errors(404, 429, 500, 504), 200: {"content": _PNG}},
    )
    async def png(scan_id: ScanId) -> Response:
        """The film in 8 bits, of the same size."""
        picture = await films.drawn(tasks.film_png, films.find(scan_id).film)
        return Response(picture, media_type="image/png")

    @routes.get(
        "/scans/{scan_id}/heat/{bundle}.png",
        response_class=Response,
        responses={**errors(404, 429, 500, 504), 200: {"content": _PNG}},
    )
    async def heat(scan_id: ScanId, bundle: Annotated[str, Path(max_length=80)]) -> Response:
        """Where a classifier looked, over the film, of the same size."""
        scan = films.find(scan_id)
        picture = await films.drawn(tasks.heat_png, scan.film, scan.record, bundle)
        if picture is None:
            raise HTTPException(404, "that classifier has no heat map of this film")
        return Response(picture, media_type="image/png")

    @routes.post("/scans/{scan_id}/measure", response_model=MeasureAnswer, responses=errors(404))
    def measure(scan_id: ScanId, edit: EditJson) -> Response:
        """What follows from a reader's points and end vertebrae; nothing is saved."""
        report = films.measured(films.find(scan_id), edit)
        return JSONResponse({"report": report.to_dict(), "marks": marks_of(report)})

    @routes.post(
        "/scans/{scan_id}/render/{kind}",
        response_class=Response,
        responses={
            **errors(404, 409, 429, 500, 501, 504),
            200: {"content": {t.split(";")[0]: {} for t in _TYPES.values()}},
        },
    )
    async def render(scan_id: ScanId, kind: Kind, asked: RenderRequest) -> Response:
        """A file to take away, of the given edit, else of the saved one, else of the machine.

        A DICOM file (report.dcm, overlay.dcm) names the patient and the study of the film's header;
        films in cases, which name nobody, have none.
        """
        scan = films.find(scan_id)
        if kind.endswith(".dcm") and scan.case_id is not None:
            raise HTTPException(
                409,
                "a film in a case names no patient and no study any more, so it has no DICOM"
                " results: scan the film's file again and take them before it is saved",
            )
        record = scan.edited_record or scan.record
        if asked.edit is not None:
            record = (await asyncio.to_thread(films.measured, scan, asked.edit)).to_dict()
        if kind == "report.json":
            content = json.dumps(record, allow_nan=False, ensure_ascii=False).encode() + b"\n"
        elif kind == "report.csv":
            from spinescan.io.report_csv import report_csv

            content = report_csv(report_from_dict(record)).encode()
        elif kind.endswith(".dcm"):
            now = datetime.now()  # the clock on the wall, as in the film's header
            content = await films.drawn(tasks.dicom_result, kind, scan.film, record, now)
        else:
            day = datetime.now(UTC).date().isoformat()
            names = {b["name"] for b in record["bundles"]}
            cards = {name: card for name, card in films.cards.items() if name in names}
            content = await films.drawn(
                tasks.render, kind, scan.film, record, asked.title, cards, day
            )
        headers = {"Content-Disposition": f'attachment; filename="spinescan-{kind}"'}
        if kind == "page.html":
            headers["Content-Security-Policy"] = _PAGE_POLICY
        return Response(content, media_type=_TYPES[kind], headers=headers)

    @routes.post(
        "/predictions",
        response_model=Prediction,
        responses=errors(404, 408, 429, 500, 503, 504, 507),
        openapi_extra=film_form(film=FILM_FIELD),
    )
    async def predict(request: Request, model: ModelName) -> Response:
        """Ask one classifier, or "scoliosis", about a film, which is not kept."""
        async with films.room.place():
            scan_id, path, _ = await films.received(request)
            try:
                return JSONResponse(await films.asked(path, model))
            finally:
                films.unsaved.delete(scan_id)

    return routes


def _downloaded(url: str, films: Films) -> bytes:
    from spinescan.io.reach import Reach
    from spinescan.io.url import download

    return download(url, films.settings.limits, reach=Reach())
