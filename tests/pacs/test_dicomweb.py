"""Films are found page by page, fetched byte by byte, and results are stored and known to be."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from spinescan.app.main import cli
from spinescan.pacs.dicomweb import DicomWeb, Instance
from spinescan.pacs.dicomweb import _only_part as only_part
from spinescan.pacs.errors import PacsError
from spinescan.pacs.query import LEVELS, Query
from spinescan.pacs.stow import StowDestination
from spinescan.pacs.web_server import WebServer
from tests.pacs.web import Answer, Asked, as_json, serving

DX, CAPTURE, CT = (
    "1.2.840.10008.5.1.4.1.1.1.1",
    "1.2.840.10008.5.1.4.1.1.7",
    "1.2.840.10008.5.1.4.1.1.2",
)
ALL = Query.parse(["StudyDate=2026*"])


def match(**values: str) -> dict[str, Any]:
    """A match in the DICOM JSON model."""
    tags = {"study": "0020000D", "series": "0020000E", "uid": "00080018", "sop_class": "00080016",
            "modality": "00080060", "patient": "00100020", "maker": "00080070"}  # fmt: skip
    kinds = {"maker": "LO", "patient": "LO", "modality": "CS"}
    return {
        tags[name]: {"vr": kinds.get(name, "UI"), "Value": [value]}
        for name, value in values.items()
    }


class Archive:
    """A server with studies of one series each; how many instances and of what class it is told.

    `page` is the most matches that it gives at once; one that knows no offset always begins at the
    first.
    """

    def __init__(self, classes: list[str], *, page: int = 1000, offset: bool = True) -> None:
        self.classes, self.page, self.offset = classes, page, offset
        self.makers: dict[str, str] = {}

    def __call__(self, asked: Asked) -> Answer:
        parts = asked.path.removeprefix("/dicom-web/").split("/")
        if parts[-1] == "metadata":
            pixels = {"7FE00010": {"vr": "OW", "BulkDataURI": "bulk/1"}}
            return as_json(
                [{**match(uid=parts[-2], maker=self.makers.get(parts[-2], "")), **pixels}]
            )
        if parts[-1] == "studies":
            found = [match(study="1.1", patient="A"), match(study="1.2", patient="B")]
        elif parts[-1] == "series":
            found = [match(series=f"{parts[1]}.1", modality="DX"),
                     match(series=f"{parts[1]}.2", modality="SR")]  # fmt: skip
        else:
            found = [
                match(uid=f"{parts[3]}.{i}", sop_class=sop_class)
                for i, sop_class in enumerate(self.classes, start=1)
            ]
        first = int(asked.query.get("offset", 0)) if self.offset else 0
        limit = min(self.page, int(asked.query.get("limit", 1000)))
        return as_json(found[first : first + limit])


@contextmanager
def client(answer: Any) -> Iterator[DicomWeb]:
    with serving(answer) as web:
        yield DicomWeb(WebServer(web.url, wait_s=5, attempts=1))


def found(archive: Archive, query: Query = ALL) -> list[str]:
    with client(archive) as web:
        return [film.instance for film in web.films(query)]


@pytest.mark.parametrize("page", [1, 3, 1000])
@pytest.mark.parametrize("offset", [True, False])
def test_pages_are_turned_and_end(page: int, offset: bool) -> None:
    expected = [f"1.{study}.1.{i}" for study in (1, 2) for i in range(1, 8)]
    if (
        not offset and page < 1000
    ):  # such a server never shows the rest; it must not be asked for ever
        expected = [uid for uid in expected if uid.startswith("1.1.") and int(uid[-1]) <= page]
        if page > 1:
            expected += [f"1.2.1.{i}" for i in range(1, page + 1)]
    assert found(Archive([DX] * 7, page=page, offset=offset)) == expected


def test_only_films_are_found() -> None:
    assert found(Archive([DX, CT, CAPTURE])) == ["1.1.1.1", "1.1.1.3", "1.2.1.1", "1.2.1.3"]


def test_our_own_overlays_are_no_films() -> None:
    archive = Archive([DX, CAPTURE])
    archive.makers = {"1.1.1.2": "SpineScan", "1.2.1.2": "SpineScan (synthetic)"}
    assert found(archive) == ["1.1.1.1", "1.2.1.1", "1.2.1.2"]


@pytest.mark.parametrize(
    "metadata", [Answer(404), Answer(501), as_json([]), as_json([7]), as_json([{"00080070": 7}])]
)
def test_a_server_without_metadata_still_gives_its_captures(metadata: Answer) -> None:
    archive = Archive([CAPTURE])

    def answer(asked: Asked) -> Answer:
        return metadata if asked.path.endswith("/metadata") else archive(asked)

    with client(answer) as web:
        assert len(list(web.films(ALL))) == 2


def test_a_server_that_leaves_out_a_filter_does_not_give_its_whole_archive() -> None:
    assert found(Archive([DX]), Query.parse(["PatientID=B"])) == ["1.2.1.1"]
    assert found(Archive([DX]), Query.parse(["PatientID=*"])) == ["1.1.1.1", "1.2.1.1"]
    assert found(Archive([DX]), Query.parse(["PatientID=B", "Modality=CR"])) == []


def test_each_level_is_asked_for_its_own() -> None:
    with serving(Archive([DX])) as web:
        query = Query.parse(["StudyDate=20260101-20260131", "Modality=DX", "InstanceNumber=1"])
        assert len(list(DicomWeb(WebServer(web.url)).films(query))) == 2
    keys = {LEVELS[key] for key in ("StudyDate", "Modality", "InstanceNumber")}
    assert keys == {"study", "series", "instance"}
    for asked in web.asked:
        level = asked.path.rsplit("/", 1)[1]
        told = {"studies": "StudyDate", "series": "Modality", "instances": "InstanceNumber"}[level]
        assert set(asked.query) - {"limit", "offset"} == {told}


@pytest.mark.parametrize("pair", ["SECRET", "Name=SECRET", "=SECRET", "PatientID=", "", "limit=1"])
def test_a_query_that_is_none_is_refused_and_not_repeated(pair: str) -> None:
    with pytest.raises(ValueError, match=r"expected|no value") as told:
        Query.parse([pair])
    assert "SECRET" not in str(told.value)
    with pytest.raises(ValueError, match="twice"):
        Query.parse(["PatientID=SECRET", "PatientID=b"])


def matches(body: bytes) -> list[Instance]:
    told = Answer(200, body, {"Content-Type": "application/dicom+json"})
    with client(lambda _: told) as web:
        return list(web.films(ALL))


@pytest.mark.parametrize("body", [b"", b"[]", b"[{}]", b'[{"0020000D": {"vr": "UI"}}]'])
def test_no_match_is_no_film(body: bytes) -> None:
    assert matches(body) == []


@pytest.mark.parametrize(
    "body",
    [b"null", b"{", b"[1]", b'[{"0020000D": 1}]', b'[{"0020000D": {"Value": {"a": 1}}}]',
     b"<xml/>", b"\xff", b'"text"', b"7"],
)  # fmt: skip
def test_strange_matches_are_told(body: bytes) -> None:
    with pytest.raises(PacsError) as told:
        matches(body)
    assert told.value.kind == "not_understood"


FILM = Instance("1.1", "1.1.1", "1.1.1.1")


def wrapped(film: bytes, *, head: bytes = b"Content-Type: application/dicom\r\n") -> bytes:
    return b"--b-7\r\n" + head + b"\r\n" + film + b"\r\n--b-7--\r\n"


MULTIPART = 'multipart/related; type="application/dicom"; boundary="b-7"'


@given(st.binary(min_size=1), st.sampled_from([b"", b"preamble\r\n", b"\r\n"]),
       st.sampled_from([b"", b"A: b\r\nContent-Length: 3\r\n"]))  # fmt: skip
def test_a_part_comes_out_as_it_went_in(film: bytes, before: bytes, head: bytes) -> None:
    assert only_part(before + wrapped(film, head=head), MULTIPART) == film
    assert only_part(film, "application/dicom") == film


def test_a_film_is_fetched_as_it_is() -> None:
    film = bytes(range(256)) * 50 + b"\r\n\r\n--b\r\n--"
    with serving(lambda _: Answer(200, wrapped(film), {"Content-Type": MULTIPART})) as web:
        assert DicomWeb(WebServer(web.url)).fetch(FILM) == film
    (asked,) = web.asked
    assert asked.path == "/dicom-web/studies/1.1/series/1.1.1/instances/1.1.1.1"
    assert asked.headers["accept"].endswith("transfer-syntax=*")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b"", MULTIPART), (b"x", "text/html"), (b"x", ""), (b"x", "multipart/related"),
     (wrapped(b"film")[:20], MULTIPART), (wrapped(b"film")[:-9], MULTIPART),
     (wrapped(b""), MULTIPART)],
)  # fmt: skip
def test_an_answer_without_a_whole_film_is_told(body: bytes, content_type: str) -> None:
    given = Answer(200, body, {"Content-Type": content_type})
    with client(lambda _: given) as web, pytest.raises(PacsError) as told:
        web.fetch(FILM)
    assert told.value.kind == "not_understood"


@pytest.mark.parametrize("uid", ["", "1.2/../../admin", "1.2?x", "1." + "2" * 70, "1.2\n"])
def test_a_path_is_made_of_uids_alone(uid: str) -> None:
    with pytest.raises(PacsError):
        Instance("1.1", "1.1.1", uid)


def stored(**items: Any) -> dict[str, Any]:
    """An answer of STOW-RS: `done` and `failed` are UIDs, `reason` is why."""
    failed = {"00081155": {"vr": "UI", "Value": [items.get("failed")]},
              "00081197": {"vr": "US", "Value": [items.get("reason", 0)]}}  # fmt: skip
    done = {"00081155": {"vr": "UI", "Value": [items.get("done")]}}
    told = {}
    if "failed" in items:
        told["00081198"] = {"vr": "SQ", "Value": [failed]}
    if "done" in items:
        told["00081199"] = {"vr": "SQ", "Value": [done]}
    return told


UID = "2.25.1"


@pytest.fixture(scope="module")
def result() -> bytes:
    """A DICOM object to store."""
    from io import BytesIO

    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made = FileDataset(BytesIO(), {}, file_meta=meta, preamble=b"\0" * 128)
    made.SOPClassUID, made.SOPInstanceUID = DX, UID
    out = BytesIO()
    made.save_as(out, enforce_file_format=True)
    return out.getvalue()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (as_json(stored(done=UID)), None),
        (as_json(stored(failed=UID, reason=0x0111)), None),
        (as_json({}), "not_understood"),
        (as_json(stored(done="2.25.9")), "not_understood"),
        (as_json({"00081199": {"vr": "UI", "Value": [UID]}}), "not_understood"),
        (Answer(200), "not_understood"),
        (Answer(200, b"please log in", {"Content-Type": "text/html"}), "not_understood"),
        (Answer(200, f"<NativeDicomModel>{UID}</NativeDicomModel>".encode(),
                {"Content-Type": "application/dicom+xml"}), "not_understood"),
        (as_json(stored(done=UID), 202), None),
        (as_json(stored(failed=UID, reason=0x0111), 409), None),
        (as_json(stored(failed=UID, reason=0xA700), 409), "refused"),
        (as_json(stored(failed=UID, reason=0xA700)), "refused"),
        (as_json(stored(failed=UID, reason=0xC000), 202), "refused"),
        (as_json(stored(done="2.25.9"), 202), "not_understood"),
        (Answer(202), "not_understood"),
        (Answer(409, b"conflict"), "not_understood"),
        (Answer(400), "refused"),
        (Answer(401), "refused"),
        (Answer(500), "refused"),
        (Answer(507), "refused"),
        (Answer(503), "slow"),
        (Answer(302, headers={"Location": "http://127.0.0.1/"}), "refused"),
    ],
)  # fmt: skip
def test_what_is_stored_is_known_from_the_answer(
    answer: Answer, kind: str | None, result: bytes
) -> None:
    with serving(lambda _: answer) as web:
        destination = StowDestination(WebServer(web.url))
        if kind is None:
            destination.send(result)
        else:
            with pytest.raises(PacsError) as told:
                destination.send(result)
            assert told.value.kind == kind
            assert UID not in str(told.value)
    (asked,) = web.asked  # once: the queue comes back to it
    assert (asked.method, asked.path) == ("POST", "/dicom-web/studies")
    assert only_part(asked.body, asked.headers["content-type"]) == result
    assert destination.name == web.url


def test_a_missing_extra_is_one_line_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dicomweb_client", None)
    words = ["dicomweb", "scan", "--server", "http://localhost", "--query", "PatientID=SECRET"]
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 2
    assert "spinescan[dicom]" in result.stderr
    assert "SECRET" not in result.output


def test_help_says_research_use_only() -> None:
    for words in (["dicomweb", "--help"], ["dicomweb", "scan", "--help"]):
        assert "Research use only" in CliRunner().invoke(cli, words).stdout
