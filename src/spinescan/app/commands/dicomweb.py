"""`spinescan dicomweb`: films of an archive in, results back into it."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spinescan.app.commands.answers import print_records
from spinescan.app.commands.scan import loader, make_folder

if TYPE_CHECKING:
    from spinescan.app.archive import Sent
    from spinescan.app.batch import Film, Record
    from spinescan.pacs.queue import PacsQueue
    from spinescan.pacs.web_server import WebServer


@click.group()
def dicomweb() -> None:
    """Scan films of a DICOMweb server, and store results there.

    Who asks is told by the variables SPINESCAN_DICOMWEB_USER and SPINESCAN_DICOMWEB_PASSWORD, or
    SPINESCAN_DICOMWEB_TOKEN. They are sent to that server alone.

    Research use only. Not a medical device; not for diagnosis or treatment decisions.
    """


def _server_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which server, and where results wait for it."""
    options = (
        click.option("--server", "url", metavar="URL", required=True,
                     help="The root of its DICOMweb services."),
        click.option("--ca-file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
                     help="Trust the certificates (PEM) in this file, not those of the system."),
        click.option("--timeout", type=click.FloatRange(min=0.1), default=30.0, show_default=True,
                     help="Seconds that the server may be silent."),
        click.option("--data", type=click.Path(file_okay=False, path_type=Path),
                     help="The folder where results wait until the server has them.  [default: the"
                     " user's folder for SpineScan]"),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@dicomweb.command()
@_server_options
@click.option("--query", "pairs", metavar="ATTRIBUTE=VALUE", multiple=True, required=True,
              help="What is asked for (repeatable): an attribute of the study, series or instance,"
              " such as StudyDate=20260101-20260131, PatientID, AccessionNumber, Modality, by the"
              " rules of DICOM (a range of dates; * and ? in names).")  # fmt: skip
@click.option("--limit", type=click.IntRange(min=1), help="Scan so many films at most.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON report a line (JSON Lines).")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write report.json, overlay.png and page.html of each film into a folder of its own here.",
)
@click.option("--store", is_flag=True,
              help="Store each film's structured report and overlay in its study.")  # fmt: skip
@click.option("--no-overlay", is_flag=True, help="With --store: the structured report alone.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True,
              help="Worker processes; each fetches films and scans them.")  # fmt: skip
@click.option("--anonymous", is_flag=True,
              help="Leave addresses and digests out of all output.")  # fmt: skip
@click.pass_context
def scan(
    ctx: click.Context,
    url: str,
    ca_file: Path | None,
    timeout: float,
    data: Path | None,
    pairs: tuple[str, ...],
    limit: int | None,
    as_json: bool,
    out: Path | None,
    store: bool,
    no_overlay: bool,
    jobs: int,
    anonymous: bool,
) -> None:
    """Read the films that a query finds on a server.

    Prints what `spinescan scan` prints. Overlays that SpineScan drew are left out. With --store,
    what the server does not take is kept, and goes with the next run or with `dicomweb send`.
    Exit code 0: all films read, and stored if asked for; 1: some failed, or there was none; 2:
    wrong usage; 130: interrupted.

    Research use only. Not a medical device; not for diagnosis or treatment decisions.
    """
    from spinescan.app.batch import Settings, scan_films
    from spinescan.core.errors import SpineScanError
    from spinescan.pacs.query import Query

    server = _server(url, ca_file, timeout)
    if no_overlay and not store:
        raise click.UsageError("--no-overlay goes with --store.")
    if anonymous and store:
        raise click.UsageError(
            "--anonymous cannot go with --store: what is stored names a patient."
        )
    try:
        query = Query.parse(pairs)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--query") from error
    _check_extra(store=store)
    from spinescan.app.archive import brought_back, films_on, send_all
    from spinescan.pacs.stow import StowDestination

    if out is not None:
        make_folder(out)
        if anonymous and any(out.glob("film-*")):
            raise click.UsageError(f"--anonymous: {out} holds films already; choose another --out.")
    overlay = store and not no_overlay
    settings = Settings(out=out, anonymous=anonymous, sr=store, sc=overlay, hand_back=True)
    destination = StowDestination(server)
    known: list[Film] = []
    with _queue(data) if store else nullcontext() as queue:
        try:
            films = films_on(server, query, limit)
        except SpineScanError as error:
            raise click.ClickException(f"{server.url}: {error}") from error
        scanned = scan_films(films, settings, jobs=jobs, load=loader((), in_workers=jobs > 1))
        records: Iterator[Record] = (film.record for film in scanned)
        if queue is not None:
            records = brought_back(scanned, settings, queue, destination, known)
        failed = print_records(ctx, records, len(films), as_json=as_json)
        if queue is not None:
            failed |= _waits(send_all(queue, destination))
    if known:
        click.echo(
            f"{len(known)} films have the answer that an earlier run of this computer stored or"
            " queued; it is not sent again for a week (another --data forgets).",
            err=True,
        )
    ctx.exit(1 if failed else 0)


@dicomweb.command()
@_server_options
@click.pass_context
def send(
    ctx: click.Context, url: str, ca_file: Path | None, timeout: float, data: Path | None
) -> None:
    """Send a server the results that it did not take when its films were scanned.

    Exit code 0: it has all of them; 1: some still wait; 2: wrong usage.
    """
    server = _server(url, ca_file, timeout)
    _check_extra(store=False)
    from spinescan.app.archive import send_all
    from spinescan.pacs.stow import StowDestination

    with _queue(data) as queue:
        sent = send_all(queue, StowDestination(server))
    click.echo(f"{sent.sent} results sent.", err=True)
    ctx.exit(1 if _waits(sent) else 0)


def _server(url: str, ca_file: Path | None, timeout: float) -> "WebServer":
    """The server as it is asked; who asks is told by the environment."""
    from spinescan.pacs.web_server import Login, WebServer

    try:
        login = Login.from_environment(os.environ)
        server = WebServer(url, login, ca_file, timeout)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if server.in_the_open:
        click.echo(
            "Note: films, results and passwords cross the network unencrypted (http).", err=True
        )
    return server


def _check_extra(*, store: bool) -> None:
    from spinescan.core.errors import MissingExtraError
    from spinescan.io.sr import need_highdicom
    from spinescan.pacs.dicomweb import need_dicomweb_client

    try:
        need_dicomweb_client()
        if store:
            need_highdicom()
    except MissingExtraError as error:
        raise click.UsageError(str(error)) from error


@contextmanager
def _queue(data: Path | None) -> "Iterator[PacsQueue]":
    """The results that wait for servers. What cannot be read or written ends the command."""
    from spinescan.cases.errors import CaseError
    from spinescan.pacs.queue import PacsQueue

    folder = (data or Path(click.get_app_dir("spinescan"))) / "dicomweb"
    try:
        with PacsQueue(folder) as queue:
            swept = queue.sweep()
            if swept.deliveries:
                click.echo(
                    f"WARNING: {swept.deliveries} results were never delivered and are too old:"
                    " they are deleted. Scan their films again.",
                    err=True,
                )
            yield queue
    except CaseError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename or folder}: {error.strerror}") from error


def _waits(sent: "Sent") -> bool:
    """Tell if results still wait for the server; whether they do."""
    if sent.waiting:
        why = f" ({sent.why})" if sent.why else ""
        click.echo(
            f"{sent.waiting} results wait for the server{why}. They go with the next run, or with"
            " `spinescan dicomweb send`.",
            err=True,
        )
    return sent.waiting > 0
