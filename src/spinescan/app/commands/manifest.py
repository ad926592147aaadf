"""`spinescan manifest`: labelled films, however they are kept, as one table."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spinescan.data.labelled import FoundFilm
    from spinescan.data.manifest import Manifest

LAYOUTS = ("folders", "prefix", "csv", "fraiwan", "aasce", "boxes", "others")
_OF_PEOPLE = ("folders", "prefix", "csv")
_SHARE = click.FloatRange(0, 1, max_open=True)


@click.command()
@click.argument(
    "sources",
    metavar="SOURCE...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, path_type=Path),
)
@click.option(
    "--layout",
    type=click.Choice(LAYOUTS),
    required=True,
    help="How SOURCE is kept. folders: a folder a class; prefix: names such as 3CH_image1.jpg; csv:"
    " a table, or a manifest; fraiwan, aasce: these published sets, as downloaded; boxes: a set"
    " with boxes.csv; others: films that are no spine.",
)
@click.option(
    "--task",
    help="What the labels answer, and the name of their column: als7, fraiwan3, sagittal3, view, or"
    " a name of your own.  [default: fraiwan3 for that layout]",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The manifest to write, a CSV.",
)
@click.option(
    "--group",
    metavar="REGEX",
    help="What in a film's path below SOURCE names the person: the first bracket of a regular"
    " expression, such as '^(P[0-9]+)'.  [default: a table's column, else each film is a person]",
)
@click.option("--source", "source_name", help="Where the films come from: the column source.")
@click.option("--licence", help="On which terms: the column licence.")
@click.option(
    "--view", type=click.Choice(["frontal", "lateral", "other"]), help="The view of all films."
)
@click.option(
    "--join",
    metavar="AUDIT",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Make one person of the films that an audit.json found to be the same.",
)
@click.option(
    "--split",
    type=click.Choice(["train", "validation", "test"]),
    help="Where films go that no source puts into a split, such as sets that are to teach only.",
)
@click.option("--test", type=_SHARE, metavar="SHARE", help="Hold out this share for the test.")
@click.option("--validation", type=_SHARE, metavar="SHARE", help="And this share for validation.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the split."
)
def manifest(
    sources: tuple[Path, ...],
    layout: str,
    task: str | None,
    out: Path,
    group: str | None,
    join: Path | None,
    split: str | None,
    test: float | None,
    validation: float | None,
    seed: int,
    **told: Any,
) -> None:
    """List labelled films in a manifest: file, digest, person, view, source, licence, labels.

    Several sources of one layout become one table; persons of the same name are then one person.
    Every film is read; if one cannot be, nothing is written and the film is named. --test and
    --validation split the films of the task by person, with equal shares of every class, whatever
    splits the sources name. Prints how many films and persons each class has, and whether they can
    train a model.
    """
    from spinescan.app.progress import answers_with_bar
    from spinescan.core.errors import SpineScanError
    from spinescan.data.checks import task_of
    from spinescan.data.labelled import with_groups, with_joined_groups, write_labelled
    from spinescan.data.manifest import write_manifest
    from spinescan.data.split import with_split

    if layout == "fraiwan" and task is None:
        task = "fraiwan3"
    if layout in _OF_PEOPLE and task is None:
        raise click.UsageError(f"--layout {layout} needs --task: what do the labels answer?")
    if split is not None and (test or validation):
        raise click.UsageError("--split is for films that --test and --validation leave alone.")
    if task is None and (test or validation):
        raise click.UsageError("--test and --validation split the films of a --task.")
    try:
        films: list[FoundFilm] = []
        for source in sources:
            found = _found(source, layout, task or "")
            films += found if group is None else with_groups(found, group, _folder(source))
        films = _with_told(films, told, split)
        with answers_with_bar(len(films)) as show:
            made = write_labelled(films, out, on_film=lambda: show(""))
        if join is not None:
            made = with_joined_groups(made, _same_films(join))
        if task is not None and (test or validation):
            made = with_split(
                made, task_of(made, task), seed, validation=validation or 0.0, test=test or 0.0
            )
        write_manifest(made, out)
    except SpineScanError as error:
        raise click.ClickException(str(error)) from error
    except ValueError as error:
        raise click.UsageError(f"{error}.") from error
    except OSError as error:
        raise click.ClickException(f"{out}: {error.strerror or error}") from error
    _print(made, out, task)


def _found(source: Path, layout: str, task: str) -> "tuple[FoundFilm, ...]":
    from spinescan.data import labelled, published

    if layout in ("folders", "prefix", "csv"):
        find = {
            "folders": labelled.find_in_folders,
            "prefix": labelled.find_by_prefix,
            "csv": labelled.find_in_table,
        }[layout]
        return find(source, task)
    return {
        "fraiwan": published.find_fraiwan,
        "aasce": published.find_aasce,
        "boxes": published.find_boxed,
        "others": published.find_others,
    }[layout](source)


def _folder(source: Path) -> Path:
    return source if source.is_dir() else source.parent


def _with_told(
    films: "Sequence[FoundFilm]", told: dict[str, str | None], split: str | None
) -> "list[FoundFilm]":
    """The films with what the options say of all of them, and of those without a split."""
    from dataclasses import replace

    names = {"source": told["source_name"], "licence": told["licence"], "view": told["view"]}
    given: dict[str, Any] = {name: value for name, value in names.items() if value is not None}
    films = [replace(film, **given) for film in films]
    homeless: dict[str, Any] = {} if split is None else {"split": split}
    return [film if film.split else replace(film, **homeless) for film in films]


def _same_films(audit: Path) -> list[tuple[str, str]]:
    """The pairs of films, by digest, that an audit found to be the same."""
    import json

    from spinescan.core.errors import DataError

    try:
        pairs = json.loads(audit.read_text(encoding="utf-8"))["duplicates"]["pairs"]
        return [(pair["a"]["sha256"], pair["b"]["sha256"]) for pair in pairs]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{audit}: not an audit.json ({error!r})") from error


def _print(made: "Manifest", out: Path, task: str | None) -> None:
    from spinescan.core.errors import DataError
    from spinescan.data.checks import check_task, label_of, task_of

    persons = len({film.group for film in made.films})
    click.echo(f"{out}: {len(made.films)} films of {persons} persons")
    if task is None:
        return
    try:
        question = task_of(made, task)
        for code in question.codes:
            films = [f for f in made.films if label_of(f, question) == code]
            click.echo(f"  {code}: {len(films)} films of {len({f.group for f in films})} persons")
        check_task(made, question, read=False)
    except DataError as error:
        click.echo(f"  cannot train a model yet: {error}", err=True)
