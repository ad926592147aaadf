"""A process that reads films: one that hangs or dies costs its own film and nothing else."""

import contextlib
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from spinescan.core.errors import SpineScanError

_SPAWN = get_context("spawn")  # a fork would copy the threads' locks of the native libraries
_NICE = 2
"""A server itself answers first when all cores are busy."""
_START_S = 60.0
"""What a process that is started anew has at least: loading models may take longer than a film."""


class WorkError(SpineScanError):
    """A worker did not answer: "timeout", "crashed", or "internal" for a defect."""

    kind = "crashed"


class Worker:
    """One process; `call` blocks, so a server calls it from a thread.

    Parameters
    ----------
    start
        Importable; called once in the process before its first task, and in each that follows it.
    """

    def __init__(self, start: Callable[[], None]) -> None:
        self._start = start
        self._ended = False
        self._killing = threading.Lock()
        self._spawn()

    def _spawn(self) -> None:
        self._mine, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_serve, args=(theirs, self._start), daemon=True)
        self._process.start()
        theirs.close()
        self._ready = False

    def get_ready(self, seconds: float | None = None) -> None:
        """Wait until the models are loaded, for so long at most. Raises WorkError."""
        try:
            if not self._mine.poll(seconds):
                raise WorkError(f"not ready within {seconds:g} seconds", kind="timeout")
            self._mine.recv()
        except EOFError as error:
            raise WorkError("the process that reads films does not start") from error
        self._ready = True

    def call(self, task: Callable[..., Any], args: tuple[Any, ...], seconds: float | None) -> Any:
        """The task's answer; a process that is ended for it is started anew.

        It may take so many seconds; with None, any time.

        Raises
        ------
        SpineScanError
            That the task raised; or a WorkError if it took too long, ended its process, or failed
            in any other way.
        """
        try:
            if not self._ready:  # it was started anew
                self.get_ready(None if seconds is None else max(seconds, _START_S))
            self._mine.send((task, args))
            if not self._mine.poll(seconds):
                raise WorkError(f"not done within {seconds:g} seconds", kind="timeout")
            answer = self._mine.recv()
        except (EOFError, OSError) as error:
            self._again()
            raise WorkError("the process that read this film was killed") from error
        except WorkError:
            self._again()
            raise
        if isinstance(answer, SpineScanError):
            raise answer
        return answer

    def _again(self) -> None:
        self._kill()
        if not self._ended:
            self._spawn()

    def end(self) -> None:
        """End the process, for good."""
        self._ended = True
        self._kill()

    def _kill(self) -> None:
        with self._killing:  # at the server's end two threads may come for it
            self._process.kill()
            self._process.join()
            self._mine.close()


def _serve(theirs: Connection, start: Callable[[], None]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server ends its workers itself
    with contextlib.suppress(AttributeError, OSError):
        os.nice(_NICE)
    start()
    theirs.send("ready")
    with contextlib.suppress(EOFError, OSError):  # the server has gone
        while True:
            task, args = theirs.recv()
            try:
                answer = task(*args)
            except SpineScanError as error:
                answer = error
            except Exception as error:  # a defect in one film must not end the server
                text = f"unexpected {type(error).__name__}; please report this"
                answer = WorkError(text, kind="internal")
            theirs.send(answer)
