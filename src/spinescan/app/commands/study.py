"""`spinescan study`: questions that films answer, by a protocol written before (extra `train`)."""

from pathlib import Path
from typing import Any

import click

from spinescan.app.commands.classifier_options import (
    ACCELERATOR,
    WEIGHTS,
    WORKERS,
    keyword_or_file,
)


@click.group()
def study() -> None:
    """Answer a question about classifiers by a protocol that is written before the result.

    Research use only.
    """


@study.command()
@click.argument("source", required=False, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the study: it keeps the protocol that was written there first.",
)
@click.option(
    "--mode",
    type=click.Choice(["fast", "full"]),
    default="fast",
    show_default=True,
    help="fast: heads on feature maps that are computed once; full: Spine Scan's network taught end"
    " to end.",
)
@click.option(
    "--recipe",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="How networks are taught, as for `spinescan train classify`.  [default: the mode's own]",
)
@WEIGHTS
@click.option(
    "--landmarks",
    metavar="BUNDLE",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Lateral landmark bundle that measures, as a rival.  [default: the shipped one, if any]",
)
@click.option(
    "--films",
    type=click.IntRange(min=30),
    default=700,
    show_default=True,
    help="Without SOURCE: how many phantoms to draw.",
)
@click.option(
    "--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Processes that draw."
)
@click.option(
    "--group",
    metavar="REGEX",
    help="Of a folder: finds the person in a film's path.  [default: each film is a person]",
)
@click.option(
    "--folds", type=click.IntRange(min=2), default=5, show_default=True, help="Parts of the films."
)
@click.option(
    "--only-folds", type=click.IntRange(min=1), help="Test so many of the folds.  [default: all]"
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    help="Trainings of each network in each fold.",
)
@click.option("--epochs", type=click.IntRange(min=1), help="Of the generalist; the recipe's.")
@click.option(
    "--named-accuracy",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.8,
    show_default=True,
    help="The validation accuracy whose time is told.",
)
@click.option(
    "--equivalence",
    metavar="POINTS",
    type=click.FloatRange(0, 100, min_open=True, max_open=True),
    default=5.0,
    show_default=True,
    help="Accuracies that surely differ by less are called alike.",
)
@WORKERS
@ACCELERATOR
@click.option(
    "--analyse-only",
    is_flag=True,
    help="Only write the report again, from the predictions in --out.",
)
def generalist(
    source: Path | None,
    out: Path,
    weights: str | None,
    recipe: Path | None,
    landmarks: Path | None,
    films: int,
    jobs: int,
    group: str | None,
    epochs: int | None,
    seeds: int,
    equivalence: float,
    workers: int,
    accelerator: str,
    analyse_only: bool,
    **told: Any,
) -> None:
    """Is one network for healthy, kyphosis and lordosis better than two specialists?

    SOURCE is a manifest with the column sagittal3, or a folder with the folders healthy, kyphosis,
    lordosis and, if there are films that are both, both. Without it phantoms are drawn, and the
    report says synthetic.

    The protocol is written first. Then three networks are taught on the same films, folds and
    budget; the generalist is judged on each specialist's question, the two specialists combined on
    the generalist's; measuring, then a threshold, competes where there is a lateral landmark model.
    A study that was cut off goes on when the same command is given again. Prints the answer in a
    sentence, and the files of the report.

    Research use only.
    """
    from spinescan.core.errors import MissingExtraError, SpineScanError
    from spinescan.core.report import RESEARCH_USE

    try:
        if analyse_only:
            result = _analysed(out)
        else:
            try:
                from spinescan.train.generalist import run_study
            except ImportError as error:
                raise MissingExtraError(
                    f"the study needs the extra 'train' ({error.name} is not installed): "
                    "pip install 'spinescan[train]'"
                ) from error
            from spinescan.study.generalist_protocol import Settings

            settings = Settings(
                seeds=tuple(range(1, seeds + 1)), equivalence=equivalence / 100, **told
            )
            plan, start = _plan(settings.mode, recipe, epochs, weights)
            result = run_study(
                source,
                out,
                settings,
                recipe=plan,
                weights=start,
                landmarks=landmarks,
                films=films,
                group=group,
                jobs=jobs,
                workers=workers,
                accelerator=accelerator,
            )
    except SpineScanError as error:
        raise click.ClickException(str(error)) from error
    except ValueError as error:
        raise click.UsageError(f"{error}.") from error
    click.echo(result["title"])
    click.echo(result["answer"]["sentence"])
    for note in result["notes"]:
        click.echo(f"note: {note['text']}")
    click.echo(RESEARCH_USE)
    for file in ("study.html", "study.json"):
        click.echo(out / file)


def _plan(mode: str, recipe: Path | None, epochs: int | None, weights: str | None) -> Any:
    """The recipe as the options change it, and a place of weights."""
    from dataclasses import replace

    from spinescan.study.generalist_source import FAST, FULL, shipped_recipe
    from spinescan.train.classify_recipe import ClassifyRecipe

    plan = ClassifyRecipe.read(recipe or shipped_recipe(FAST if mode == "fast" else FULL))
    keyword, start = keyword_or_file(weights)
    if keyword is not None:
        plan = replace(plan, weights=keyword)
    if epochs is not None:
        frozen = epochs if plan.frozen_epochs == plan.epochs else min(plan.frozen_epochs, epochs)
        plan = replace(plan, epochs=epochs, frozen_epochs=frozen)
    return plan, start


def _analysed(out: Path) -> dict[str, Any]:
    from spinescan.core.errors import MissingExtraError
    from spinescan.study.generalist import analyse_folder

    try:
        from spinescan.study.pages.generalist import write_study
    except ImportError as error:
        raise MissingExtraError(
            f"the report needs the extra 'study' ({error.name} is not installed): "
            "pip install 'spinescan[study]'"
        ) from error
    result = analyse_folder(out)
    write_study(result, out)
    return result
