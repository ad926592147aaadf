"""`spinescan scan`: films in, reports out."""

from pathlib import Path
from typing import TYPE_CHECKING, get_args
from urllib.parse import urlsplit

import click

from spinescan.app.commands.answers import print_records
from spinescan.core.told import AgeGroup, Posture, Told

if TYPE_CHECKING:
    from spinescan.app.batch import Load
    from spinescan.io.deidentify import Pseudonyms


@click.command()
@click.argument("sources", metavar="FILE|FOLDER|URL...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON report a line (JSON Lines).")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write report.json, overlay.png and page.html of each film into a folder of its own here.",
)
@click.option(
    "--bundle",
    "bundles",
    metavar="NAME|DIR",
    multiple=True,
    help="Use the model in this folder too (repeatable): a classifier beside those that ship, or a"
    " landmark model in place of the one that ships; or one that ships and answers only where it is"
    " named.",
)
@click.option(
    "--heat-map",
    "heat_maps",
    is_flag=True,
    help="Draw where each classifier looked, into --out. Takes some seconds a film where the model"
    " has no class activation maps.",
)
@click.option(
    "--pdf",
    is_flag=True,
    help="Write report.pdf, one page a film to file, into --out too. Needs the extra 'pdf'.",
)
@click.option(
    "--sr",
    is_flag=True,
    help="Write report.dcm, a DICOM structured report in the film's study, into --out too. For"
    " DICOM films; needs the extra 'dicom'.",
)
@click.option(
    "--sc",
    is_flag=True,
    help="Write overlay.dcm, the overlay as a DICOM picture in the film's study, into --out too."
    " For DICOM films; needs the extra 'dicom'.",
)
@click.option(
    "--in-brace",
    is_flag=True,
    help="The films were taken in a brace, which is seldom seen on them: no ALS type is given.",
)
@click.option(
    "--age",
    type=click.Choice(get_args(AgeGroup)),
    help="The patients' age group (up to 9, 10 to 17, from 18 years): norms of the sagittal shape"
    " that were made for others are not used.",
)
@click.option(
    "--posture",
    type=click.Choice(get_args(Posture)),
    help="How the patients stood or lay: norms of the sagittal shape that were made for the other"
    " posture are not used.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    help="Worker processes. With 2 or more, a film that crashes its reader costs no other film."
    "  [default: 1; with --engine ray one on each CPU]",
)
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="Where the work is done: on this machine, or by Ray, on the cluster that RAY_ADDRESS names"
    " (or a Ray of its own on this machine). Needs the extra 'cluster'; all machines must see the"
    " films and --out.",
)
@click.option(
    "--resume", is_flag=True, help="Do not scan again what an earlier run wrote into --out."
)
@click.option(
    "--anonymous",
    is_flag=True,
    help="Leave file names and digests out of all output, and give patient and study new names in"
    " what --sr and --sc write (DICOM's Basic Profile). The picture itself stays as it is.",
)
@click.option(
    "--key",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Make those new names with the key in this file, as `spinescan deidentify --key` does, so"
    " that results and de-identified films go together.  [default: new names with each run]",
)
@click.option(
    "--max-pixels",
    type=click.IntRange(min=1),
    help="Refuse larger films (rows x columns).  [default: the reader's limit]",
)
@click.pass_context
def scan(
    ctx: click.Context,
    sources: tuple[str, ...],
    as_json: bool,
    out: Path | None,
    bundles: tuple[str, ...],
    heat_maps: bool,
    pdf: bool,
    sr: bool,
    sc: bool,
    in_brace: bool,
    age: AgeGroup | None,
    posture: Posture | None,
    jobs: int | None,
    engine: str,
    resume: bool,
    anonymous: bool,
    key: Path | None,
    max_pixels: int | None,
) -> None:
    """Read films: files, all films in folders, and http(s) addresses; files and folders in object
    storage too (s3://..., gs://..., az://...; needs the extra 'cluster').

    Prints a few lines a film, or with --json one report a line. A film that fails is one of the
    answers and stops nothing. Exit code 0: all films read; 1: some film failed; 2: wrong usage;
    130: interrupted.

    Research use only. Not a medical device; not for diagnosis or treatment decisions.
    """
    from spinescan.app.batch import Settings, scan_batch
    from spinescan.app.cluster import ClusterError, scan_on_ray
    from spinescan.app.results import is_result, read_index
    from spinescan.io.storage import all_films

    _check_engine(sources, engine, out)
    if resume and out is None:
        raise click.UsageError("--resume needs --out, the folder of the earlier run.")
    if resume and anonymous:
        raise click.UsageError("--resume cannot go with --anonymous: it would keep digests.")
    if heat_maps and out is None:
        raise click.UsageError("--heat-map needs --out, the folder for the pictures.")
    if pdf:
        _check_pdf(out)
    if sr or sc:
        _check_dicom(out)
    if key is not None and not (anonymous and (sr or sc)):
        raise click.UsageError("--key goes with --anonymous and --sr or --sc.")
    load = loader(bundles, in_workers=engine == "ray" or (jobs or 1) > 1)
    films = (film for film in all_films(sources) if not is_result(film))
    if out is not None:
        make_folder(out)
        if anonymous and any(out.glob("film-*")):
            raise click.UsageError(f"--anonymous: {out} holds films already; choose another --out.")
    try:
        done = read_index(out) if out is not None and resume else frozenset()
    except OSError as error:
        raise click.UsageError(f"--resume: {error}.") from error
    settings = Settings(
        out=out,
        anonymous=anonymous,
        max_pixels=max_pixels,
        done=done,
        heat_maps=heat_maps,
        pdf=pdf,
        sr=sr,
        sc=sc,
        pseudonyms=_pseudonyms(key) if anonymous and (sr or sc) else None,
        told=Told(in_brace=in_brace, age=age, posture=posture),
    )
    count: int | None = None
    if engine == "ray":
        records = scan_on_ray(films, settings, jobs=jobs, load=load)
    else:
        listed = list(films)
        count = len(listed)
        records = scan_batch(listed, settings, jobs=jobs or 1, load=load)
    try:
        failed = print_records(ctx, records, count, as_json=as_json)
    except ClusterError as error:
        raise click.ClickException(str(error)) from error
    ctx.exit(1 if failed else 0)


def _check_engine(sources: tuple[str, ...], engine: str, out: Path | None) -> None:
    from spinescan.app.cluster import need_ray
    from spinescan.core.errors import MissingExtraError
    from spinescan.io.storage import need_filesystem, protocol_of

    if any(_has_password(source) for source in sources):  # not repeated: it would be in logs
        raise click.UsageError("An address with a password in it would stand in every report.")
    try:
        if engine == "ray":
            need_ray()
        for source in sources:
            need_filesystem(source)
    except MissingExtraError as error:
        raise click.UsageError(str(error)) from error
    if out is not None and ":/" in str(out):
        raise click.UsageError(f"--out {out}: results go into a folder, not into object storage.")
    if engine == "ray" and any(protocol_of(source) == "memory" for source in sources):
        raise click.UsageError("--engine ray cannot see memory://, which is of one process.")


def _has_password(source: str) -> bool:
    try:
        return "://" in source and urlsplit(source).password is not None
    except ValueError:  # no address after all: reading it will tell
        return False


def _check_pdf(out: Path | None) -> None:
    from spinescan.core.errors import MissingExtraError
    from spinescan.io.pdf import need_reportlab

    if out is None:
        raise click.UsageError("--pdf needs --out, the folder for the pages.")
    try:
        need_reportlab()
    except MissingExtraError as error:
        raise click.UsageError(str(error)) from error


def _check_dicom(out: Path | None) -> None:
    from spinescan.core.errors import MissingExtraError
    from spinescan.io.sr import need_highdicom

    if out is None:
        raise click.UsageError("--sr and --sc need --out, the folder for the DICOM files.")
    try:
        need_highdicom()
    except MissingExtraError as error:
        raise click.UsageError(str(error)) from error


def _pseudonyms(key: Path | None) -> "Pseudonyms":
    from spinescan.core.errors import SpineScanError
    from spinescan.io.deidentify import Pseudonyms, need_anonymizer

    try:
        need_anonymizer()
        return Pseudonyms.random() if key is None else Pseudonyms.of_file(key)
    except SpineScanError as error:
        raise click.UsageError(str(error)) from error


def make_folder(out: Path) -> None:
    """The folder for results; one that cannot be made is wrong usage."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.UsageError(f"--out {out}: {error.strerror}.") from error


def loader(bundles: tuple[str, ...], *, in_workers: bool) -> "Load":
    """What makes the scanner; a bundle that cannot be used is wrong usage, before any film."""
    from functools import partial

    from spinescan.app.batch import scanner_with, shipped_scanner
    from spinescan.core.errors import BundleError
    from spinescan.infer.bundle import find_bundle

    if not bundles:
        return shipped_scanner
    try:
        folders = tuple(find_bundle(bundle) for bundle in bundles)
        scanner = scanner_with(folders, None)
    except BundleError as error:
        raise click.BadParameter(str(error), param_hint="--bundle") from error
    return partial(scanner_with, folders) if in_workers else lambda threads: scanner
