"""What pages name is there, and each of their blocks is run or told why not."""

import ast
import importlib
import importlib.util
import json
import re
import tomllib
from pathlib import Path

import click
import pytest

from spinescan.app.main import cli
from tests.docs.pages import (
    ROOT,
    Block,
    Page,
    name_of,
    read_page,
    read_pages,
    run_pages,
    words_of,
)
from tests.docs.scene import scenes

FOLDERS = ("benchmarks", "docker", "docs", "models", "notebooks", "recipes", "src", "tests")
"""What stands in the text with one of these at its head is a file of the repository."""

each_page = pytest.mark.parametrize("path", read_pages(), ids=name_of)
each_run_page = pytest.mark.parametrize("path", run_pages(), ids=name_of)


def lines_of(page: Page) -> list[str]:
    """All that is code on a page and no language's but the shell's."""
    commands = [command.text for b in page.blocks if b.is_shell for command in b.commands()]
    return commands + [" ".join(span.split()) for span in page.spans]


# What is run


@each_run_page
def test_each_block_is_run_or_its_reason_is_told(path: Path) -> None:
    page = read_page(path)
    scene = scenes().get(page.name)
    blocks = [block for block in page.blocks if block.is_run]
    if blocks:
        assert scene is not None, f"{page.name}:{blocks[0].line}: no scene runs this block"


def test_each_scene_has_a_page() -> None:
    assert scenes().keys() <= {name_of(path) for path in run_pages()}


@pytest.mark.parametrize("name", scenes())
def test_what_a_scene_says_of_commands_stands_on_its_page(name: str) -> None:
    scene, page = scenes()[name], read_page(ROOT / name)
    commands = {command.text for b in page.blocks if b.is_shell for command in b.commands()}
    assert {*scene.servers, *scene.codes} <= commands
    for each in scene.not_run:
        assert any(f"{command} ".startswith(f"{each.command} ") for command in commands), each
    # A line that is split on the page is joined before it is replaced.
    joined = "\n".join([*commands, *(b.code for b in page.blocks if b.language == "python")])
    assert [text for text in scene.instead if text not in joined] == []


@pytest.mark.parametrize("name", [name for name, scene in scenes().items() if scene.not_run])
def test_what_covers_a_command_that_is_not_run_exists(name: str) -> None:
    for command in scenes()[name].not_run:
        assert len(command.because) > 10
        file, _, within = command.tested_by.partition(":")
        text = (ROOT / file).read_text("utf-8")
        if within.startswith(":"):
            names = {n.name for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef)}
            assert within.rpartition(":")[2] in names, command.tested_by  # of a class, too
        else:
            assert within, "name a test in the file, or a text in it"
            assert within.strip() in text, command.tested_by


# What is named


@each_page
def test_commands_and_options_exist(path: Path) -> None:
    for line in lines_of(read_page(path)):
        for words in words_of(line):
            program = words[0].removeprefix(".venv/bin/")
            if program == "spinescan" and len(words) > 1:
                understood(words[1:], line)
            elif program in ("python", "python3") and words[1:2] and words[1].endswith(".py"):
                text = (ROOT / words[1]).read_text("utf-8")
                for option in (word for word in words if word.startswith("--")):
                    assert f'"{option}"' in text, f"{line}: {option}"


def understood(words: list[str], line: str) -> None:
    """Hold words against the command line: command, options, and an option's choices."""
    command: click.Command = cli
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        assert words[0] in command.commands, f"{line}: no command {words[0]}"
        command, words = command.commands[words[0]], words[1:]
    context = click.Context(command, info_name=command.name)
    try:
        values, _, _ = command.make_parser(context).parse_args(list(words))
    except click.NoSuchOption as error:
        pytest.fail(f"{line}: {error.format_message()}")
    except click.BadOptionUsage:
        return  # prose names an option without its value
    for parameter in command.params:
        if isinstance(parameter.type, click.Choice) and values.get(parameter.name):
            parameter.type_cast_value(context, values[parameter.name])


@pytest.mark.parametrize(
    "line", ["no-such", "dicomweb scam", "scan a --no-such", "scan a --age old"]
)
def test_what_does_not_exist_is_found(line: str) -> None:
    with pytest.raises((AssertionError, click.BadParameter, pytest.fail.Exception)):
        understood(line.split(), line)


def test_names_that_are_not_ours_are_found() -> None:
    assert is_ours("spinescan.measure.aasce")
    assert is_ours("spinescan.scan")
    assert not is_ours("spinescan.measure.no_such")


@each_page
def test_make_targets_exist(path: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    programs = [words for line in lines_of(read_page(path)) for words in words_of(line)]
    named = {word for words in programs if words[0] == "make" for word in words[1:]}
    assert named <= targets


@each_page
def test_files_and_names_of_the_program_exist(path: Path) -> None:
    for line in lines_of(read_page(path)):
        for word in line.split():
            if re.fullmatch(rf"({'|'.join(FOLDERS)})/[\w./*-]+", word):
                assert list(ROOT.glob(word.rstrip("/"))), f"{line}: no {word}"
        name = re.match(r"spinescan(\.[A-Za-z_]\w*)+", line)
        if name is not None:
            assert is_ours(name[0]), line


def is_ours(name: str) -> bool:
    """Whether a dotted name is a module of SpineScan, or something in one."""
    module, _, last = name.rpartition(".")
    try:
        if importlib.util.find_spec(name) is not None:
            return True
    except ModuleNotFoundError:
        pass
    return hasattr(importlib.import_module(module), last)


@pytest.mark.parametrize(
    "path",
    # References link to pages that are written while the site is built; MkDocs looks at those.
    [path for path in read_pages() if "reference" not in path.parts],
    ids=name_of,
)
def test_links_lead_somewhere(path: Path) -> None:
    page = read_page(path)
    for link in page.links:
        if re.match(r"[a-z]+:", link) or "reference/models/" in link:  # as the references' own
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), f"{page.name}: {link}"
        if anchor and target.suffix == ".md":
            assert anchor in read_page(target).anchors, f"{page.name}: {link}"


@each_page
def test_json_and_toml_can_be_read(path: Path) -> None:
    for block in read_page(path).blocks:
        if block.language == "json":
            for text in values_of(block):
                json.loads(text)
        elif block.language == "toml":
            tomllib.loads(block.code)


def values_of(block: Block) -> list[str]:
    """The JSON texts of a block: one, or one a line."""
    lines = block.code.splitlines()
    one_each = len(lines) > 1 and all(line.startswith("{") and line.endswith("}") for line in lines)
    return lines if one_each else [block.code]
