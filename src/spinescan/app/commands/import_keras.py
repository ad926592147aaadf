"""`spinescan import-keras`: an old Keras classifier as a bundle (extra `keras`)."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from spinescan.core.report import RESEARCH_USE
from spinescan.core.task import TASKS
from spinescan.train.keras_range import RANGES

if TYPE_CHECKING:
    from spinescan.core.task import Task

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("import-keras")
@click.argument("model", type=_FILE)
@click.option(
    "--task",
    required=True,
    metavar="NAME",
    help=f"The question that it answers: {', '.join(TASKS)}, or a name of your own with --labels.",
)
@click.option(
    "--input-range",
    required=True,
    type=click.Choice(list(RANGES)),
    help="The pixel values that it was TAUGHT on, which the file does not tell: 0-255 as files hold"
    " them, 0-1 divided by 255, -1-1 for preprocess_input of InceptionV3 and Xception, caffe for"
    " that of ResNet50 and ResNet101, torch for ImageNet's mean and spread. Ask whoever trained it:"
    " with another range its answers mean nothing.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The bundle's folder.")
@click.option(
    "--labels",
    metavar="A,B,...",
    help="The label of each output, in the model's order (flow_from_directory sorts by name)."
    "  [default: the task's order]",
)
@click.option(
    "--fit",
    type=click.Choice(["squash", "letterbox"]),
    default="squash",
    show_default=True,
    help="How a film comes to the model's size: squashed, which changes angles but is how such"
    " models were taught, or whole between bands.",
)
@click.option(
    "--size",
    nargs=2,
    type=click.IntRange(1, 4096),
    metavar="ROWS COLUMNS",
    help="Only for a model that takes any size: the one that it was taught on.",
)
@click.option(
    "--view",
    type=click.Choice(["frontal", "lateral", "other"]),
    multiple=True,
    help="Ask it about films of this view only. Can be given again.  [default: all views]",
)
def import_keras(
    model: Path,
    task: str,
    input_range: str,
    out: Path,
    labels: str | None,
    fit: str,
    size: tuple[int, int] | None,
    view: tuple[str, ...],
) -> None:
    """Convert a Keras classifier (MODEL, an .h5 file) to a bundle, checked against Keras.

    The file is read as data: what could be a program (Lambda layers, layers of one's own, pickles)
    or points at other files is refused, and so is what is not understood. The bundle answers as
    Keras does, or is not made. Needs the extra: pip install 'spinescan[keras]'.
    """
    from spinescan.core.errors import MissingExtraError, SpineScanError
    from spinescan.core.radiograph import View

    question, outputs = _task(task, labels)
    try:
        try:
            from spinescan.train import keras_import as importer
        except ImportError as error:
            raise MissingExtraError(
                f"importing Keras models needs the extra 'keras' ({error.name} is not installed): "
                "pip install 'spinescan[keras]'"
            ) from error
        terms = importer.Terms(
            task=question,
            input_range=input_range,
            labels=outputs,
            fit="squash" if fit == "squash" else "letterbox",
            size=size,
            views=tuple(View(name) for name in view),
        )
        made = importer.import_keras(model, terms, out)
    except SpineScanError as error:
        raise click.ClickException(str(error)) from error
    agreement = made.agreement
    click.echo(made.folder)
    click.echo(
        f"Checked: its scores differ from Keras's ({agreement.keras}) by at most"
        f" {agreement.scores:.1g} on {agreement.probes} probe pictures."
    )
    click.echo(f"Scores ({made.end}): {importer.SCORES[made.end]}.")
    click.echo(
        f"Taken as taught on pixel values {RANGES[input_range].text}, {_FITS[fit]}."
        " Nothing was measured: how often it is right is not known."
    )
    click.echo(RESEARCH_USE)


_FITS = {"squash": "on squashed films (angles change)", "letterbox": "on whole films between bands"}


def _task(name: str, labels: str | None) -> "tuple[Task, tuple[str, ...] | None]":
    """The task, and the labels in the order of the model's outputs if they were given."""
    from spinescan.core.task import Task

    codes = None if labels is None else tuple(code.strip() for code in labels.split(","))
    if name in TASKS:
        return TASKS[name], codes
    if codes is None:
        raise click.UsageError(
            f"--task {name!r} is none of {', '.join(TASKS)}; a task of your own needs --labels."
        )
    try:
        return Task.of_codes(name, codes), codes
    except ValueError as error:
        raise click.UsageError(str(error)) from error
