"""The pages of the documentation, taken apart: blocks, commands, code in the text, links."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]

SHELL = ("", "sh", "bash", "shell", "console")
"""Languages of blocks that are commands; an indented block has none."""

_OPERATORS = {"|", "||", "&", "&&", ";", ">", ">>", "<", "(", ")"}


def run_pages() -> list[Path]:
    """All pages whose blocks are run."""
    docs = (p for p in (ROOT / "docs").rglob("*.md") if "reference" not in p.parts)
    return [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")] + sorted(docs)


def read_pages() -> list[Path]:
    """All pages that are held against the program: also the references, cards and benchmarks."""
    others = ("benchmarks/README.md", "models/MODELS.md", "docs/reference/*.md")
    cards = sorted((ROOT / "src/spinescan/bundles").glob("*/CARD.md"))
    return run_pages() + [path for name in others for path in sorted(ROOT.glob(name))] + cards


def name_of(path: Path) -> str:
    """A page's path from the root, such as docs/how-to/audit.md."""
    return path.relative_to(ROOT).as_posix()


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a shell block, on one line and without its comment."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code; `line` is that of its first line of code, counted from 1."""

    language: str
    code: str
    line: int

    @property
    def is_shell(self) -> bool:
        return self.language in SHELL

    @property
    def is_run(self) -> bool:
        return self.is_shell or self.language == "python"

    def commands(self) -> Iterator[Command]:
        """The commands of a shell block; a backslash at the end of a line continues it."""
        begun, first = "", 0
        for number, line in enumerate(self.code.splitlines(), self.line):
            first = first if begun else number
            begun += without_comment(line)
            if begun.endswith("\\"):
                begun = begun[:-1]
            elif begun.strip():
                yield Command(" ".join(begun.split()), first)
                begun = ""
            else:
                begun = ""


_CODE = re.compile(r"""(?:[^'"#\\]|\\(?:.|$)|'[^']*'|"(?:\\.|[^"\\])*"|(?<=\S)#)*""")


def without_comment(line: str) -> str:
    """A line of shell without what follows a free-standing #, unless that is in quotes."""
    found = _CODE.match(line)
    assert found is not None
    rest = line[found.end() :]
    return found[0].rstrip() if rest.startswith("#") else line.rstrip()


@dataclass(frozen=True, eq=False)
class Page:
    """A page: its blocks, the code spans in its text, and its links, in their order."""

    name: str
    blocks: tuple[Block, ...]
    spans: tuple[str, ...]
    links: tuple[str, ...]
    anchors: frozenset[str]


_NOTE = re.compile(r"^(?:\?{3}|!{3})\+? .*\n(?:(?: {4}.*)?\n)*", re.MULTILINE)


@cache
def read_page(path: Path) -> Page:
    """Take a page apart as CommonMark with tables; what is in a note is part of the page."""
    text = _NOTE.sub(lambda note: re.sub("(?m)^ {4}", "", note[0]), path.read_text("utf-8"))
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    blocks, spans, links, anchors = [], [], [], set()
    for i, token in enumerate(tokens):
        if token.type in ("fence", "code_block"):
            assert token.map is not None
            language = (token.info.split() or [""])[0]
            first = token.map[0] + (2 if token.type == "fence" else 1)
            blocks.append(Block(language, token.content, first))
        elif token.type == "html_block":
            links += _html_links(token.content)
        elif token.type == "heading_open":
            anchors.add(_slug(tokens[i + 1]))
        for child in token.children or ():
            if child.type == "code_inline":
                spans.append(child.content)
            elif child.type in ("link_open", "image"):
                links.append(str(child.attrGet("href") or child.attrGet("src")))
            elif child.type == "html_inline":
                links += _html_links(child.content)
                anchors.update(re.findall(r'\bid="([^"]+)"', child.content))
    return Page(name_of(path), tuple(blocks), tuple(spans), tuple(links), frozenset(anchors))


def _html_links(html: str) -> list[str]:
    return re.findall(r'(?:src|href)="([^"]+)"', html)


def _slug(heading: Token) -> str:
    """The anchor that MkDocs and GitHub give a plain heading."""
    text = "".join(child.content for child in heading.children or ())
    return re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", text.lower()).strip())


def words_of(command: str) -> list[list[str]]:
    """The words of each program that a line of shell starts; what no shell reads is split at
    spaces."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        words = list(lexer)
    except ValueError:
        words = command.split()
    found: list[list[str]] = [[]]
    for word in words:
        if word in _OPERATORS:
            found.append([])
        else:
            found[-1].append(word)
    return [each for each in found if each]
