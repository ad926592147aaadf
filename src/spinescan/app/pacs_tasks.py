"""What a node's worker processes do: films in, DICOM results out."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from spinescan.app.worker import Worker
from spinescan.core.errors import ReadError
from spinescan.io.limits import ReadLimits

if TYPE_CHECKING:
    from spinescan.infer.scanner import Scanner

_scanner: "Scanner"
_limits: ReadLimits
_overlay: bool


def start(bundles: tuple[Path, ...], *, threads: int, limits: ReadLimits, overlay: bool) -> None:
    """Load the models into this process; `overlay`: results have one."""
    global _scanner, _limits, _overlay
    from spinescan.app.batch import scanner_with, shipped_scanner

    _scanner = scanner_with(bundles, threads) if bundles else shipped_scanner(threads)
    _limits, _overlay = limits, overlay


def results_of(path: Path) -> dict[str, bytes]:
    """The results of a film in a file; none if it is a result of ours that came back.

    Raises
    ------
    SpineScanError
        If it cannot be read, or belongs to no study.
    """
    from spinescan.app.dicom_results import dicom_results
    from spinescan.io.read import read_radiograph
    from spinescan.io.sr.own import is_own_file

    try:
        film = path.read_bytes()
    except FileNotFoundError:
        raise ReadError("the film was deleted after its time", kind="not_found") from None
    if is_own_file(film, _limits):
        return {}
    radiograph = read_radiograph(film, limits=_limits)
    report = _scanner.scan(radiograph)
    return dicom_results(film, radiograph, report, sc=_overlay, written_at=datetime.now())


class Scans(AbstractContextManager["Scans"]):
    """Processes that scan, shared by as many threads; called with the path of a film.

    Parameters
    ----------
    count
        How many.
    begin
        Importable; makes a process ready, as `start` does.
    seconds
        How long a scan may take; then its process is ended, and another one begun.
    task
        Importable; what is done with a film.

    Raises
    ------
    WorkError
        If they do not start.
    """

    def __init__(
        self,
        count: int,
        begin: Callable[[], None],
        seconds: float,
        task: Callable[[Path], Mapping[str, bytes]] = results_of,
    ) -> None:
        self._seconds, self._task = seconds, task
        self._workers = [Worker(begin) for _ in range(count)]
        self._free: SimpleQueue[Worker] = SimpleQueue()
        try:
            for worker in self._workers:
                worker.get_ready()
                self._free.put(worker)
        except BaseException:
            self.end()
            raise

    def __call__(self, path: Path) -> Mapping[str, bytes]:
        """The film's results, or the SpineScanError that came of it."""
        worker = self._free.get()
        try:
            results: Mapping[str, bytes] = worker.call(self._task, (path,), self._seconds)
            return results
        finally:
            self._free.put(worker)

    def end(self) -> None:
        """End the processes."""
        for worker in self._workers:
            worker.end()

    def __exit__(self, *_: object) -> None:
        self.end()


def scans(
    count: int, bundles: tuple[Path, ...], *, limits: ReadLimits, overlay: bool, seconds: float
) -> Scans:
    """So many processes with the models that ship and these bundles, which share the cores."""
    import os

    threads = max(1, (os.cpu_count() or 1) // count)
    begin = partial(start, bundles, threads=threads, limits=limits, overlay=overlay)
    return Scans(count, begin, seconds)
