"""`spinescan readers`: how well readers agree with each other and with SpineScan."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from spinescan.app.readers.blind import BlindFilm
    from spinescan.study.readers.figures import Study
    from spinescan.study.readers.key import Key

ASKED = ("als7", "sagittal3", "fraiwan3", "kyphosis", "lordosis", "scoliosis")


@click.group()
def readers() -> None:
    """Let your own readers read your own films, blinded, and measure how well they agree.

    Research use only. Not a medical device; not for diagnosis or treatment decisions.
    """


@readers.command()
@click.argument("sources", metavar="FILM|FOLDER|MANIFEST...", nargs=-1, required=True)
@click.option(
    "--out",
    required=True,
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="An empty folder for the key and a folder for each reader.",
)
@click.option(
    "--readers",
    "who",
    default="2",
    show_default=True,
    metavar="A,B|N",
    help="The readers' names, or how many; pseudonyms are best.",
)
@click.option(
    "--task",
    "tasks",
    multiple=True,
    type=click.Choice(ASKED),
    help="What is asked; may be given several times. als7 asks for the type and the curves of"
    " frontal films, sagittal3 for the shape, kyphosis and lordosis of lateral ones.  [default:"
    " als7]",
)
@click.option(
    "--repeat",
    default="0",
    show_default=True,
    metavar="K|SHARE",
    help="So many films, or such a share of them (0.2), are shown twice to each reader, unmarked.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    help="Of the orders. The same films and seed give the same orders.  [default: at random]",
)
@click.option(
    "--group",
    metavar="REGEX",
    help="What in a film's path names the person: the first bracket of a regular expression. A"
    " manifest tells it already.  [default: each film is a person]",
)
@click.option(
    "--longest",
    type=click.IntRange(min=400, max=4096),
    default=2000,
    show_default=True,
    metavar="PX",
    help="The longer side of a film in the form; larger ones are reduced to it.",
)
@click.option("--paper", is_flag=True, help="Print forms as well (extra: 'spinescan[pdf]').")
@click.option(
    "--paper-size",
    type=click.Choice(["A4", "Letter"]),
    default="A4",
    show_default=True,
    help="What --paper is printed on.",
)
@click.pass_context
def new(
    ctx: click.Context,
    sources: tuple[str, ...],
    out: Path,
    who: str,
    tasks: tuple[str, ...],
    repeat: str,
    seed: int | None,
    group: str | None,
    longest: int,
    paper: bool,
    paper_size: Any,
) -> None:
    """Make a blinded set of films, and a form for each reader.

    A form is one HTML file that needs no server and no network: the films in an order of the
    reader's own, without name, header or any answer of SpineScan. DIR/key.json tells which film is
    which: keep it from the readers, and give each reader only the folder with his or her name.

    TEXT IN THE PICTURE STAYS. Films on which some is admitted or seen (extra 'study') are named.

    Exit code 0: all films are in the set; 1: some are not; 2: wrong usage.

    Research use only. Not a medical device; not for diagnosis or treatment decisions.
    """
    import secrets

    from spinescan.app.progress import answers_with_bar
    from spinescan.app.readers.blind import blind_films, find_films
    from spinescan.app.readers.make import new_key, write_set
    from spinescan.core.errors import SpineScanError
    from spinescan.io.pdf import need_reportlab

    names = _names(who)
    _need_empty(out)
    try:
        if paper:
            need_reportlab()
        found = find_films(sources, group)
        with answers_with_bar(len(found)) as show:
            films, left_out = blind_films(found, longest=longest, on_film=lambda: show(""))
        for line in left_out:
            click.echo(line, err=True)
        if not films:
            raise click.ClickException("no film could be read; nothing was written")
        key = new_key(
            films,
            names,
            tuple(dict.fromkeys(tasks)) or ("als7",),
            repeats=_repeats(repeat, len(films)),
            seed=secrets.randbelow(2**31) if seed is None else seed,
        )
        written = write_set(out, key, films, paper=paper_size if paper else None)
    except SpineScanError as error:
        raise click.UsageError(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename or out}: {error.strerror}") from error
    _tell_set(key, films, written)
    ctx.exit(1 if left_out else 0)


@readers.command()
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, path_type=Path))
@click.argument(
    "files",
    metavar="ANSWERS...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option(
    "--out",
    required=True,
    metavar="REPORT",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for readers.html and readers.json.",
)
@click.option(
    "--reports",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="SpineScan's answers of an earlier run, as `spinescan scan --json` printed them. "
    "[default: the films are scanned now]",
)
@click.option("--no-scan", is_flag=True, help="Compare readers only.")
@click.option(
    "--manifest",
    "table",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write what most readers say as labels into this manifest, a CSV; films without a"
    " majority are left out and listed.",
)
@click.option(
    "--least",
    type=click.FloatRange(0.5, 1, max_open=True),
    default=0.5,
    show_default=True,
    metavar="SHARE",
    help="For --manifest: more than this share of the readers must agree.",
)
@click.option(
    "--all-readers", is_flag=True, help="For --manifest: each reader's answer in a column, too."
)
@click.option(
    "--draws",
    type=click.IntRange(min=200),
    default=2000,
    show_default=True,
    help="Bootstrap draws behind the intervals.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the draws."
)
def collect(
    folder: Path,
    files: tuple[Path, ...],
    out: Path,
    reports: Path | None,
    no_scan: bool,
    table: Path | None,
    least: float,
    all_readers: bool,
    draws: int,
    seed: int,
) -> None:
    """Measure how well the readers of the set in DIR agree, from their ANSWERS.

    ANSWERS are the files that the forms gave, or the tables that answers on paper were typed into.
    Kappa and percent agreement of types, ICC and Bland-Altman of angles, end vertebrae; between
    readers, within a reader (films shown twice), and of readers and their consensus with SpineScan.
    Each figure has n and a 95 % bootstrap interval over persons.

    Plots need the extra: pip install 'spinescan[study]'. Research use only. Not a medical device;
    not for diagnosis or treatment decisions.
    """
    import json

    from spinescan.core.errors import SpineScanError
    from spinescan.core.report import RESEARCH_USE
    from spinescan.study.pages.readers import render_readers
    from spinescan.study.readers.answers import read_all
    from spinescan.study.readers.figures import Study, study_figures
    from spinescan.study.readers.key import read_key

    if no_scan and reports is not None:
        raise click.UsageError("--reports and --no-scan exclude each other.")
    try:
        key = read_key(folder)
        answers = read_all(files, key)
        records = None if no_scan else _records(key, reports)
        study = Study(key, answers, records)
        values = study_figures(study, samples=draws, seed=seed)
        out.mkdir(parents=True, exist_ok=True)
        text = json.dumps(values, indent=1, allow_nan=False, ensure_ascii=False)
        (out / "readers.json").write_text(text + "\n", encoding="utf-8")
        (out / "readers.html").write_text(render_readers(values), encoding="utf-8")
        for sentence in values["conclusions"]:
            click.echo(sentence)
        for sentence in values["warnings"]:
            click.echo(f"note: {sentence}")
        if table is not None:
            _export(study, table, least, all_readers)
    except SpineScanError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename or out}: {error.strerror}") from error
    click.echo(RESEARCH_USE)
    for file in ("readers.html", "readers.json"):
        click.echo(out / file)


def _names(who: str) -> list[str]:
    """The readers' names: given, or A, B, C for a number."""
    from spinescan.study.readers.key import check_reader

    if who.isdigit():
        if not 1 <= int(who) <= 26:
            raise click.BadParameter("from 1 to 26 readers, or their names", param_hint="--readers")
        return [chr(ord("A") + i) for i in range(int(who))]
    names = [name.strip() for name in who.split(",")]
    try:
        for name in names:
            check_reader(name)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--readers") from error
    return names


def _repeats(told: str, films: int) -> int:
    """How many films are shown twice: a number, or a share with a point in it."""
    try:
        count = round(float(told) * films) if "." in told else int(told)
    except ValueError:
        count = -1
    if not 0 <= count <= films:
        raise click.BadParameter(
            f"a number from 0 to {films}, or a share such as 0.2, got {told!r}",
            param_hint="--repeat",
        )
    return count


def _need_empty(out: Path) -> None:
    try:
        empty = not out.exists() or not any(out.iterdir())
    except OSError as error:
        raise click.UsageError(f"--out {out}: {error.strerror}.") from error
    if not empty:
        raise click.UsageError(f"--out {out}: expected an empty folder.")


def _tell_set(key: "Key", films: "tuple[BlindFilm, ...]", written: tuple[Path, ...]) -> None:
    from spinescan.app.deidentify import can_look
    from spinescan.core.report import RESEARCH_USE

    shown = len(next(iter(key.readers.values())))
    click.echo(
        f"{len(films)} films of {len({f.known.group for f in films})} persons for"
        f" {', '.join(key.readers)}; {shown - len(films)} shown twice; seed {key.seed}"
    )
    click.echo(f"{written[0]}  keep it from the readers")
    for folder in written[1:]:
        click.echo(f"{folder}  for reader {folder.name}")
    click.echo(RESEARCH_USE)
    text = [film.known.file for film in films if film.text]
    if text:
        click.secho(
            f"On {len(text)} films text is burned in, which may name the patient or tell the answer"
            " and was NOT removed; look at them:",
            fg="yellow",
            err=True,
        )
        for name in text:
            click.echo(f"  {name}", err=True)
    if not can_look():
        click.echo(
            "Nobody looked for text in the pictures: that needs pip install 'spinescan[study]'.",
            err=True,
        )


def _records(key: "Key", reports: Path | None) -> dict[str, Any]:
    """SpineScan's answers by the film's digest: an earlier run's, or those of now.

    To be asked for its task is to be named, for a model that answers only where it is named.
    """
    from spinescan.app.batch import scanner_with
    from spinescan.app.progress import answers_with_bar
    from spinescan.core.errors import SpineScanError
    from spinescan.core.report import failure_dict
    from spinescan.data.manifest_films import read_reports
    from spinescan.infer.bundle import shipped_bundles
    from spinescan.io.read import read_radiograph

    if reports is not None:
        return dict(read_reports(reports))
    scanner = scanner_with(tuple(f for f in shipped_bundles() if f.name in key.tasks), None)
    found: dict[str, Any] = {}
    with answers_with_bar(len(key.films)) as show:
        for film in key.films:
            try:
                read = read_radiograph(film.file)
                if read.sha256 != film.sha256:
                    raise SpineScanError(f"{film.file}: not the file that was shown to readers")
                found[film.sha256] = scanner.scan(read).to_dict(film.file)
            except SpineScanError as error:
                found[film.sha256] = failure_dict(error.kind, str(error), film.file)
                click.echo(str(error), err=True)
            show("")
    return found


def _export(study: "Study", table: Path, least: float, all_readers: bool) -> None:
    from spinescan.study.readers.export import export_labels

    manifest, left = export_labels(study, table, least=least, all_readers=all_readers)
    for film in left:
        click.echo(f"left out: {film.file}: {film.task}: {film.why}", err=True)
    if manifest is None:
        click.echo(f"{table}: not written, no film has a label", err=True)
        return
    click.echo(f"{table}: {len(manifest.films)} labelled films, {len(left)} answers left out")
