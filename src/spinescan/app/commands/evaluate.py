"""`spinescan evaluate`: how good the answers of classifiers are (extra `study`)."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from spinescan.core.task import Task
    from spinescan.data.manifest import Manifest
    from spinescan.study.predictions import PredictionRecord

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("models", metavar="MODEL...", nargs=-1, required=True)
@click.option(
    "--manifest",
    "table",
    required=True,
    metavar="MANIFEST",
    type=_FILE,
    help="The films that are answered: their labels, groups, sources and pictures.",
)
@click.option(
    "--task",
    "name",
    required=True,
    metavar="TASK",
    help="What is answered: als7, fraiwan3, sagittal3, view, or a column of labels.",
)
@click.option(
    "--out",
    required=True,
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for evaluate.html and evaluate.json.",
)
@click.option(
    "--by",
    multiple=True,
    metavar="COLUMN",
    help="Tell the figures apart by this column of the manifest, too. Age, sex, severity, cobb_deg,"
    " source, source_style, field_of_view and view are told apart where films differ in them.",
)
@click.option(
    "--margin",
    metavar="COLUMN",
    help="Tell accuracy along this column of numbers, such as als_margin of phantoms: how far they"
    " are from the nearest other type.",
)
@click.option(
    "--worst",
    type=click.IntRange(min=0, max=24),
    default=12,
    show_default=True,
    help="How many wrongly answered films the page shows; 0 leaves out all pictures of films.",
)
@click.option(
    "--draws",
    type=click.IntRange(min=200),
    default=2000,
    show_default=True,
    help="Bootstrap draws behind the intervals.",
)
def evaluate(
    models: tuple[str, ...],
    table: Path,
    name: str,
    out: Path,
    by: tuple[str, ...],
    margin: str | None,
    worst: int,
    draws: int,
) -> None:
    """Judge the answers of one MODEL, or compare several on the same films.

    A MODEL is a file of predictions, which holds what a model, a person or another tool answered,
    one film a line; or a bundle, the name of a shipped one or a folder, which is asked now: about
    the test films of the manifest, or about all if none is marked as such. A landmark bundle
    answers als7 by the curves that it measures. What bundles answer is kept in DIR.

    Of a file, test films are judged where there are any, else validation films; temperature and
    prediction sets are fitted on validation films only. Every film counts: one that failed, was
    abstained from, or has no line is an error. Each figure has a 95 % bootstrap interval over
    groups. Several models are compared with the first.

    Needs the extra: pip install 'spinescan[study]'. Research use only.
    """
    import json

    from spinescan.core.errors import MissingExtraError, SpineScanError
    from spinescan.core.report import RESEARCH_USE
    from spinescan.data.checks import task_of
    from spinescan.data.manifest import read_manifest
    from spinescan.study.evaluation import evaluate_models

    try:
        try:
            from spinescan.study.pages.evaluation import render_evaluation
        except ImportError as error:
            raise MissingExtraError(
                f"evaluating needs the extra 'study' ({error.name} is not installed): "
                "pip install 'spinescan[study]'"
            ) from error
        manifest = read_manifest(table)
        task = task_of(manifest, name)
        files = tuple(_answers(model, manifest, task, out) for model in models)
        evaluation = evaluate_models(
            _records(files), manifest, task, by=by, margin=margin, samples=draws
        )
        page = render_evaluation(evaluation, manifest, worst=worst)
    except SpineScanError as error:
        raise click.ClickException(str(error)) from error
    out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(evaluation, indent=1, allow_nan=False, ensure_ascii=False)
    (out / "evaluate.json").write_text(text + "\n", encoding="utf-8")
    (out / "evaluate.html").write_text(page, encoding="utf-8")
    for model in evaluation["models"]:
        click.echo(_summary(model))
    for pair in evaluation["comparisons"]:
        difference = _figure(pair["differences"]["accuracy"], sign="+")
        click.echo(f"{pair['second']} minus {pair['first']}: accuracy {difference}")
    click.echo(RESEARCH_USE)
    for file in ("evaluate.html", "evaluate.json"):
        click.echo(out / file)


def _answers(model: str, manifest: "Manifest", task: "Task", out: Path) -> Path:
    """A model's file of predictions; a bundle's is written now."""
    from spinescan.app.progress import answers_with_bar
    from spinescan.core.errors import BundleError, DataError
    from spinescan.infer.bundle import find_bundle
    from spinescan.study.asked import ask, films_to_ask
    from spinescan.study.predictions import write_predictions

    if Path(model).is_file():
        return Path(model)
    try:
        bundle = find_bundle(model)
    except BundleError as error:
        raise DataError(f"{model}: neither a file of predictions nor a bundle ({error})") from error
    records = []
    with answers_with_bar(len(films_to_ask(manifest, task))) as show:
        for record in ask(bundle, manifest, task):
            records.append(record)
            show("")
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{bundle.name}.jsonl"
    write_predictions(records, path)
    return path


def _records(files: tuple[Path, ...]) -> "list[tuple[PredictionRecord, ...]]":
    """The records of each file; models of one name are told apart by their files."""
    from dataclasses import replace

    from spinescan.study.predictions import read_predictions

    read = [read_predictions(file) for file in files]
    names = [{record.model for record in records} for records in read]
    return [
        tuple(replace(record, model=f"{record.model} ({file})") for record in records)
        if any(own & other for j, other in enumerate(names) if j != i)
        else records
        for i, (file, records, own) in enumerate(zip(files, read, names, strict=True))
    ]


def _summary(model: dict[str, Any]) -> str:
    films, figures = model["set"], model["figures"]
    lines = [
        f"{model['model']}: {films['n_films']} {model['part']} films of {films['n_groups']} groups"
        f" ({model['origin']['films']})",
        f"  accuracy           {_figure(figures['accuracy'])}",
        f"  balanced accuracy  {_figure(figures['balanced_accuracy'])}",
        f"  macro ROC-AUC      {_figure(figures['macro_roc_auc'])}",
    ]
    if model["families"]:
        lines.append(f"  family right       {_figure(model['families']['accuracy'])}")
    commonest = model["commonest_label"]
    lines.append(f"  always {commonest['label']}: accuracy {commonest['accuracy']:.3f}")
    lines += [f"  note: {note['text']}" for note in model["notes"]]
    return "\n".join(lines)


def _figure(figure: dict[str, Any], sign: str = "") -> str:
    if figure["value"] is None:
        return "not defined"
    if figure["interval_95"] is None:
        return f"{figure['value']:{sign}.3f} (no interval)"
    low, high = figure["interval_95"]
    return f"{figure['value']:{sign}.3f} ({low:{sign}.3f} to {high:{sign}.3f})"
