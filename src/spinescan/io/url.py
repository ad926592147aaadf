"""Films from http and https addresses."""

import threading
import time
from collections.abc import Callable
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.request import (
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

_CHUNK = 1 << 16


def download(url: str, limits: ReadLimits) -> bytes:
    """The body at an http(s) address.

    Whether a caller may give an address at all is the caller's decision: this function connects
    wherever it is told to. Redirects are followed to http and https only.

    Raises
    ------
    ReadError
        "url" when it cannot be had within `limits.url_timeout_s`; "too_large" as soon as more than
        `limits.max_bytes` are announced or received; "truncated" when the connection ends early.
    """
    outcome: list[bytes | Exception] = []
    given_up = threading.Event()

    def work() -> None:
        try:
            outcome.append(_fetch(url, limits, given_up.is_set))
        except Exception as error:
            outcome.append(error)

    # A socket's timeout covers one wait only, and the look-up of a name has none: a server that
    # sends a byte now and then would hold us for ever. A thread of its own can be left behind.
    worker = threading.Thread(target=work, name="spinescan-download", daemon=True)
    worker.start()
    worker.join(limits.url_timeout_s)
    given_up.set()
    if not outcome:
        raise ReadError(f"not received within {limits.url_timeout_s:g} seconds", kind="url")
    result = outcome[0]
    if isinstance(result, bytes):
        return result
    raise _as_read_error(result) from result


def _fetch(url: str, limits: ReadLimits, stop: Callable[[], bool]) -> bytes:
    request = Request(url, headers={"User-Agent": "spinescan", "Accept": "*/*"})
    deadline = time.monotonic() + limits.url_timeout_s
    with _opener().open(request, timeout=limits.url_timeout_s) as response:
        announced = response.headers.get("Content-Length", "")
        expected = int(announced) if announced.isascii() and announced.isdigit() else None
        if expected is not None:
            limits.check_bytes(expected)
        body = bytearray()
        while chunk := response.read1(_CHUNK):
            body += chunk
            limits.check_bytes(len(body))
            if stop() or time.monotonic() > deadline:
                raise TimeoutError
    if expected is not None and len(body) < expected:
        raise ReadError(f"ended after {len(body):,} of {expected:,} bytes", kind="truncated")
    return bytes(body)


def _opener() -> OpenerDirector:
    """An opener that knows no file: and no ftp: addresses, so that a redirect cannot reach them."""
    opener = OpenerDirector()
    for handler in (
        ProxyHandler(),
        UnknownHandler(),
        HTTPHandler(),
        HTTPSHandler(),
        HTTPDefaultErrorHandler(),
        HTTPRedirectHandler(),
        HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


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
