"""Files, folders and other sources, and what is said of those that cannot be read."""

import os
import subprocess
import sys
import threading
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sample_files import base_files, dicom_bytes, film_values, picture_bytes

from spinescan.core.errors import ReadError
from spinescan.io.quiet import quiet
from spinescan.io.read import READ_ERROR_KINDS, ReadLimits, iter_films, read_radiograph

PNG = picture_bytes(film_values(bits=8), "PNG")
DICOM = dicom_bytes(film_values())


def refusal(source, **limits: int) -> ReadError:
    with pytest.raises(ReadError) as caught:
        read_radiograph(source, limits=ReadLimits(**limits))
    error = caught.value
    assert error.kind in READ_ERROR_KINDS
    assert "\n" not in str(error)
    return error


def test_path_text_and_bytes_give_the_same_film(tmp_path):
    file = tmp_path / "film.png"
    file.write_bytes(PNG)
    films = [read_radiograph(source) for source in (file, str(file), PNG)]
    assert len({film.sha256 for film in films}) == 1
    for film in films[1:]:
        np.testing.assert_array_equal(film.pixels, films[0].pixels)


@pytest.mark.parametrize(("data", "name"), [(PNG, "film.dcm"), (DICOM, "film.jpg")])
def test_the_name_does_not_matter(tmp_path, data, name):
    file = tmp_path / name
    file.write_bytes(data)
    assert read_radiograph(file).size == (96, 72)


@pytest.mark.parametrize(
    ("content", "kind", "text"),
    [
        (b"", "empty", "is empty"),
        (b"Patient;Angle\n1;20\n", "not_an_image", "it is text"),
        ("Größe".encode() * 100, "not_an_image", "it is text"),
        (bytes(range(256)) * 4, "not_an_image", "of no known kind"),
        (b"%PDF-1.7 ...", "unsupported", "PDF document; export"),
        (b"PK\x03\x04....", "unsupported", "unpack"),
        (b"\0\0\0\x18ftypheic....", "unsupported", "save it as JPEG"),
        (PNG[:100], "truncated", "ends too early"),
        (DICOM[:1000], "truncated", "ends"),
    ],
)
def test_bad_content_is_named_with_its_cause(tmp_path, content, kind, text):
    file = tmp_path / "film.dcm"
    file.write_bytes(content)
    error = refusal(file)
    assert error.kind == kind
    assert str(error).startswith(f"{file}: ")
    assert text in str(error)
    assert str(refusal(content)).startswith("<bytes>: ")


@pytest.mark.parametrize("bits", [8, 16])
def test_zero_contrast(bits):
    flat = np.full((80, 80), 90, dtype=f"u{bits // 8}")
    assert refusal(picture_bytes(flat, "PNG")).kind == "zero_contrast"


def test_missing_and_impossible_names(tmp_path):
    assert refusal(tmp_path / "none.png").kind == "not_found"
    assert refusal(str(tmp_path / "none.png" / "below")).kind == "not_found"
    assert refusal("film\0.png").kind == "not_found"
    assert refusal("x" * 5000).kind == "unreadable"
    assert str(refusal("no\nsuch\x1b[31m\udcff.png")).startswith(r"no\nsuch\x1b[31m\udcff.png: ")


def test_limits_on_bytes(tmp_path):
    file = tmp_path / "film.png"
    file.write_bytes(PNG)
    for source in (file, PNG):
        assert refusal(source, max_bytes=len(PNG) - 1).kind == "too_large"
    assert read_radiograph(file, limits=ReadLimits(max_bytes=len(PNG))).size == (96, 72)


def test_too_small():
    assert refusal(picture_bytes(film_values(63, 200, 8), "PNG")).kind == "too_small"
    assert read_radiograph(picture_bytes(film_values(64, 64, 8), "PNG")).size == (64, 64)


def test_devices_and_pipes_are_not_waited_for(tmp_path):
    pipe = tmp_path / "film.dcm"
    os.mkfifo(pipe)
    assert "not a regular file" in str(refusal(pipe))
    assert refusal("/dev/zero").kind == "unreadable"


def test_folders_as_films(tmp_path):
    assert str(refusal(tmp_path)).endswith("a folder that holds no film")
    (tmp_path / "film.png").write_bytes(PNG)
    assert refusal(tmp_path).kind == "unreadable"


@pytest.fixture
def closed(tmp_path, monkeypatch) -> Path:
    """A folder and a file in it that nobody may open (root, too, so that the test holds there)."""
    folder = tmp_path / "b"
    folder.mkdir()
    (folder / "film.png").write_bytes(PNG)
    plain_list, plain_open = os.listdir, Path.open

    def listdir(path):
        if Path(path) == folder:
            raise PermissionError(13, "Permission denied")
        return plain_list(path)

    def open_path(path, *args, **options):
        if path.parent == folder:
            raise PermissionError(13, "Permission denied")
        return plain_open(path, *args, **options)

    monkeypatch.setattr(os, "listdir", listdir)
    monkeypatch.setattr(Path, "open", open_path)
    return folder


def test_no_right_to_read(closed):
    error = refusal(closed / "film.png")
    assert (error.kind, "Permission denied" in str(error)) == ("unreadable", True)


def test_a_folder_that_cannot_be_listed_fails_when_read(closed, tmp_path):
    (tmp_path / "a.png").write_bytes(PNG)
    films = list(iter_films([str(tmp_path)]))
    assert films == [str(tmp_path / "a.png"), str(closed)]
    assert "Permission denied" in str(refusal(str(closed)))


@pytest.fixture
def folder(tmp_path) -> Path:
    for name in ("b/2.png", "b/10.jpg", "a.dcm", "c/IM0001", "c/1.2.840.3", "z.PNG"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(DICOM if "IM" in name or "840" in name else PNG)
    for name in (
        "labels.csv",
        "report.json",
        "b/page.html",
        "c/README",
        ".hidden.png",
        "Thumbs.db",
    ):
        (tmp_path / name).write_bytes(b"not a film at all")
    (tmp_path / "DICOMDIR").write_bytes(DICOM)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "film.png").write_bytes(PNG)
    return tmp_path


EXPECTED = ["a.dcm", "b/10.jpg", "b/2.png", "c/1.2.840.3", "c/IM0001", "z.PNG"]


def test_a_folder_gives_its_films_in_order(folder):
    films = list(iter_films([str(folder)]))
    assert [Path(film).relative_to(folder).as_posix() for film in films] == EXPECTED
    for film in films:
        assert read_radiograph(film).size == (96, 72)


def test_bad_films_of_a_folder_are_kept(folder):
    (folder / "b" / "empty.png").write_bytes(b"")
    (folder / "b" / "gone.dcm").symlink_to(folder / "nowhere")
    films = {Path(film).name: film for film in iter_films([str(folder)])}
    assert refusal(films["empty.png"]).kind == "empty"
    assert refusal(films["gone.dcm"]).kind == "not_found"
    assert len(films) == len(EXPECTED) + 2


def test_links_that_loop(folder):
    (folder / "b" / "loop").symlink_to(folder)
    (folder / "again").symlink_to(folder / "b")
    films = [Path(film).name for film in iter_films([str(folder)])]
    assert sorted(films) == sorted(Path(name).name for name in EXPECTED)


def test_sources_are_passed_on_in_order(folder):
    files = ["https://example.org/a", str(folder / "z.PNG"), "missing.png", "x" * 5000, "a\0b"]
    films = list(iter_films([*files, str(folder / "c")]))
    assert films[:5] == files
    assert len(films) == 7


def test_a_folder_without_films_fails_when_read(tmp_path):
    (tmp_path / "labels.csv").write_text("a,b")
    assert list(iter_films([str(tmp_path)])) == [str(tmp_path)]
    assert refusal(str(tmp_path)).kind == "not_found"


def test_decoders_are_silent(capfd):
    for data in base_files().values():
        read_radiograph(data)
        for cut in (0.5, 0.95):
            refusal(data[: int(len(data) * cut)])
        broken = bytearray(data)
        broken[len(data) // 2] ^= 0xFF
        with suppress(ReadError):
            read_radiograph(bytes(broken))
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")


def test_silence_ends_with_its_last_user(capfd):
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with quiet():
            inside.set()
            leave.wait(5)

    thread = threading.Thread(target=other)
    with quiet():
        thread.start()
        inside.wait(5)
    warnings.warn("not heard", stacklevel=1)  # the other thread still reads
    os.write(2, b"not heard either")
    leave.set()
    thread.join()
    os.write(2, b"heard")
    with pytest.warns(UserWarning, match="heard again"):
        warnings.warn("heard again", stacklevel=1)
    assert capfd.readouterr().err == "heard"


def test_a_picture_loads_neither_pydicom_nor_the_network(tmp_path):
    file = tmp_path / "film.jpg"
    file.write_bytes(picture_bytes(Image.fromarray(film_values(bits=8)), "JPEG"))
    code = (
        "import sys; from spinescan.io.read import read_radiograph; read_radiograph(sys.argv[1]);"
        "print(*sorted({'pydicom', 'gdcm', 'urllib.request', 'http', 'ssl'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == ""


def test_real_films(shared_data):
    films = list(iter_films([str(shared_data / "wholespine")]))
    assert len(films) >= 40
    assert read_radiograph(films[0]).size[0] > 500
