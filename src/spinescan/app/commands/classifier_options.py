"""What the commands that teach classifiers have in common: options, and where a run starts."""

from pathlib import Path

import click

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_KEYWORDS = ("pretrained", "none")

RECIPE = click.argument("recipe", type=_FILE, required=False)
DATA = click.option(
    "--data", required=True, metavar="MANIFEST", type=_FILE, help="Films and their labels."
)
BACKBONE = click.option(
    "--backbone", metavar="NAME", help="Instead of RECIPE, as for `spinescan train classify`."
)
TASK = click.option(
    "--task",
    "task_name",
    required=True,
    help="The column of labels: als7, fraiwan3, sagittal3, view, or one of your own.",
)
WEIGHTS = click.option(
    "--weights",
    metavar="pretrained|none|PATH",
    help="Start from timm's ImageNet weights (downloaded), from scratch, from a safetensors file"
    " with timm's names, from an earlier run, or from a bundle: its folder, or a shipped one's"
    " name.  [default: as the recipe says]",
)
REPEATS = click.option(
    "--repeats",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Cross-validations with other folds.",
)
FIT = click.option(
    "--fit",
    type=click.Choice(["letterbox", "squash"]),
    help="How a film comes to the input's size.  [default: as the recipe says, else letterbox]",
)
SEED = click.option("--seed", type=click.IntRange(min=0), help="Instead of the recipe's.")
WORKERS = click.option(
    "--workers",
    type=click.IntRange(min=0),
    default=2,
    show_default=True,
    help="Processes that prepare films; they change no figure.",
)
ACCELERATOR = click.option(
    "--accelerator",
    type=click.Choice(["auto", "cpu", "cuda", "mps"]),
    default="auto",
    show_default=True,
    help="What computes.",
)


def keyword_or_file(weights: str | None) -> tuple[str | None, Path | None]:
    """What --weights names: a start that a recipe knows, too, or a place; neither without it."""
    if weights is None or weights in _KEYWORDS:
        return weights, None
    return None, Path(weights)
