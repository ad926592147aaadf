"""What every request must pass before anything is done for it (ASGI middleware)."""

import asyncio
import hashlib
import hmac
import json
import logging
import re
import time
import traceback
from collections.abc import Mapping
from typing import Any

from fastapi.params import Depends
from fastapi.security import HTTPBearer
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spinescan.app.web.settings import WebSettings

PREFIX = "/api/v1"
OPEN = ("/health", "/ready", f"{PREFIX}/about")
"""Paths that need no token; beside the page itself, which holds no data."""

FILM_PATHS = re.compile(rf"{PREFIX}/(scans|predictions|jobs)")
"""Where films are uploaded."""

MAX_BODY_BYTES = 2**20
"""Of what is not a film: an edit of all points has 10 kB."""

_JOB_FILMS = 16
"""A job may have so many times the bytes, and the seconds, of the largest film."""

_FORM_BYTES = 2**16
"""What the fields of a form may take beside its film."""

_SAFE = ("GET", "HEAD", "OPTIONS")

SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:;"
        " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

log = logging.getLogger("spinescan.web")


def bearer(settings: WebSettings) -> list[Depends]:
    """What tells the documentation of routes that they need a token; it is `Guard` who asks."""
    told = HTTPBearer(auto_error=False, description="A token of this server, where it has any.")
    return [Depends(told)] if settings.tokens else []


class Guard:
    """Host, origin, token and size of each request; headers of each answer; a line in the log.

    The line holds the method, the route, the status and the time: no path, no query string, no
    name. Who asked is known to the routes as `scope["state"]["caller"]`, the name of the token.
    """

    def __init__(self, app: ASGIApp, settings: WebSettings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # there are none here
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if status >= 400:
                    await body.drain()
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        body = _LimitedBody(receive, *self._limits(scope["path"]))
        try:
            self._check(scope, body)
            await self._app(scope, body, answer)
        except HTTPException as error:
            if not status:
                await _refuse(answer, error)
        except ClientDisconnect:
            log.info("a client left before its request was whole")
        except Exception as error:
            # Its message, and the values on its way, may hold what belongs in no log.
            log.error("a defect: %s", where_it_broke(error))
            if not status:
                await _refuse(answer, HTTPException(500, "unexpected; please report this"))
        finally:
            route = getattr(scope.get("route"), "path", "-")
            took_ms = (time.perf_counter() - began) * 1000
            log.info("%s %s %d %.0f ms", scope["method"], route, status, took_ms)

    def _check(self, scope: Scope, body: "_LimitedBody") -> None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if _without_port(host) not in self._settings.hosts:
            raise HTTPException(421, "this server is not known by that host name")
        if scope["method"] not in _SAFE or scope["path"].startswith("/api/"):
            _check_origin(headers, host)  # an export is a GET, and stands in the trail
        scope.setdefault("state", {})["caller"] = self._caller(scope["path"], headers)
        body.check_announced(headers)

    def _caller(self, path: str, headers: Headers) -> str:
        """The name of the token that was sent; "" where nobody has one."""
        tokens = self._settings.tokens
        if not tokens or path in OPEN or not path.startswith("/api/"):
            return ""
        kind, _, token = headers.get("authorization", "").partition(" ")
        digest = hashlib.sha256(token.strip().encode()).hexdigest()
        found = [name for own, name in tokens.items() if hmac.compare_digest(own, digest)]
        if kind.lower() != "bearer" or not found:
            raise HTTPException(401, "a token is needed", {"WWW-Authenticate": "Bearer"})
        return found[0]

    def _limits(self, path: str) -> tuple[int, float]:
        """How many bytes a request may have, and how many seconds they may take."""
        settings = self._settings
        films = _JOB_FILMS if path == f"{PREFIX}/jobs" else 1
        most = films * settings.max_bytes + _FORM_BYTES
        if not FILM_PATHS.fullmatch(path):
            most = MAX_BODY_BYTES
        return most, films * settings.upload_seconds


class _LimitedBody:
    """A request's body, up to a size and within a time."""

    def __init__(self, receive: Receive, most: int, seconds: float) -> None:
        self._receive = receive
        self._most = most
        self._ends = time.monotonic() + seconds
        self._count = 0
        self._whole = False

    def check_announced(self, headers: Headers) -> None:
        announced = headers.get("content-length", "0")
        if not (announced.isascii() and announced.isdigit()):
            raise HTTPException(400, "a Content-Length that is no number")
        if int(announced) > self._most:
            raise HTTPException(413, f"more than the limit of {self._most:,} bytes")

    async def __call__(self) -> Message:
        if self._whole:
            return await self._receive()  # waits for the client to go
        try:
            async with asyncio.timeout(max(0.0, self._ends - time.monotonic())):
                message = await self._receive()
        except TimeoutError:
            self._whole = True
            raise HTTPException(408, "the film was not sent in time") from None
        self._count += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._count > self._most:
            raise HTTPException(413, f"more than the limit of {self._most:,} bytes")
        return message

    async def drain(self) -> None:
        """Read on for a while: who is still sending would not see that they are refused."""
        self._most *= 2
        self._ends = min(self._ends, time.monotonic() + 5)
        try:
            while not self._whole:
                if (await self())["type"] == "http.disconnect":
                    return
        except HTTPException:
            return


async def _refuse(send: Send, error: HTTPException) -> None:
    body = json.dumps(error_body(_KINDS.get(error.status_code, "refused"), error.detail)).encode()
    headers = {**(error.headers or {}), "content-type": "application/json"}
    await send(
        {
            "type": "http.response.start",
            "status": error.status_code,
            "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": body})


def where_it_broke(error: Exception) -> str:
    """The kind of a defect and its place in the code, without any value."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {frame.name}, line {frame.lineno}"


_KINDS = {
    400: "bad_request",
    401: "token",
    403: "forbidden",
    404: "not_found",
    405: "method",
    408: "timeout",
    409: "conflict",
    413: "too_large",
    415: "unsupported",
    421: "host",
    422: "not_understood",
    429: "busy",
    500: "internal",
    503: "not_ready",
}


def kind_of(status: int) -> str:
    """The short code that stands for a refusal."""
    return _KINDS.get(status, "refused")


def error_body(kind: str, message: str) -> dict[str, Any]:
    """What stands for an answer that could not be given."""
    return {"error": {"kind": kind, "message": message}}


def _without_port(host: str) -> str:
    name = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]]+)(:\d{1,5})?", host.lower())
    return "" if name is None else name[1]


def _check_origin(headers: Headers, host: str) -> None:
    """A page of another site must not make a browser act here (CSRF).

    Browsers name the page's origin, and newer ones how it stands to this one; programs do neither.
    """
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise HTTPException(403, "asked by a page of another site")
    origin = headers.get("origin")
    if origin is not None and origin.partition("://")[2].lower() != host.lower():
        raise HTTPException(403, "asked by a page of another site")
