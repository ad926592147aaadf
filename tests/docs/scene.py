"""What a page needs to be run: its scene, and the stage on which it is played."""

import contextlib
import http.server
import importlib
import io
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any
from unittest import mock

from tests.docs.pages import ROOT, Block, Command, Page
from tests.docs.props import Props

WITHIN_S = 600
"""No command of a page takes longer, on a machine that has other work, too."""


@dataclass(frozen=True, slots=True)
class NotRun:
    """A command that no test can run: why, and what covers the same step.

    Parameters
    ----------
    command
        As it stands in the page, on one line and without its comment; or its first words, for all
        that begin with them.
    tested_by
        "tests/docker/test_image.py::test_x", or a file and a text in it, ".ci/run: make check".
    """

    command: str
    because: str
    tested_by: str


def nothing(stage: "Stage") -> None:
    """A page that needs nothing beforehand, or promises nothing afterwards."""


@dataclass(frozen=True, slots=True)
class Scene:
    """How one page is run.

    Parameters
    ----------
    page
        From the root, such as "docs/how-to/audit.md".
    set_up
        Puts films and the like into the stage's folder, and starts what the page takes for granted.
    instead
        Text of the page, and what is run in its place: an address on this computer, fewer films,
        a smaller network. Say in a comment why.
    servers
        Commands that do not end by themselves, and the path at which their server answers when it
        is ready ("" for a server that speaks no HTTP). Each runs until the next one or the end.
    codes
        Commands that the page says fail, with their exit codes.
    not_run
        Commands that cannot be run here.
    afterwards
        Checks what the page promises, when all is done.
    extras
        Without one of these the page is skipped; those that need torch are not collected then.
    programs
        Programs without which the page is skipped.
    """

    page: str
    set_up: Callable[["Stage"], None] = nothing
    instead: Mapping[str, str] = field(default_factory=dict)
    servers: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, int] = field(default_factory=dict)
    not_run: Sequence[NotRun] = ()
    afterwards: Callable[["Stage"], None] = nothing
    extras: Sequence[str] = ()
    programs: Sequence[str] = ()

    def leaves_out(self, command: str) -> bool:
        return any(f"{command} ".startswith(f"{each.command} ") for each in self.not_run)


@cache
def scenes() -> dict[str, Scene]:
    """All scenes by their page: SCENE of each module in tests/docs/scenes."""
    modules = sorted(path.stem for path in (Path(__file__).parent / "scenes").glob("[a-z]*.py"))
    found = [importlib.import_module(f"tests.docs.scenes.{name}").SCENE for name in modules]
    by_page = {scene.page: scene for scene in found}
    assert len(by_page) == len(found), "two scenes for one page"
    return by_page


class Stage:
    """A fresh folder with `spinescan` and `python` on its PATH, in which a page is run.

    Parameters
    ----------
    folder
        The fresh folder; the page's commands start there, in a shell that keeps its variables.
    props
        Films and models, made once for all pages.

    Attributes
    ----------
    instead
        The scene's, and what `set_up` adds.
    kept
        What `set_up` keeps for `afterwards`.
    port
        A free port for the page's server.
    printed
        What each command and Python block printed.
    """

    def __init__(self, scene: Scene, folder: Path, props: Props) -> None:
        self.scene, self.folder, self.props = scene, folder, props
        self.port = free_port()
        self.instead = dict(scene.instead)
        self.kept: dict[str, Any] = {}
        self.printed: list[str] = []
        self._used: set[str] = set()
        self._names: dict[str, Any] = {"__name__": "page"}
        self._server: subprocess.Popen[bytes] | None = None
        self._ends = contextlib.ExitStack()
        self._state = folder.parent / "state"
        self._log = folder.parent / "server.log"
        self.environment = _environment(folder, props.programs)
        (folder / ".venv").mkdir()
        (folder / ".venv" / "bin").symlink_to(props.programs)

    def checkout(self, *names: str) -> None:
        """Put files or folders of the repository into the folder, as a link."""
        for name in names:
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).symlink_to(ROOT / name)

    def clone(self) -> None:
        """Make the folder look like a clone in which `make` has installed what it needs."""
        self.checkout("Makefile", "pyproject.toml", "constraints.txt", "docs", "recipes")
        for stamp in (".runtime", ".web", ".dev"):
            (self.folder / ".venv" / stamp).touch()

    def web(self, folder: Path) -> str:
        """Serve a folder by HTTP on this computer until the page ends; its address."""
        handler = partial(_Quiet, directory=str(folder))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self._ends.callback(server.server_close)
        self._ends.callback(server.shutdown)
        return f"http://127.0.0.1:{server.server_port}"

    def at_the_end(self, call: Callable[[], object]) -> None:
        """Have something ended when the page has ended."""
        self._ends.callback(call)

    def play(self, page: Page) -> None:
        """Run all blocks of the page that are run, in their order."""
        try:
            self.scene.set_up(self)
            for block in page.blocks:
                if block.language == "python":
                    self._run_python(page, block)
                elif block.is_shell:
                    for command in block.commands():
                        self._run(page, command)
            self.scene.afterwards(self)
            unused = self.instead.keys() - self._used
            assert not unused, f"{page.name} no longer has {sorted(unused)}: remove from its scene"
        finally:
            self._end_server()
            self._ends.close()

    def _replaced(self, text: str) -> str:
        if not self.instead:
            return text
        longest_first = sorted(self.instead, key=len, reverse=True)

        def other(match: re.Match[str]) -> str:
            self._used.add(match[0])
            return self.instead[match[0]]

        return re.sub("|".join(map(re.escape, longest_first)), other, text)

    def _run(self, page: Page, command: Command) -> None:
        if self.scene.leaves_out(command.text):
            return
        place, text = f"{page.name}:{command.line}", self._replaced(command.text)
        if command.text in self.scene.servers:
            self._start_server(place, text, self.scene.servers[command.text])
            return
        began = time.monotonic()
        done = self._shell(f"set -a -o pipefail\ntrap 'env -0 > {self._state}' EXIT\n{text}")
        print(f"{time.monotonic() - began:5.1f} s {place}: {text}")
        expected = self.scene.codes.get(command.text, 0)
        told = f"{place}: {text}\nexit code {done.returncode}, expected {expected}"
        assert done.returncode == expected, f"{told}\n{done.stdout}{done.stderr}"
        assert "Traceback (most recent" not in done.stderr, f"{told}\n{done.stderr}"
        self.printed.append(done.stdout)
        entries = self._state.read_text("utf-8").rstrip("\0").split("\0")
        self.environment = dict(entry.split("=", 1) for entry in entries)

    def _shell(self, script: str) -> "subprocess.CompletedProcess[str]":
        """Run a script; if it takes too long, all that it has started is ended."""
        with subprocess.Popen(
            ["bash", "-c", script],
            cwd=self.environment["PWD"],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as running:
            try:
                out, err = running.communicate(timeout=WITHIN_S)
            except subprocess.TimeoutExpired:
                os.killpg(running.pid, signal.SIGKILL)
                raise
        return subprocess.CompletedProcess(script, running.returncode, out, err)

    def _run_python(self, page: Page, block: Block) -> None:
        # Empty lines before it, so that a traceback tells the page's own line.
        code = compile("\n" * (block.line - 1) + self._replaced(block.code), page.name, "exec")
        out = io.StringIO()
        with (
            mock.patch.dict(os.environ, self.environment, clear=True),
            contextlib.chdir(self.environment["PWD"]),
            contextlib.redirect_stdout(out),
        ):
            exec(code, self._names)
        self.printed.append(out.getvalue())

    def _start_server(self, place: str, text: str, path: str) -> None:
        self._end_server()
        with self._log.open("wb") as log:
            self._server = subprocess.Popen(
                ["bash", "-c", text],
                cwd=self.environment["PWD"],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + 60
        while not _answers(self.port, path):
            dead = self._server.poll() is not None or time.monotonic() > deadline
            assert not dead, f"{place}: {text}\ndid not start:\n{self._log.read_text()}"
            time.sleep(0.1)

    def _end_server(self) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of what was asked."""


def _environment(folder: Path, programs: Path) -> dict[str, str]:
    """That of a user who is new here: no settings, no proxy, no data folder yet."""
    home = folder.parent / "home"
    home.mkdir()
    kept = {k: v for k, v in os.environ.items() if k in ("LANG", "LC_ALL", "TMPDIR", "TZ")}
    return {
        **kept,
        "PATH": os.pathsep.join([str(programs), os.environ["PATH"]]),
        "PYTHONPATH": str(ROOT / "src"),
        "HOME": str(home),
        "PWD": str(folder),
        "MPLBACKEND": "agg",
        "OMP_NUM_THREADS": "1",  # threads that wait for each other are slow beside other work
    }


def _answers(port: int, path: str) -> bool:
    try:
        if path:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5):
                return True
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except urllib.error.HTTPError as error:
        error.close()
        return False
    except OSError:
        return False
    return True


def free_port() -> int:
    """A port of loopback on which nobody listens now."""
    with socket.create_server(("127.0.0.1", 0)) as place:
        return int(place.getsockname()[1])


def json_lines(path: Path) -> Iterator[Any]:
    """What a file of JSON Lines holds."""
    return map(json.loads, path.read_text("utf-8").splitlines())
