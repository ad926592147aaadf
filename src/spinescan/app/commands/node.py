"""`spinescan node`: films that are sent to it, scanned, and the results sent on."""

import logging
import os
import signal
import ssl
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from spinescan.pacs.access import AllowList
    from spinescan.pacs.destination import Destination
    from spinescan.pacs.node import Node


@click.command()
@click.option("--aet", default="SPINESCAN", show_default=True, metavar="TITLE",
              help="Its own AE title, which senders must use.")  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", type=click.IntRange(0, 65535), default=11112, show_default=True,
              help="The port to listen at; 0 for any free one.")  # fmt: skip
@click.option(
    "--allow",
    "senders",
    metavar="AET@ADDRESS",
    multiple=True,
    help="Take films from this AE title at this address or network (repeatable); * stands for any"
    " of one of them. Without it, from this computer alone.",
)
@click.option("--send-to", metavar="AET@HOST:PORT", help="Send results there by C-STORE.")
@click.option(
    "--stow",
    metavar="URL",
    help="Send results to this DICOMweb server. The variables SPINESCAN_DICOMWEB_USER and"
    " SPINESCAN_DICOMWEB_PASSWORD, or SPINESCAN_DICOMWEB_TOKEN, tell it who asks.",
)
@click.option(
    "--ca-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="With --stow: trust the certificates (PEM) in this file, not those of the system.",
)
@click.option("--no-overlay", is_flag=True, help="Send the structured report alone.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder where films and results wait.  [default: the user's folder for SpineScan]",
)
@click.option("--keep-days", type=click.FloatRange(min=0, min_open=True), default=7.0,
              show_default=True, help="How long they may wait; then they are deleted.")  # fmt: skip
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True,
              help="Processes that scan.")  # fmt: skip
@click.option("--scan-seconds", type=click.FloatRange(min=1), default=60.0, show_default=True,
              help="How long a scan may take.")  # fmt: skip
@click.option("--waiting", type=click.IntRange(min=1), default=1000, show_default=True,
              help="Films that may wait for it; the next is told to come back.")  # fmt: skip
@click.option("--max-megabytes", type=click.IntRange(min=1), default=64, show_default=True,
              help="The largest object.")  # fmt: skip
@click.option("--max-pixels", type=click.IntRange(min=1), default=50_000_000, show_default=True,
              help="The largest film (rows x columns).")  # fmt: skip
@click.option("--max-associations", type=click.IntRange(min=2), default=16, show_default=True,
              help="Connections at once; half as many from one address.")  # fmt: skip
@click.option("--leave-megabytes", type=click.IntRange(min=0), default=1024, show_default=True,
              help="Room on the disk that films leave, for results.")  # fmt: skip
@click.option("--tls-cert", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Speak TLS only, with this certificate (PEM).")  # fmt: skip
@click.option("--tls-key", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Its private key (PEM).")  # fmt: skip
@click.option("--tls-ca", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Ask senders for a certificate that these (PEM) vouch for.")  # fmt: skip
@click.option(
    "--send-tls",
    is_flag=True,
    help="With --send-to: speak TLS, trust --tls-ca (or the system), and show --tls-cert.",
)
@click.option(
    "--bundle",
    "bundles",
    metavar="NAME|DIR",
    multiple=True,
    help="Use the model in this folder too (repeatable), as in `spinescan scan`.",
)
def node(
    aet: str,
    host: str,
    port: int,
    senders: tuple[str, ...],
    send_to: str | None,
    stow: str | None,
    ca_file: Path | None,
    no_overlay: bool,
    data: Path | None,
    keep_days: float,
    jobs: int,
    scan_seconds: float,
    waiting: int,
    max_megabytes: int,
    max_pixels: int,
    max_associations: int,
    leave_megabytes: int,
    tls_cert: Path | None,
    tls_key: Path | None,
    tls_ca: Path | None,
    send_tls: bool,
    bundles: tuple[str, ...],
) -> None:
    """Listen for films by DICOM (C-STORE), scan them, and send the results on.

    Each film's structured report and overlay go into the film's own study. A film is taken once it
    is on the disk; it is answered after a restart too. Ctrl+C or SIGTERM ends it.

    Research use only. Not a medical device; not for diagnosis or treatment decisions.
    """
    from spinescan.core.errors import MissingExtraError, SpineScanError

    try:
        from spinescan.io.sr import need_highdicom
        from spinescan.pacs.connection import ConnectionLimits
        from spinescan.pacs.listener import Address
        from spinescan.pacs.node import Node, NodeSettings
        from spinescan.pacs.queue import PacsQueue
        from spinescan.pacs.store_scu import ae_title

        need_highdicom()
    except (ModuleNotFoundError, MissingExtraError) as error:
        text = f"needs the extra dicom: pip install 'spinescan[dicom]' ({error})"
        raise click.ClickException(text) from error
    from datetime import timedelta

    from spinescan.app.pacs_tasks import scans
    from spinescan.infer.bundle import find_bundle
    from spinescan.io.limits import ReadLimits

    allowed = _allowed(senders, host)
    try:
        title = ae_title(aet)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--aet") from error
    tls = _listening_tls(tls_cert, tls_key, tls_ca)
    sending = _sending_tls(tls_cert, tls_key, tls_ca) if send_tls else None
    if send_tls and send_to is None:
        raise click.UsageError("--send-tls goes with --send-to.")
    if tls_key is not None and tls_cert is None:
        raise click.UsageError("--tls-key goes with --tls-cert.")
    if tls_ca is not None and tls_cert is None and not send_tls:
        raise click.UsageError("--tls-ca goes with --tls-cert, or with --send-tls.")
    if ca_file is not None and stow is None:
        raise click.UsageError("--ca-file goes with --stow.")
    destination = _destination(send_to, stow, title, ca_file, sending)
    bytes_each = max_megabytes * 2**20
    settings = NodeSettings(
        at=Address(host, port, title),
        allowed=allowed,
        limits=ConnectionLimits(
            connections=max_associations,
            connections_each=max_associations // 2,
            object_bytes=bytes_each,
        ),
        tls=tls,
        jobs=jobs,
        films_waiting=waiting,
        free_bytes=leave_megabytes * 2**20,
    )
    limits = ReadLimits(max_pixels=max_pixels, max_bytes=bytes_each)
    folder = (data or Path(click.get_app_dir("spinescan"))) / "node"
    _log_to_standard_error()
    try:
        found = tuple(find_bundle(bundle) for bundle in bundles)
        with (
            PacsQueue(folder, keep=timedelta(days=keep_days)) as queue,
            scans(jobs, found, limits=limits, overlay=not no_overlay, seconds=scan_seconds) as scan,
        ):
            if others := queue.waiting_elsewhere(destination.name):
                click.echo(
                    f"WARNING: {others} results wait for another receiver than {destination.name},"
                    " and are not sent to this one.",
                    err=True,
                )
            _run(Node(settings, folder, queue, scan, destination), host, title, scan.end)
    except SpineScanError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        where = error.filename or f"{host}:{port}"
        raise click.ClickException(f"{where}: {error.strerror}") from error


def _run(node: "Node", host: str, title: str, end_scans: "Callable[[], None]") -> None:
    over = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: over.set())
    node.start()
    click.echo(
        f"SpineScan listens as {title} at {host}:{node.port} - research use only. Ctrl+C ends it.",
        err=True,
    )
    over.wait()
    node.stop(end_scans=end_scans)


def _allowed(senders: tuple[str, ...], host: str) -> "AllowList":
    from spinescan.pacs.access import THIS_COMPUTER, AllowList, Sender, is_loopback

    if not senders and not is_loopback(host):
        raise click.UsageError(
            f"--host {host}: others may reach this address, so tell who may send (--allow)."
        )
    try:
        return AllowList(tuple(map(Sender.parse, senders))) if senders else THIS_COMPUTER
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--allow") from error


def _destination(
    send_to: str | None,
    stow: str | None,
    title: str,
    ca_file: Path | None,
    tls: ssl.SSLContext | None,
) -> "Destination":
    if (send_to is None) == (stow is None):
        raise click.UsageError("say where results go: one of --send-to and --stow.")
    if send_to is not None:
        from spinescan.pacs.store_scu import StoreDestination

        try:
            return StoreDestination.parse(send_to, calling_title=title, tls=tls)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--send-to") from error
    from spinescan.pacs.stow import StowDestination
    from spinescan.pacs.web_server import Login, WebServer

    assert stow is not None
    try:
        server = WebServer(stow, Login.from_environment(os.environ), ca_file)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--stow") from error
    if server.in_the_open:
        click.echo("Note: results and passwords cross the network unencrypted (http).", err=True)
    return StowDestination(server)


def _listening_tls(
    certificate: Path | None, key: Path | None, authority: Path | None
) -> ssl.SSLContext | None:
    if certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    _load(context, certificate, key, authority)
    if authority is not None:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _sending_tls(
    certificate: Path | None, key: Path | None, authority: Path | None
) -> ssl.SSLContext:
    context = ssl.create_default_context()
    _load(context, certificate, key, authority)
    return context


def _load(
    context: ssl.SSLContext, certificate: Path | None, key: Path | None, authority: Path | None
) -> None:
    try:
        if certificate is not None:
            context.load_cert_chain(certificate, key)
        if authority is not None:
            context.load_verify_locations(authority)
    except (ssl.SSLError, OSError) as error:
        raise click.UsageError(f"the certificate or key cannot be used ({error}).") from error


def _log_to_standard_error() -> None:
    """A line an event: counts and sizes, random names of films, and no words of theirs."""
    from spinescan.pacs.node import log

    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    log.handlers = [handler]
    log.setLevel(logging.INFO)
    log.propagate = False
    # Libraries repeat values that they do not like, which are a stranger's, or a patient's.
    warnings.simplefilter("ignore")
    for library in ("pydicom", "pynetdicom"):
        logging.getLogger(library).propagate = False
