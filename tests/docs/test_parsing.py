"""How pages are taken apart, and what a scene refuses."""

import socket
from pathlib import Path

import pytest

from tests.docs.pages import Page, read_page, words_of
from tests.docs.props import Props
from tests.docs.scene import Scene, Stage

PAGE = """# A page

Say `make  demo` or:

    echo one   two  # a comment
    echo 'a # b' \\
        three

1. A list

    which goes on.

```python
answer = 6 * 7
```

```json
{"a": 1}
```

[There](#a-page) and <img src="x.png">.
"""


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Page:
    monkeypatch.setattr("tests.docs.pages.ROOT", tmp_path)
    (tmp_path / "page.md").write_text(PAGE)
    return read_page(tmp_path / "page.md")


def test_blocks_commands_spans_and_links(page: Page) -> None:
    assert [(block.language, block.line) for block in page.blocks] == [
        ("", 5),
        ("python", 14),
        ("json", 18),
    ]
    shell = [(command.text, command.line) for command in page.blocks[0].commands()]
    assert shell == [("echo one two", 5), ("echo 'a # b' three", 6)]
    assert page.spans == ("make  demo",)
    assert page.links == ("#a-page", "x.png")
    assert page.anchors == {"a-page"}


def test_words_of_each_program_of_a_line() -> None:
    assert words_of("spinescan scan 'a b' --json | jq . > out") == [
        ["spinescan", "scan", "a b", "--json"],
        ["jq", "."],
        ["out"],
    ]


def write(folder: Path, text: str) -> Page:
    (folder / "some.md").write_text(text)
    read_page.cache_clear()
    return read_page(folder / "some.md")


def stage(tmp_path: Path, scene: Scene) -> Stage:
    folder = tmp_path / "page"
    folder.mkdir()
    (tmp_path / "props").mkdir()
    return Stage(scene, folder, Props(tmp_path / "props"))


def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, **scene: object) -> Stage:
    monkeypatch.setattr("tests.docs.pages.ROOT", tmp_path)
    found = stage(tmp_path, Scene("some.md", **scene))  # type: ignore[arg-type]
    found.play(write(tmp_path, text))
    return found


def test_a_page_keeps_its_variables_folder_and_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = """
    word=spine; mkdir in; cd in
    echo $word > said

```python
import os
from pathlib import Path
said = Path("said").read_text() + os.environ["word"]
```

    echo again

```python
print(said)
```
"""
    found = played(tmp_path, monkeypatch, text, instead={"again": "once more"})
    assert found.printed == ["", "", "", "once more\n", "spine\nspine\n"]


@pytest.mark.parametrize(
    "text", ["    false\n", "    false | true\n", "    exit 3\n", "    no-such-program\n"]
)
def test_a_command_that_fails_fails_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    with pytest.raises(AssertionError, match=r"some\.md:1: "):
        played(tmp_path, monkeypatch, text)


def test_a_failure_that_the_page_tells_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played(tmp_path, monkeypatch, "    exit 3\n", codes={"exit 3": 3})


def test_what_a_scene_replaces_must_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AssertionError, match=r"no longer has \['gone'\]"):
        played(tmp_path, monkeypatch, "    true\n", instead={"gone": "x"})


def test_a_server_answers_until_the_page_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def set_up(stage: Stage) -> None:
        stage.instead["8000"] = str(stage.port)

    text = """
    python -m http.server 8000 --bind 127.0.0.1

```python
from urllib.request import urlopen

with urlopen("http://127.0.0.1:8000/") as answer:
    print(answer.status)
```
"""
    server = "python -m http.server 8000 --bind 127.0.0.1"
    found = played(tmp_path, monkeypatch, text, set_up=set_up, servers={server: "/"})
    assert found.printed == ["200\n"]
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", found.port))
