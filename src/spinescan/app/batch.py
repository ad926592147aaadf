"""Many films: one record each, in the order asked for, whatever happens to a single one."""

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from functools import partial
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import spinescan
from spinescan.app.dicom_results import CAPTURE, SR, dicom_results
from spinescan.app.results import (
    PDF,
    Done,
    add_to_index,
    folder_name,
    has_heat_maps,
    read_report,
    write_results,
)
from spinescan.core.errors import SpineScanError
from spinescan.core.report import Notice, failure_dict
from spinescan.core.told import NOTHING, Told

if TYPE_CHECKING:
    from spinescan.core.radiograph import Radiograph
    from spinescan.core.report import Report
    from spinescan.infer.scanner import Scanner
    from spinescan.io.deidentify import Pseudonyms
    from spinescan.io.limits import ReadLimits

BURNED_IN_UNKNOWN = Notice(
    "burned_in_unknown",
    "Whether text in the picture names the patient is not known; look before you pass it on.",
)
"""Goes with an anonymous result whose film does not deny it."""

Record = dict[str, Any]
"""A Report or a failure, as the JSON of the contract."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for every film of a batch.

    `out`: the folder for results, or None. `anonymous`: neither names nor digests leave the batch.
    `max_pixels`: the largest film that is read, or None for the reader's own limit. `done`: films
    that need not be scanned again. `heat_maps`: draw where the classifiers looked, into `out`.
    `pdf`: write one page of PDF a film into `out`. `sr`, `sc`: write the answer into `out` as a
    DICOM structured report, and its overlay as a DICOM picture; with `hand_back` these come beside
    the film's record and are not written. `pseudonyms`: these two are of the de-identified film,
    which names patient and study so. `told`: what is known of the patients beside the films.
    """

    out: Path | None = None
    anonymous: bool = False
    max_pixels: int | None = None
    done: frozenset[Done] = frozenset()
    heat_maps: bool = False
    pdf: bool = False
    sr: bool = False
    sc: bool = False
    hand_back: bool = False
    pseudonyms: "Pseudonyms | None" = None
    told: Told = NOTHING

    @property
    def files(self) -> tuple[str, ...]:
        """The files of a film that these settings ask for beside those that every film has."""
        asked = ((self.pdf, PDF), (self.sr, SR), (self.sc, CAPTURE))
        return tuple(name for wanted, name in asked if wanted)


@dataclass(frozen=True, slots=True)
class Film:
    """One film of a batch, and its place in it, counted from 1.

    `fetch` gives its bytes (SpineScanError if they cannot be had) where `source` is a name only.
    """

    number: int
    source: str
    fetch: Callable[[], bytes] | None = None

    def name(self, settings: Settings) -> str:
        """The name of the film's folder."""
        return f"film-{self.number:04d}" if settings.anonymous else folder_name(self.source)


def film_named(number: int, source: str) -> Film:
    """The film at a path or an address; what fsspec reads is fetched when its turn comes."""
    from spinescan.io.limits import DEFAULT_LIMITS
    from spinescan.io.storage import fetch_stored, protocol_of

    if protocol_of(source) is None:
        return Film(number, source)
    return Film(number, source, partial(fetch_stored, source, DEFAULT_LIMITS))


@dataclass(frozen=True, slots=True)
class Scanned:
    """The record of one film, and its results that were to be handed back."""

    film: Film
    record: Record
    results: Mapping[str, bytes] = field(default_factory=dict)


Load = Callable[[int | None], "Scanner"]
"""Makes a scanner whose networks may use so many threads (None: all cores)."""


def shipped_scanner(threads: int | None) -> "Scanner":
    """The scanner with the models that ship."""
    from spinescan.infer.scanner import Scanner

    return Scanner.default(threads=threads)


def scanner_with(folders: tuple[Path, ...], threads: int | None) -> "Scanner":
    """The scanner with the models that ship and these bundles."""
    from spinescan.infer.scanner import Scanner

    return Scanner.with_bundles(folders, threads=threads)


class _WriteError(Exception):
    """The results of a film could not be written."""


class FilmScanner:
    """Turns one film after the other into a record. The models are loaded with the first."""

    def __init__(self, settings: Settings, load: Load, threads: int | None) -> None:
        self.settings = settings
        self._load = load
        self._threads = threads
        self._scanner: Scanner | None = None

    def __call__(self, film: Film) -> Scanned:
        """Never raises: what goes wrong is the record."""
        try:
            return self._scan(film)
        except SpineScanError as error:
            kind, text = error.kind, str(error)
        except _WriteError as error:
            kind, text = "output", f"{film.source}: {error}"
        except Exception as error:  # a defect in one film must not end the batch
            text = f"{film.source}: unexpected {type(error).__name__}; please report this"
            kind = "internal"
        return Scanned(film, failure(film, self.settings, kind, text))

    def _scan(self, film: Film) -> Scanned:
        from spinescan.io.read import ReadLimits, read_film

        settings = self.settings
        limit = settings.max_pixels
        limits = ReadLimits() if limit is None else ReadLimits(max_pixels=limit)
        given = film.source if film.fetch is None else film.fetch()
        data, radiograph = read_film(given, limits=limits, name=film.source)
        name = film.name(settings)
        if self._scanner is None:
            self._scanner = self._load(self._threads)
        if (
            settings.out is not None
            and Done(name, radiograph.sha256, spinescan.__version__) in settings.done
            and (earlier := read_report(settings.out / name)) is not None
            and earlier.get("bundles") == [asdict(b.ref) for b in self._scanner.bundles]
            and (not settings.heat_maps or has_heat_maps(settings.out / name, earlier))
            and all((settings.out / name / wanted).is_file() for wanted in settings.files)
            and settings.told == NOTHING  # an earlier report need not have been told
        ):
            return Scanned(film, {**earlier, "file": film.source})
        if settings.anonymous and radiograph.burned_in is None:
            radiograph = replace(radiograph, notices=(*radiograph.notices, BURNED_IN_UNKNOWN))
        report = self._scanner.scan(radiograph, settings.told)
        file = None if settings.anonymous else film.source
        dicom = self._dicom(film, data, radiograph, report, limits)
        if settings.out is not None:
            cards = self._scanner.cards
            heats = self._scanner.heat_maps(radiograph, report) if settings.heat_maps else {}
            try:
                write_results(
                    settings.out / name,
                    radiograph,
                    report,
                    file=file,
                    cards=cards,
                    heats=heats,
                    dicom={} if settings.hand_back else dicom,
                    pdf_of=date.today() if settings.pdf else None,
                )
            except OSError as error:
                raise _WriteError(str(error)) from error
        return Scanned(film, report.to_dict(file), dicom if settings.hand_back else {})

    def _dicom(
        self,
        film: Film,
        data: bytes,
        radiograph: "Radiograph",
        report: "Report",
        limits: "ReadLimits",
    ) -> dict[str, bytes]:
        sr, sc = self.settings.sr, self.settings.sc
        if not (sr or sc):
            return {}
        from spinescan.io.sniff import HEAD_BYTES, film_format

        # What is no DICOM file has no study to join, named or not: `dicom_results` refuses it.
        try:
            names = self.settings.pseudonyms
            if names is not None and film_format(data[:HEAD_BYTES]) == "DICOM":
                from spinescan.io.deidentify import deidentified

                data = deidentified(data, limits=limits, pseudonyms=names)
            return dicom_results(data, radiograph, report, sr=sr, sc=sc, written_at=datetime.now())
        except SpineScanError as error:
            raise SpineScanError(f"{film.source}: {error}", kind=error.kind) from error


def scan_batch(
    sources: Sequence[str],
    settings: Settings,
    *,
    jobs: int = 1,
    load: Load = shipped_scanner,
) -> Iterator[Record]:
    """One record for each source, in order.

    Parameters
    ----------
    sources
        Paths of files, http(s) addresses, and addresses that fsspec knows.
    jobs
        With 1 the films are scanned in this process. With more, in as many worker processes, each
        with its own scanner; a film that kills its worker becomes a failure of kind "crashed".
    load
        Makes a scanner; with several jobs it must be importable by the workers.
    """
    films = [film_named(i, source) for i, source in enumerate(sources, start=1)]
    return (film.record for film in scan_films(films, settings, jobs=jobs, load=load))


def scan_films(
    films: Sequence[Film], settings: Settings, *, jobs: int = 1, load: Load = shipped_scanner
) -> Iterator[Scanned]:
    """One record for each film, in order, as `scan_batch`; and the results that are handed back."""
    threads = None if jobs == 1 else max(1, (os.cpu_count() or 1) // jobs)
    scanner = FilmScanner(settings, load, threads)
    return indexed(
        map(scanner, films) if jobs == 1 else _in_workers(films, scanner, jobs), settings
    )


def indexed(answers: Iterable[Scanned], settings: Settings) -> Iterator[Scanned]:
    """The answers, each once it stands in the index of the results' folder."""
    for scanned in answers:
        film, record = scanned.film, scanned.record
        if settings.out is not None and not settings.anonymous and "sha256" in record:
            done = Done(film.name(settings), record["sha256"], spinescan.__version__)
            if done not in settings.done:
                try:
                    add_to_index(settings.out, done)
                except OSError as error:
                    text = f"{film.source}: {error}"
                    scanned = Scanned(film, failure(film, settings, "output", text))
        yield scanned


def _in_workers(films: Sequence[Film], scanner: FilmScanner, jobs: int) -> Iterator[Scanned]:
    others = set(active_children())
    pool = _start_pool(scanner, jobs)
    running: deque[tuple[Film, Future[Scanned]]] = deque()
    waiting = deque(films)
    finished = False
    try:
        while waiting or running:
            while waiting and len(running) < 2 * jobs:
                film = waiting.popleft()
                try:
                    future = pool.submit(_work, film)
                except BrokenProcessPool:
                    pool = _start_pool(scanner, jobs)
                    future = pool.submit(_work, film)
                running.append((film, future))
            film, future = running.popleft()
            try:
                yield future.result()
            except BrokenProcessPool:
                # Any film in flight may have killed the worker; each gets one of its own to tell.
                yield _alone(film, scanner)
        finished = True
    finally:
        if not finished:  # interrupted, or nobody reads on
            for process in set(active_children()) - others:
                process.terminate()
        pool.shutdown(cancel_futures=True)


def _alone(film: Film, scanner: FilmScanner) -> Scanned:
    with _start_pool(scanner, 1) as pool:
        try:
            return pool.submit(_work, film).result()
        except BrokenProcessPool:
            text = f"{film.source}: the process that read this film was killed"
            return Scanned(film, failure(film, scanner.settings, "crashed", text))


def _start_pool(scanner: FilmScanner, jobs: int) -> ProcessPoolExecutor:
    # "spawn" everywhere: a fork would copy the threads' locks of the native libraries.
    return ProcessPoolExecutor(
        jobs, get_context("spawn"), initializer=_start_worker, initargs=(scanner,)
    )


_worker: FilmScanner


def _start_worker(scanner: FilmScanner) -> None:
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its workers itself
    _worker = scanner


def _work(film: Film) -> Scanned:
    return _worker(film)


def failure(film: Film, settings: Settings, kind: str, message: str) -> Record:
    """The record of a film that failed; an anonymous one does not tell which."""
    if settings.anonymous:  # messages name the file
        return failure_dict(kind, f"film {film.number} of this batch failed", None)
    return failure_dict(kind, message, film.source)
