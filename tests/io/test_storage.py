"""Films by fsspec."""

import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fsspec")

import fsspec
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.registry import known_implementations

from spinescan.app.batch import Settings, scan_batch
from spinescan.app.results import is_result
from spinescan.core.errors import MissingExtraError, ReadError
from spinescan.io.limits import DEFAULT_LIMITS, ReadLimits
from spinescan.io.storage import all_films, fetch_stored, need_filesystem, protocol_of
from spinescan.io.walk import iter_films
from tests.app.fakes import load_fake, write_film


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Films by name and by content, hidden ones, other files, and folders below."""
    folder = tmp_path / "films"
    film = write_film(folder / "b.png").read_bytes()
    for name in ("a", "a.d/film", "c/d/e.jpg", ".hidden.png", ".git/f.png", "z.csv", "1.2.840.10"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"a,b" if name == "z.csv" else film)
    (folder / "empty").mkdir()
    (folder / "DICOMDIR").write_bytes(bytes(128) + b"DICM")
    return folder


@pytest.fixture
def memory() -> Any:
    files = fsspec.filesystem("memory")
    yield files
    files.rm("/", recursive=True)


def test_what_is_an_address() -> None:
    for source in ("film.png", "/a/b", "C:\\a", "c://a", "http://a/b", "HTTPS://a", "a/s3://b"):
        assert protocol_of(source) is None, source
    assert [protocol_of(f"{name}://a/b") for name in ("s3", "S3", "az", "gs", "file")] == [
        "s3", "s3", "az", "gs", "file",
    ]  # fmt: skip


def test_a_stored_folder_lists_as_a_local_one(folder: Path, memory: Any) -> None:
    local = [Path(film).relative_to(folder).as_posix() for film in iter_films([str(folder)])]
    assert len(local) == 5
    assert list(all_films([folder.as_uri()])) == [(folder / name).as_uri() for name in local]
    memory.put(str(folder), "/", recursive=True)
    assert list(all_films(["memory://films", "x.png"])) == [
        *(f"memory:///films/{name}" for name in local), "x.png",
    ]  # fmt: skip


def test_records_of_stored_films_are_those_of_local_ones(folder: Path, memory: Any) -> None:
    (folder / "damaged.png").write_bytes((folder / "b.png").read_bytes()[:90])
    (folder / "nothing.png").touch()
    memory.put(str(folder), "/", recursive=True)
    local = list(scan_batch(list(iter_films([str(folder)])), Settings(), load=load_fake))
    films = list(all_films(["memory://films"]))
    stored = list(scan_batch(films, Settings(), load=load_fake))
    for ours, theirs in zip(stored, local, strict=True):
        name = theirs["file"].removeprefix(str(folder))
        assert ours["file"] == f"memory:///films{name}"
        if "error" in theirs:
            assert ours["error"]["kind"] == theirs["error"]["kind"]
            assert ours["error"]["message"].startswith(ours["file"])
        else:
            assert {**ours, "file": ""} == {**theirs, "file": ""}


class Hosted(MemoryFileSystem):
    """Films on a host, as sftp:// and hdfs:// name them: the path alone does not tell the host."""

    protocol = "hosted"

    def __init__(self, host: str, **options: Any) -> None:
        super().__init__(**options)
        self.host = host

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        if "://" in path:
            path = "/" + path.partition("://")[2].partition("/")[2]
        return path.rstrip("/")

    @staticmethod
    def _get_kwargs_from_urls(path: str) -> dict[str, str]:
        return {"host": path.partition("://")[2].partition("/")[0]}


@pytest.mark.parametrize("address", ["hosted://a@pacs/films", "hosted://a@pacs/films/"])
def test_films_in_a_folder_of_a_host_are_asked_of_that_host(memory: Any, address: str) -> None:
    fsspec.register_implementation("hosted", Hosted, clobber=True)
    memory.pipe("/films/deep/a.png", b"film")
    memory.pipe("/b.png", b"other")
    assert list(all_films([address])) == ["hosted://a@pacs/films/deep/a.png"]
    assert fetch_stored("hosted://a@pacs/films/deep/a.png", DEFAULT_LIMITS) == b"film"
    assert set(all_films(["hosted://a@pacs"])) == {
        "hosted://a@pacs/films/deep/a.png", "hosted://a@pacs/b.png",
    }  # fmt: skip


def test_results_of_an_earlier_scan_are_no_films(folder: Path) -> None:
    results = folder / "results"
    list(scan_batch([str(folder / "b.png")], Settings(out=results), load=load_fake))
    listed = list(all_films([folder.as_uri()]))
    assert sum(is_result(film) for film in listed) == 1
    assert [film for film in listed if not is_result(film)] == [
        film for film in listed if "/results/" not in film
    ]


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("memory://films/absent.png", "not_found"),
        ("memory://films", "unreadable"),
        ("file:///dev/null/film", "url"),
        ("nonsense://film.png", "url"),
    ],
)
def test_what_cannot_be_had_tells_why(memory: Any, address: str, kind: str) -> None:
    memory.pipe("/films/readme.txt", b"no film")
    assert list(all_films([address])) == [address]
    with pytest.raises(ReadError) as caught:
        fetch_stored(address, DEFAULT_LIMITS)
    assert caught.value.kind == kind
    assert str(caught.value).startswith(f"{address}: ")


def test_a_film_above_the_limit_is_not_fetched(
    memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.pipe("/film.png", bytes(1001))
    limits = ReadLimits(max_bytes=1000)
    asked: list[object] = []
    monkeypatch.setattr(type(memory), "cat_file", lambda *words, **named: asked.append(named))
    with pytest.raises(ReadError) as caught:
        fetch_stored("memory://film.png", limits)
    assert caught.value.kind == "too_large"
    assert asked == []


def test_a_film_that_grew_meanwhile_is_fetched_up_to_the_limit(
    memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.pipe("/film.png", bytes(5000))
    monkeypatch.setattr(type(memory), "info", lambda *_, **__: {"type": "file", "size": 10})
    fetched: list[int] = []
    cat_file = type(memory).cat_file

    def watched(self: Any, *words: Any, **named: Any) -> bytes:
        data: bytes = cat_file(self, *words, **named)
        fetched.append(len(data))
        return data

    monkeypatch.setattr(type(memory), "cat_file", watched)
    with pytest.raises(ReadError) as caught:
        fetch_stored("memory://film.png", ReadLimits(max_bytes=1000))
    assert caught.value.kind == "too_large"
    assert fetched == [1001]


def test_a_missing_package_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    bit = {"class": "no_such_package.Files", "err": "Install no_such_package to access it"}
    monkeypatch.setitem(known_implementations, "nosuch", bit)
    with pytest.raises(MissingExtraError, match="Install no_such_package"):
        need_filesystem("nosuch://a")
    with pytest.raises(MissingExtraError, match="not known: nonsense"):
        need_filesystem("nonsense://a")
    need_filesystem("memory://a")
    need_filesystem("film.png")
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(MissingExtraError, match=r"spinescan\[cluster\]"):
        need_filesystem("s3://a")
