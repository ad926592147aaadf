"""`spinescan phantom`: synthetic films with their truth."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from spinescan.core.report import AlsType

if TYPE_CHECKING:
    from spinescan.phantom.film import Order

FILM = "film"

_CLASSES = (
    "healthy",
    "hyperkyphosis",
    "hypokyphosis",
    "hyperlordosis",
    "hypolordosis",
    "both",
)


@click.command()
@click.option("--view", type=click.Choice(["frontal", "lateral"]), help="[default: frontal]")
@click.option(
    "--als",
    type=click.Choice(["healthy", *get_args(AlsType)]),
    help="ALS type of the spine; healthy is without scoliosis.",
)
@click.option("--cobb", type=float, metavar="DEG", help="Cobb angle of the main curve, 10 to 100.")
@click.option(
    "--sagittal",
    type=click.Choice(_CLASSES),
    help="Class of the sagittal profile; both is hyperkyphosis with hyperlordosis.",
)
@click.option(
    "--extent",
    type=click.Choice(["spine", "trunk", "whole", "lumbar", "thoracolumbar"]),
    help="spine (frontal) is T1 to L5, trunk the neck to the pelvis, whole skull to hips; lumbar "
    "(lateral) T11 and thoracolumbar (lateral) T6 to sacrum or hips.",
)
@click.option(
    "--rows", type=int, metavar="N", help="Height in pixels, 64 to 4096.  [default: 1280]"
)
@click.option(
    "--plain",
    is_flag=True,
    help="The truth's own picture: without scatter, noise, blur, and what a clinic does to films.",
)
@click.option("--dicom", is_flag=True, help="Write DICOM instead of PNG.")
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Another seed is another person, or another set.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for what is drawn.",
)
@click.option("--count", type=click.IntRange(min=1), metavar="N", help="Draw a set of N films.")
@click.option(
    "--recipe",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Of a set: ranges and odds in TOML, or another set's set.json.  [default: the ranges of "
    "recipes/phantoms.toml]",
)
@click.option(
    "--jobs", type=click.IntRange(min=1), help="Worker processes for a set.  [default: 1]"
)
@click.pass_context
def phantom(
    ctx: click.Context,
    /,
    seed: int,
    out: Path,
    count: int | None,
    recipe: Path | None,
    jobs: int | None,
    dicom: bool,
    **wishes: Any,
) -> None:
    """Draw synthetic spine films whose truth is known exactly.

    One film: film.png (or film.dcm), truth.json and overlay.png, which shows the truth on the film.
    What no option says is left to chance, and follows from the seed.

    A set, with --count: images/, truth.jsonl, manifest.csv and set.json. Options then hold for all
    of its films. The same command goes on with a set that was cut off; a larger --count extends it.

    The films show no patient and no machine's picture. Research use only: they test and train
    software, and prove nothing about its use on people. Exit code 0: drawn; 1: could not be drawn
    or written; 2: wrong usage; 130: interrupted.
    """
    from spinescan.core.errors import SpineScanError

    if count is None and (recipe is not None or jobs is not None):
        raise click.UsageError("--recipe and --jobs are for sets: give --count, too.")
    if count is not None and wishes["extent"] is not None and wishes["view"] is None:
        raise click.UsageError("--extent goes with one view: give --view, too.")
    order = _order(**wishes)
    try:
        if count is None:
            _draw_one(order, seed, out, dicom=dicom)
        else:
            names = ["cobb_deg" if name == "cobb" else name for name, v in wishes.items() if v]
            _draw_set(order, names, recipe, seed, out, count, jobs or 1, dicom=dicom)
    except KeyboardInterrupt:
        ctx.exit(130)
    except SpineScanError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"--out {out}: {error.strerror or error}") from error


def _order(view: Any, cobb: float | None, rows: int | None, **rest: Any) -> "Order":
    """The options as an order, or a usage error."""
    from spinescan.phantom.film import ROWS, Order

    try:
        return Order(
            view=view or "frontal", cobb_deg=cobb, rows=ROWS if rows is None else rows, **rest
        )
    except ValueError as error:
        raise click.UsageError(f"{error}.") from error


def _draw_one(order: "Order", seed: int, out: Path, *, dicom: bool) -> None:
    import hashlib

    from spinescan.app.results import OVERLAY, TRUTH
    from spinescan.core.radiograph import Radiograph
    from spinescan.io.overlay import draw_overlay
    from spinescan.phantom.als_types import NoSuchSpineError
    from spinescan.phantom.film import draw_phantom
    from spinescan.phantom.record import (
        SUFFIXES,
        ImageFormat,
        image_bytes,
        true_report,
        truth_record,
    )

    try:
        drawn = draw_phantom(order, seed)
    except NoSuchSpineError as error:
        raise click.UsageError(f"{error}; choose another angle or seed.") from error
    image: ImageFormat = "dicom" if dicom else "png"
    data = image_bytes(drawn, image)
    digest = hashlib.sha256(data).hexdigest()
    name = FILM + SUFFIXES[image]
    record = truth_record(drawn, order, file=name, sha256=digest)
    out.mkdir(parents=True, exist_ok=True)
    (out / name).write_bytes(data)
    (out / TRUTH).write_text(json.dumps(record, indent=1, allow_nan=False) + "\n", "utf-8")
    film = Radiograph(drawn.pixels, digest)
    draw_overlay(film, true_report(drawn, digest)).save(out / OVERLAY)
    for made in (name, TRUTH, OVERLAY):
        click.echo(out / made)


def _draw_set(
    order: "Order",
    names: list[str],
    recipe: Path | None,
    seed: int,
    out: Path,
    count: int,
    jobs: int,
    *,
    dicom: bool,
) -> None:
    from dataclasses import replace

    from spinescan.app.progress import answers_with_bar
    from spinescan.phantom.set_recipe import SetRecipe
    from spinescan.phantom.sets import write_set

    plan = SetRecipe() if recipe is None else SetRecipe.read(recipe)
    try:
        plan = plan.narrowed(order, *names)
    except ValueError as error:
        raise click.UsageError(f"{error}.") from error
    if dicom:
        plan = replace(plan, image="dicom")
    with answers_with_bar(count) as show:
        drawn = write_set(plan, out, count, seed, jobs=jobs, on_film=lambda: show(""))
    click.echo(f"{out}: {count} films, {drawn} of them drawn now")
