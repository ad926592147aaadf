"""A client of a DICOMweb server: QIDO-RS finds films, WADO-RS fetches them, STOW-RS takes results.

PS3.18, 10.4 to 10.6. dicomweb-client asks for matches. Files are fetched and stored here, byte by
byte as they are: the library would parse each one, and write what it understood of it.
"""

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from functools import partial
from typing import Any, Final, TypeVar
from uuid import uuid4

from spinescan.core.errors import MissingExtraError
from spinescan.io.dicom import PROJECTION_CLASSES, PROJECTION_MODALITIES
from spinescan.io.quiet import quiet
from spinescan.pacs.errors import PacsError
from spinescan.pacs.query import Query, agrees
from spinescan.pacs.web_server import Asking, WebServer

_PAGE: Final = 100
_STUDY, _SERIES, _SOP_CLASS, _SOP = "0020000D", "0020000E", "00080016", "00080018"
_MODALITY: Final = "00080060"
_AS_STORED: Final = 'multipart/related; type="application/dicom"; transfer-syntax=*'
_UID: Final = re.compile(r"[0-9.]{1,64}")
_CAPTURE: Final = "1.2.840.10008.5.1.4.1.1.7"

Match = Mapping[str, Any]
"""One match in the DICOM JSON model (PS3.18, F)."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A film on a server, by its UIDs. PacsError ("not_understood") if one is none (PS3.5, 9.1)."""

    study: str
    series: str
    instance: str

    def __post_init__(self) -> None:
        if not all(_UID.fullmatch(uid) for uid in (self.study, self.series, self.instance)):
            raise PacsError("the server names a film by what is no UID", kind="not_understood")

    @property
    def path(self) -> str:
        """Its WADO-RS path, below the server's address."""
        return f"studies/{self.study}/series/{self.series}/instances/{self.instance}"


def need_dicomweb_client() -> None:
    """Raise MissingExtraError if dicomweb-client is not installed."""
    try:
        import dicomweb_client  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            f"DICOMweb needs the extra 'dicom' ({error.name} is not installed): "
            "pip install 'spinescan[dicom]'"
        ) from error


class DicomWeb:
    """A client of one server. MissingExtraError as `need_dicomweb_client`."""

    def __init__(self, server: WebServer) -> None:
        need_dicomweb_client()
        from dicomweb_client import DICOMwebClient

        _keep_quiet()
        self._server = server
        self._asking = Asking(server)
        self._client = DICOMwebClient(server.url, self._asking)
        self._client.set_http_retry_params(retry=False)  # Asking does, and honours Retry-After

    def films(self, query: Query) -> Iterator[Instance]:
        """The films that a query finds: objects of projection radiography, and our own left out.

        Study by study and series by series, as a server without relational queries wants it. The
        server is asked as the iterator goes on.

        Raises
        ------
        PacsError
        """
        client = self._client
        for study in self._found(client.search_for_studies, query.study, _STUDY):
            uid = _text(study, _STUDY)
            for series in self._found(client.search_for_series, query.series, _SERIES, uid):
                if _text(series, _MODALITY) not in {*PROJECTION_MODALITIES, ""}:
                    continue
                place = (uid, _text(series, _SERIES))
                search = client.search_for_instances
                for match in self._found(search, query.instance, _SOP, *place):
                    film, sop_class = Instance(*place, _text(match, _SOP)), _text(match, _SOP_CLASS)
                    if sop_class in PROJECTION_CLASSES and not self._is_ours(film, sop_class):
                        yield film

    def fetch(self, film: Instance) -> bytes:
        """The DICOM file of a film, as the server has it.

        Raises
        ------
        PacsError
        """
        url = f"{self._server.url}/{film.path}"
        wanted = {"Accept": _AS_STORED, "Accept-Encoding": "identity"}
        answer = self._asking.get(url, wanted)
        return _only_part(answer.content, answer.headers.get("Content-Type", ""))

    def store(self, data: bytes) -> tuple[int, bytes]:
        """Store one DICOM file (STOW-RS); status (200, 202 or 409) and body of the answer.

        Raises
        ------
        PacsError
        """
        boundary = uuid4().hex
        head = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
        headers = {
            "Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}',
            "Accept": "application/dicom+json",
        }
        body = head + data + f"\r\n--{boundary}--\r\n".encode()
        answer = self._asking.post(f"{self._server.url}/studies", headers, body)
        return answer.status_code, answer.content

    def _found(
        self,
        search: Callable[..., list[Match]],
        filters: Mapping[str, str],
        key: str,
        *place: str,
    ) -> Iterator[Match]:
        """All matches, page by page. A server may know no offset and give the same page again."""
        from pydicom.datadict import tag_for_keyword

        tags = {name: f"{tag_for_keyword(name):08X}" for name in filters}
        seen: set[str] = set()
        offset = 0
        while True:
            page = _understood(
                partial(search, *place, limit=_PAGE, offset=offset, search_filters=filters)
            )
            if not isinstance(page, list):
                raise PacsError("the server's answer is no list", kind="not_understood")
            new = [match for match in page if _text(match, key) and _text(match, key) not in seen]
            if not new:
                return
            for match in new:
                if _text(match, key) in seen:
                    continue
                seen.add(_text(match, key))
                if agrees({name: _text(match, tag) for name, tag in tags.items()}, filters):
                    yield match
            offset += len(page)

    def _is_ours(self, film: Instance, sop_class: str) -> bool:
        """Whether a capture is an overlay that we drew. Matches do not tell: its header does."""
        if sop_class != _CAPTURE:
            return False
        from pydicom import Dataset

        from spinescan.io.sr import is_own_result

        uids = (film.study, film.series, film.instance)
        try:
            answer = _understood(partial(self._client.retrieve_instance_metadata, *uids))
        except PacsError as error:
            if error.kind in ("unreachable", "slow"):
                raise
            return False  # a server without metadata: the film's reader will see
        with quiet():  # pydicom would warn of a header's values with the values
            try:
                # Neither sequences nor pixels, which it only refers to.
                plain = {tag: each for tag, each in answer.items() if "Value" in each}
                header = Dataset.from_json({t: e for t, e in plain.items() if e.get("vr") != "SQ"})
            except Exception:  # of another maker: ours is a header that pydicom wrote
                return False
        return is_own_result(header)


@dataclass(frozen=True, slots=True)
class FilmOnServer:
    """Where a film is, for another process to fetch it."""

    server: WebServer
    film: Instance

    @property
    def url(self) -> str:
        return f"{self.server.url}/{self.film.path}"

    def fetch(self) -> bytes:
        """Its DICOM file. Raises PacsError."""
        return DicomWeb(self.server).fetch(self.film)


_Answer = TypeVar("_Answer")


def _understood(ask: Callable[[], _Answer]) -> _Answer:
    """What `ask` gives; an answer that dicomweb-client stumbles over is a PacsError."""
    try:
        return ask()
    except PacsError:
        raise
    except Exception:  # requests, json, KeyError, ...: what a strange answer trips
        raise PacsError("the server's answer is no DICOM JSON", kind="not_understood") from None


def _text(match: Match, tag: str) -> str:
    """The first value of a tag, or "". UIDs and codes; what is none of these is refused."""
    try:
        values = match.get(tag, {}).get("Value") or [""]
        return str(values[0]).strip()
    except (AttributeError, TypeError, LookupError):
        raise PacsError("the server's answer is no DICOM JSON", kind="not_understood") from None


def _only_part(body: bytes, content_type: str) -> bytes:
    """The one part of a multipart/related message (RFC 2387), or a body without parts."""
    head = Message()
    head["Content-Type"] = content_type
    if head.get_content_type() == "application/dicom":  # some servers do not wrap it
        return body
    boundary = head.get_param("boundary")
    if head.get_content_maintype() != "multipart" or not isinstance(boundary, str):
        raise PacsError("the server's answer holds no film", kind="not_understood")
    line = b"--" + boundary.encode("latin-1", "replace")
    _, opened, rest = (b"\r\n" + body).partition(b"\r\n" + line + b"\r\n")
    _, blank, part = (b"\r\n" + rest).partition(b"\r\n\r\n")
    film, closed, _ = part.partition(b"\r\n" + line)
    if not (opened and blank and closed and film):
        raise PacsError("the server's answer holds no whole film", kind="not_understood")
    return film


def _keep_quiet() -> None:
    """dicomweb-client and urllib3 log addresses, which hold UIDs and the query's values."""
    for name in ("dicomweb_client", "urllib3"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
