"""Many films on many machines: `scan_films` on Ray Data. The one module that knows Ray.

The driver, which is the command itself, lists the films and hands their names out in small blocks;
one actor for each worker reads them, each film in a process of its own under that actor, as the
server does. So a film that kills its reader costs that process, and is a failure of kind "crashed";
an actor that is lost with its machine is started anew by Ray, which gives it its block again.
"""

import contextlib
import logging
import os
import pickle
import secrets
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import spinescan
from spinescan.app.batch import (
    Film,
    FilmScanner,
    Load,
    Record,
    Scanned,
    Settings,
    failure,
    film_named,
    indexed,
)
from spinescan.app.results import Done
from spinescan.app.worker import Worker, WorkError
from spinescan.core.errors import MissingExtraError, SpineScanError
from spinescan.io.quiet import quiet

if TYPE_CHECKING:
    import pyarrow

_BLOCK = 4
"""Films of a block: what one task reads, and what is read again when its actor is lost."""
_FILMS_PER_ACTOR = 5000
"""Films of one data set, for each actor: what bounds the memory that an archive takes."""
_OBJECT_STORE_BYTES = 256 * 2**20
"""Of a Ray of our own: only names and records pass through it, never films."""


class ClusterError(SpineScanError):
    """Ray cannot be reached, or gave up."""

    kind = "cluster"


def need_ray() -> None:
    """Raise MissingExtraError if Ray Data is not installed."""
    try:
        import pyarrow  # noqa: F401
        import ray  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            f"--engine ray needs the extra 'cluster' ({error.name} is not installed): "
            "pip install 'spinescan[cluster]'"
        ) from error


def scan_on_ray(
    sources: Iterable[str], settings: Settings, *, jobs: int | None, load: Load
) -> Iterator[Record]:
    """What `scan_batch` gives, from the cluster at RAY_ADDRESS, or else from a Ray of our own.

    Parameters
    ----------
    sources
        Taken a share at a time, each when all before it are read: an archive need not fit in
        memory.
    jobs
        How many actors; None for one on each of the cluster's CPUs.
    load
        Makes a scanner; it must be importable on all machines.

    Raises
    ------
    ClusterError
        At the first record, if there is no such cluster; later, if Ray gives up.
    """
    films = (film_named(i, source) for i, source in enumerate(sources, start=1))
    return (one.record for one in indexed(_scanned(films, settings, jobs, load), settings))


def _scanned(
    films: Iterable[Film], settings: Settings, jobs: int | None, load: Load
) -> Iterator[Scanned]:
    import ray

    # Without the index: each film takes its own lines of it along.
    scanner = FilmScanner(replace(settings, done=frozenset()), load, threads=1)
    done: dict[str, list[Done]] = {}
    for one in settings.done:
        done.setdefault(one.name, []).append(one)
    tasks = ((film, frozenset(done.get(film.name(settings), ()))) for film in films)
    try:
        with _cluster(jobs) as actors:
            while share := list(islice(tasks, _FILMS_PER_ACTOR * actors)):
                yield from _read(share, scanner, actors)
    except ray.exceptions.RayError as error:
        raise ClusterError(
            f"Ray gave up ({type(error).__name__}); have all machines this version of SpineScan,"
            " the folder of --out, and memory enough?"
        ) from error


@contextlib.contextmanager
def _cluster(jobs: int | None) -> Iterator[int]:
    """How many actors there shall be, as long as Ray is there."""
    # Before Ray starts: nothing is reported to its makers, its C++ part writes no warnings, and its
    # workers get as much of a busy machine as those of --jobs do.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    os.environ.setdefault("RAY_worker_niceness", "0")
    import ray

    address = os.environ.get("RAY_ADDRESS") or "local"
    options: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    # Its logs, and what it spills to disk, go when the command ends.
    with tempfile.TemporaryDirectory(prefix="spinescan-", ignore_cleanup_errors=True) as folder:
        if address == "local":
            os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)  # or Ray leaves one in the home
            options |= {
                "num_cpus": jobs,
                "include_dashboard": False,
                "object_store_memory": _OBJECT_STORE_BYTES,
                "_temp_dir": folder,
                "_node_ip_address": "127.0.0.1",  # nobody else can reach it
            }
        try:
            with quiet():  # Ray tells there at which level it will keep silent
                ray.init(address, **options)
            # News of the cluster, as of a killed worker, would go to standard output.
            ray._private.worker._worker_logs_enabled = False
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise ClusterError(f"no Ray at RAY_ADDRESS={address}: {error}") from error
        try:
            yield jobs or max(1, int(ray.cluster_resources().get("CPU", 1)))
        finally:
            ray.shutdown()


def _read(
    share: list[tuple[Film, frozenset[Done]]], scanner: FilmScanner, actors: int
) -> Iterator[Scanned]:
    import ray.data

    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    tasks = [pickle.dumps(task) for task in share]
    blocks = [_column(tasks[i : i + _BLOCK]) for i in range(0, len(tasks), _BLOCK)]
    answers = ray.data.from_arrow(blocks).map_batches(
        _Reader,
        fn_constructor_args=(scanner, os.getcwd(), spinescan.__version__),  # noqa: PTH109
        batch_format="pyarrow",
        compute=ray.data.ActorPoolStrategy(size=actors),
        num_cpus=1,
    )
    for row in answers.iter_rows():
        yield pickle.loads(row["pickled"])


def _column(values: Iterable[bytes]) -> "pyarrow.Table":
    import pyarrow

    return pyarrow.table({"pickled": pyarrow.array(values, pyarrow.binary())})


class _Reader:
    """An actor. Its process reads no film itself, so that none can end it.

    `folder` is where the driver runs, which names of films and of results may start from.
    """

    def __init__(self, scanner: FilmScanner, folder: str, version: str) -> None:
        if spinescan.__version__ != version:
            raise ClusterError(f"SpineScan {spinescan.__version__} here, {version} at the driver")
        with contextlib.suppress(OSError):  # not on this machine: then its films are not found
            os.chdir(folder)
        out = scanner.settings.out
        if out is not None and not out.is_dir():  # what is written here, the driver never sees
            raise ClusterError(f"--out {out}: there is no such folder on this machine")
        # Without its file the process below does not run Ray's own script, which loads all of Ray.
        vars(sys.modules["__main__"]).pop("__file__", None)
        self._settings = scanner.settings
        self._worker = Worker(partial(_begin, scanner))

    def __call__(self, block: "pyarrow.Table") -> "pyarrow.Table":
        tasks = (pickle.loads(task) for task in block["pickled"].to_pylist())
        return _column([pickle.dumps(self._scanned(film, done)) for film, done in tasks])

    def _scanned(self, film: Film, done: frozenset[Done]) -> Scanned:
        try:
            return self._call(film, done)
        except WorkError:  # it may have been killed for no fault of the film
            try:
                return self._call(film, done)
            except WorkError as error:
                text = f"{film.source}: {error}"
                return Scanned(film, failure(film, self._settings, error.kind, text))

    def _call(self, film: Film, done: frozenset[Done]) -> Scanned:
        scanned: Scanned = self._worker.call(_scan, (film, done), None)
        return scanned


_scanner: FilmScanner


def _begin(scanner: FilmScanner) -> None:
    global _scanner
    _scanner = scanner


def _scan(film: Film, done: frozenset[Done]) -> Scanned:
    _scanner.settings = replace(_scanner.settings, done=done)
    return _scanner(film)
