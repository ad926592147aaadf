"""`spinescan deidentify`: films without their patients, to be passed on (extra `dicom`)."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from spinescan.app.deidentify import CleanFolder


@click.command()
@click.argument("sources", metavar="FILE|FOLDER...", nargs=-1, required=True)
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="An empty folder for the films, one folder a patient, and films.csv.",
)
@click.option(
    "--key",
    "key_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file with the secret that makes the new names; made if it is not there. With it,"
    " another run gives a patient the same name. Without it names are random.",
)
@click.option(
    "--mapping",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write which film became which into this new file (CSV). It undoes the de-identification:"
    " keep it with the films, never with the result.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON record a line (JSON Lines).")
@click.pass_context
def deidentify(
    ctx: click.Context,
    sources: tuple[str, ...],
    out: Path,
    key_file: Path | None,
    mapping: Path | None,
    as_json: bool,
) -> None:
    """Copy films without their patients (extra: pip install 'spinescan[dicom]').

    DICOM by the Basic Application Level Confidentiality Profile (PS3.15 Annex E), encoding and
    picture unchanged; other pictures as PNG without metadata. Names of files and folders are new.

    TEXT IN THE PICTURE STAYS. Films whose header admits it, or on which some is seen (extra
    'study'), are put into OUT/check: look at them. That none is seen does not mean that there is
    none.

    Exit code 0: all films written; 1: some film failed; 2: wrong usage; 130: interrupted.

    Research use only. Not a medical device; not for diagnosis or treatment decisions.
    """
    from spinescan.app.deidentify import CleanFolder, table
    from spinescan.app.progress import answers_with_bar
    from spinescan.app.results import is_result
    from spinescan.core.errors import MissingExtraError, SpineScanError
    from spinescan.io.deidentify import Pseudonyms, need_anonymizer
    from spinescan.io.read import iter_films

    for option, path in (("--key", key_file), ("--mapping", mapping)):
        if path is not None and out.resolve() in path.resolve().parents:
            raise click.UsageError(f"{option} must not lie in --out, which is passed on.")
    try:
        need_anonymizer()
        _make_empty(out)
        names = Pseudonyms.random() if key_file is None else Pseudonyms.of_file(key_file)
    except MissingExtraError as error:
        raise click.UsageError(str(error)) from error
    except SpineScanError as error:
        raise click.BadParameter(str(error), param_hint="--key") from error
    told = None if mapping is None else _private_file(mapping)
    films = [film for film in iter_films(sources) if not is_result(film)]
    folder = CleanFolder(out, names)
    failed = 0
    interrupted = False
    try:
        with answers_with_bar(len(films)) as show:
            for film in films:
                record = folder.add(film)
                failed += "error" in record
                show(json.dumps(record, ensure_ascii=False) if as_json else _describe(record))
    except KeyboardInterrupt:
        interrupted = True  # what was written is told, all the same
    try:
        folder.write_table()
        if told is not None:
            with os.fdopen(told, "wb") as stream:
                stream.write(table([("source", "file"), *folder.origins.items()]))
    except OSError as error:
        raise click.ClickException(f"{out}: {error.strerror or error}") from error
    _tell(folder, failed)
    if not films:
        click.echo("No films found.", err=True)
    ctx.exit(130 if interrupted else 1 if failed or not films else 0)


def _make_empty(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        empty = not any(out.iterdir())
    except OSError as error:
        raise click.UsageError(f"--out {out}: {error.strerror}.") from error
    if not empty:
        raise click.UsageError(f"--out {out}: expected an empty folder.")


def _private_file(path: Path) -> int:
    """A new file that its owner alone may read."""
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise click.UsageError(f"--mapping {path}: {error.strerror}.") from error


def _describe(record: dict[str, Any]) -> str:
    if "error" in record:
        message = "".join(c if c.isprintable() else "?" for c in record["error"]["message"])
        return f"failed ({record['error']['kind']}): {message}"
    look = ": text, look at it" if record["check"] else ""
    return f"{record['file']}{look}"


def _tell(folder: "CleanFolder", failed: int) -> None:
    """The sum on standard error, with what is left to do by eye."""
    rows = folder.rows.values()
    check = sum(row.to_check for row in rows)
    patients = len({row.patient for row in rows if row.patient})
    click.echo(f"{len(rows)} films of {patients} patients written; {failed} failed.", err=True)
    if check:
        click.secho(
            f"{check} of them in {folder.out / 'check'}: their header says that text is burned in,"
            " or text was seen. It may name the patient and was NOT removed: look at each.",
            fg="yellow",
            err=True,
        )
    if any(row.text_seen == "not looked" for row in rows):
        click.echo(
            "Nobody looked for text in the pictures: that needs pip install 'spinescan[study]'.",
            err=True,
        )
    if len(rows) > check:
        click.echo(
            f"On {len(rows) - check} films no text was admitted or seen; there may be some.",
            err=True,
        )
