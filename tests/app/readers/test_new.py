"""`spinescan readers new`: blinded, in different orders, and what is refused."""

import base64
import hashlib
import html
import json
import re
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from spinescan.app.main import cli
from spinescan.phantom.film import sample_film
from spinescan.study.readers.key import Key, read_key
from tests.app.readers.films import NAME, SECRET, write_films


def new(*words: object) -> Result:
    return CliRunner().invoke(cli, ["readers", "new", *map(str, words)])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readers")
    write_films(folder / "films", 6)
    words = ("--readers", "A,B", "--repeat", 2, "--seed", 5, "--paper")
    result = new(folder / "films", "--out", folder / "set", *words)
    assert result.exit_code == 0, result.output
    return folder / "set"


def pictures(form: str) -> list[bytes]:
    found = re.findall(r'<script type="text/plain" id="picture-\d+">([^<]*)<', form)
    return [base64.b64decode(one) for one in found]


def secrets_of(key: Key) -> list[str]:
    """What no reader may find: names, patients, digests, groups, folders."""
    told = [NAME, "Smith", "SMITH", SECRET, "Comment"]
    for film in key.films:
        told += [film.file, Path(film.file).stem, film.sha256, film.sha256[:12]]
    return told


@pytest.mark.slow
def test_nothing_in_a_form_tells_which_film_it_is(made: Path) -> None:
    pypdf = pytest.importorskip("pypdf", reason="needs pypdf (dev extra)")
    key = read_key(made)
    for reader in ("A", "B"):
        form = (made / reader / f"form-{reader}.html").read_text()
        sheets = (made / reader / f"form-{reader}.pdf").read_bytes()
        pages = pypdf.PdfReader(BytesIO(sheets)).pages
        printed = "\n".join(page.extract_text() for page in pages)
        assert len(pages) == len(pictures(form)) == 8
        assert "Film 8" in printed
        table = (made / reader / f"answers-{reader}.csv").read_text()
        for secret in secrets_of(key):
            assert secret not in form
            assert secret.encode() not in sheets
            assert secret not in printed + table
            for png in pictures(form):
                assert secret.encode() not in png
        for png in pictures(form):
            picture = Image.open(BytesIO(png))
            picture.load()
            assert picture.info == {}
            assert picture.mode == "L"


def test_readers_see_all_films_in_orders_of_their_own(made: Path) -> None:
    key = read_key(made)
    assert key.readers["A"] != key.readers["B"]
    shown = {r: pictures((made / r / f"form-{r}.html").read_text()) for r in ("A", "B")}
    assert shown["A"] != shown["B"]
    assert set(shown["A"]) == set(shown["B"])
    assert len(set(shown["A"])) == 6
    for reader, order in key.readers.items():  # one number is the film that the key says
        first = {place: shown[reader][n] for n, place in enumerate(order)}
        assert all(shown[reader][n] == first[place] for n, place in enumerate(order))


def test_the_key_is_private_and_in_no_readers_folder(made: Path) -> None:
    assert (made / "key.json").stat().st_mode & 0o777 == 0o600
    assert sorted(p.name for p in (made / "A").iterdir()) == [
        "answers-A.csv",
        "form-A.html",
        "form-A.pdf",
    ]


def test_a_form_asks_nobody_for_anything(made: Path) -> None:
    form = html.unescape((made / "A" / "form-A.html").read_text())
    assert "default-src 'none'" in form
    assert "http://" not in form
    assert "https://" not in form
    assert "Research use only." in form


def test_a_manifest_gives_groups_and_views(tmp_path: Path) -> None:
    films = write_films(tmp_path, 2)
    rows = [f"{f.name},{hashlib.sha256(f.read_bytes()).hexdigest()},P1,,frontal,,," for f in films]
    table = tmp_path / "films.csv"
    table.write_text(
        "\n".join(["image,sha256,group,split,view,source,licence,landmarks", *rows]) + "\n"
    )
    assert new(table, "--out", tmp_path / "set").exit_code == 0
    assert {(f.group, f.view) for f in read_key(tmp_path / "set").films} == {("P1", "frontal")}


def test_what_cannot_be_read_is_told_and_the_rest_is_made(tmp_path: Path) -> None:
    films = write_films(tmp_path / "films", 2)
    (tmp_path / "films" / "broken.png").write_bytes(b"no picture")
    (tmp_path / "films" / "copy.png").write_bytes(films[0].read_bytes())
    result = new(tmp_path / "films", "--out", tmp_path / "set")
    assert result.exit_code == 1
    assert "broken.png" in result.stderr
    assert "the same file as" in result.stderr
    assert len(read_key(tmp_path / "set").films) == 2


def test_text_in_the_picture_is_told(tmp_path: Path) -> None:
    pytest.importorskip("scipy", reason="needs the extra study")
    from PIL import ImageDraw, ImageFont

    film = Image.fromarray((sample_film("frontal").pixels * 255).astype("uint8"))
    draw = ImageDraw.Draw(film)
    draw.text((20, 20), "SMITH JOHN 1970", font=ImageFont.load_default(28), fill=255)
    film.save(tmp_path / "film.png")
    result = new(tmp_path / "film.png", "--out", tmp_path / "set")
    assert "text is burned in" in result.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--readers", "A,a"), "different names"),
        (("--readers", "Dr Who"), "letters, digits"),
        (("--readers", "0"), "from 1 to 26"),
        (("--repeat", "9"), "from 0 to 2"),
        (("--repeat", "many"), "from 0 to 2"),
        (("--task", "lenke"), "lenke"),
        (("--group", "("), "not a regular expression"),
    ],
)
def test_wrong_use_is_told_and_nothing_is_written(
    tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    write_films(tmp_path / "films", 2)
    result = new(tmp_path / "films", "--out", tmp_path / "set", *words)
    assert result.exit_code == 2
    assert says in result.stderr
    assert not (tmp_path / "set").exists()


def test_a_full_folder_is_refused(made: Path) -> None:
    before = (made / "key.json").read_text()
    result = new(made / "A", "--out", made)
    assert result.exit_code == 2
    assert json.loads(before) == json.loads((made / "key.json").read_text())
