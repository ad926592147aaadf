"""`spinescan serve`: the page and the API."""

import hashlib
import logging
import os
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path

import click

TOKEN = "SPINESCAN_TOKEN"
_SHORTEST = 16


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True,
              help="The port to listen at.")  # fmt: skip
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder for films and cases.  [default: the user's folder for SpineScan]",
)
@click.option(
    "--token-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Ask for a token. One a line, as NAME:TOKEN; the names go into the trail of a case. The"
    f" variable {TOKEN} holds a single one.",
)
@click.option(
    "--allow-host",
    "hosts",
    metavar="NAME",
    multiple=True,
    help="Answer requests to this host name, such as a proxy's, too (repeatable; needs a token).",
)
@click.option(
    "--allow-urls",
    is_flag=True,
    help="Fetch films from the public addresses that requests name; never from private ones.",
)
@click.option("--jobs", type=click.IntRange(min=1), default=2, show_default=True,
              help="Processes that scan.")  # fmt: skip
@click.option("--waiting", type=click.IntRange(min=0), default=16, show_default=True,
              help="Requests that may wait for one; the next is told to come back.")  # fmt: skip
@click.option("--keep-minutes", type=click.FloatRange(min=0, min_open=True), default=60.0,
              show_default=True, help="How long films are kept that are in no case.")  # fmt: skip
@click.option("--scan-seconds", type=click.FloatRange(min=1), default=60.0, show_default=True,
              help="How long a scan may take.")  # fmt: skip
@click.option("--max-megabytes", type=click.IntRange(min=1), default=64, show_default=True,
              help="The largest file of a film.")  # fmt: skip
@click.option("--max-pixels", type=click.IntRange(min=1), default=50_000_000, show_default=True,
              help="The largest film (rows x columns).")  # fmt: skip
@click.option(
    "--bundle",
    "bundles",
    metavar="NAME|DIR",
    multiple=True,
    help="Use the model in this folder too (repeatable), as in `spinescan scan`.",
)
def serve(
    host: str,
    port: int,
    data: Path | None,
    token_file: Path | None,
    hosts: tuple[str, ...],
    allow_urls: bool,
    jobs: int,
    waiting: int,
    keep_minutes: float,
    scan_seconds: float,
    max_megabytes: int,
    max_pixels: int,
    bundles: tuple[str, ...],
) -> None:
    """Serve the page, with a viewer whose landmarks can be moved, and the API.

    Listens on this machine alone, unless a token is asked for. Put a proxy that speaks TLS in front
    of it before it listens elsewhere: tokens and films would cross the network in the open.

    Research use only. Not a medical device; not for diagnosis or treatment decisions.
    """
    from spinescan.core.errors import MissingExtraError, SpineScanError

    try:
        import uvicorn

        from spinescan.app.web.server import create_app
        from spinescan.app.web.settings import LOOPBACK_HOSTS, WebSettings
    except ModuleNotFoundError as error:
        raise click.ClickException(
            str(MissingExtraError(f"needs the extra web: pip install 'spinescan[web]' ({error})"))
        ) from error
    from spinescan.infer.bundle import find_bundle

    tokens = read_tokens(token_file, os.environ)
    reached = [f"--host {host}"] if not _is_loopback(host) else []
    reached += [f"--allow-host {name}" for name in hosts]
    if not tokens and reached:
        raise click.UsageError(
            f"{reached[0]}: others may reach this address, so a token is needed (--token-file or"
            f" {TOKEN})."
        )
    shown = f"[{host}]" if ":" in host else host  # as a Host header, and an address, has it
    named = () if host in ("0.0.0.0", "::") else (shown,)
    try:
        settings = WebSettings(
            data=data or Path(click.get_app_dir("spinescan")),
            tokens=tokens,
            hosts=(*LOOPBACK_HOSTS, *(name.lower() for name in (*named, *hosts))),
            jobs=jobs,
            waiting=waiting,
            scan_seconds=scan_seconds,
            keep_minutes=keep_minutes,
            max_bytes=max_megabytes * 2**20,
            max_pixels=max_pixels,
            allow_urls=allow_urls,
            bundles=tuple(find_bundle(bundle) for bundle in bundles),
        )
        app = create_app(settings)
    except SpineScanError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from error
    click.echo(
        f"SpineScan serves http://{shown}:{port} - research use only. Ctrl+C ends it.", err=True
    )
    _log_to_standard_error()
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,  # it would hold paths and query strings
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
    )


def _log_to_standard_error() -> None:
    """A line a request: what the server's own log says, which holds no names and no paths."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    log = logging.getLogger("spinescan.web")
    log.handlers = [handler]
    log.setLevel(logging.INFO)


def read_tokens(path: Path | None, environment: Mapping[str, str]) -> dict[str, str]:
    """The names of the tokens in a file (NAME:TOKEN a line) and the environment, by digest.

    Raises
    ------
    click.UsageError
        If a line is no such pair, a token is short enough to be guessed or cannot be sent in a
        header, or the file holds none.
    """
    try:
        lines = [] if path is None else path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError("--token-file: the file cannot be read as text.") from error
    pairs = [line.strip().partition(":") for line in lines if line.strip()]
    if path is not None and not pairs:
        raise click.UsageError("--token-file: there is no token in the file.")
    if TOKEN in environment:  # one that is empty is a mistake, and no wish to do without
        pairs.append(("token", ":", environment[TOKEN]))
    tokens = {}
    for name, _, token in pairs:
        if not name.strip() or len(token.strip()) < _SHORTEST:
            raise click.UsageError(
                f"a token needs a name and {_SHORTEST} characters or more (NAME:TOKEN)."
            )
        if not token.strip().isascii():
            raise click.UsageError(
                "a token has ASCII characters only: others are sent in two ways."
            )
        tokens[hashlib.sha256(token.strip().encode()).hexdigest()] = name.strip()
    return tokens


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
