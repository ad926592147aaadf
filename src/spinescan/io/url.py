"""Films from http and https addresses."""

import threading
import time
from collections.abc import Callable, Iterable
from http.client import HTTPException, HTTPMessage
from io import BytesIO
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.request import (
    BaseHandler,
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    UnknownHandler,
)

from spinescan.core.errors import ReadError
from spinescan.io.limits import ReadLimits
from spinescan.io.reach import Connections, NotPublicError, Reach

_CHUNK = 1 << 16


def download(url: str, limits: ReadLimits, *, reach: Reach | None = None) -> bytes:
    """The body at an http(s) address. Redirects are followed to http and https only.

    Parameters
    ----------
    reach
        For a server that strangers name addresses to: where it may connect (`Reach()`: the public
        internet). No proxy of the environment is used then, and no message repeats the address or
        what was found there. Without it, it is the caller's decision what may be asked: connections
        go wherever the address leads.

    Raises
    ------
    ReadError
        "url" when it cannot be had within `limits.url_timeout_s`; "too_large" as soon as more than
        `limits.max_bytes` are announced or received; "truncated" when the connection ends early.
    """
    outcome: list[bytes | Exception] = []
    given_up = threading.Event()
    connections = None if reach is None else Connections(reach, limits.url_timeout_s)
    opener = _opener(
        (ProxyHandler(), HTTPHandler(), HTTPSHandler())
        if connections is None
        else connections.handlers()
    )

    def work() -> None:
        try:
            outcome.append(_fetch(opener, url, limits, given_up.is_set))
        except Exception as error:
            outcome.append(error)

    # A socket's timeout covers one wait only, and the look-up of a name has none: a server that
    # sends a byte now and then would hold us for ever. A thread of its own can be left behind.
    worker = threading.Thread(target=work, name="spinescan-download", daemon=True)
    worker.start()
    worker.join(limits.url_timeout_s)
    given_up.set()
    if connections is not None:
        connections.end()
    if not outcome:
        raise ReadError(f"not received within {limits.url_timeout_s:g} seconds", kind="url")
    result = outcome[0]
    if isinstance(result, bytes):
        return result
    if connections is not None:
        raise _discreet(result) from None
    raise _as_read_error(result) from result


def _fetch(opener: OpenerDirector, url: str, limits: ReadLimits, stop: Callable[[], bool]) -> bytes:
    request = Request(url, headers={"User-Agent": "spinescan", "Accept": "*/*"})
    deadline = time.monotonic() + limits.url_timeout_s
    with opener.open(request, timeout=limits.url_timeout_s) as response:
        announced = response.headers.get("Content-Length", "")
        expected = int(announced) if announced.isascii() and announced.isdigit() else None
        if expected is not None:
            limits.check_bytes(expected)
        body = bytearray()
        while chunk := response.read1(_CHUNK):
            body += chunk
            limits.check_bytes(len(body))
            if time.monotonic() > deadline:
                raise TimeoutError
        if stop():  # what was cut off here looks like the end of a body of unknown length
            raise TimeoutError
    if expected is not None and len(body) < expected:
        raise ReadError(f"ended after {len(body):,} of {expected:,} bytes", kind="truncated")
    return bytes(body)


def _opener(handlers: Iterable[BaseHandler]) -> OpenerDirector:
    """An opener that knows no file: and no ftp: addresses, so that a redirect cannot reach them."""
    opener = OpenerDirector()
    for handler in (
        *handlers,
        UnknownHandler(),
        HTTPDefaultErrorHandler(),
        _Redirects(),
        HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


class _Redirects(HTTPRedirectHandler):
    """Follows redirects without reading what comes with them, which may have no end."""

    def http_error_302(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage
    ) -> Any:
        fp.close()
        return super().http_error_302(req, BytesIO(), code, msg, headers)

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


def _discreet(error: Exception) -> ReadError:
    """What a stranger is told: neither the address nor words of the machine that answered there."""
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(error, ReadError):
        return error
    if isinstance(error, HTTPError):
        error.close()
        return ReadError(f"the server at that address answered {error.code}", kind="url")
    if isinstance(reason, NotPublicError):
        return ReadError(str(reason), kind="url")
    if isinstance(reason, TimeoutError):
        return ReadError("the server at that address did not answer in time", kind="url")
    if isinstance(error, OSError | HTTPException | ValueError):
        return ReadError("that address cannot be fetched", kind="url")
    raise error


def _as_read_error(error: Exception) -> ReadError:
    if isinstance(error, ReadError):
        return error
    if isinstance(error, HTTPError):
        error.close()
        return ReadError(f"the server answered {error.code} {error.reason}", kind="url")
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, TimeoutError):
        return ReadError("the server did not answer in time", kind="url")
    if isinstance(error, OSError | HTTPException | ValueError):
        text = str(reason) or type(reason).__name__
        return ReadError(f"cannot be fetched: {text}", kind="url")
    raise error
