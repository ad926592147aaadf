"""`spinescan export`: a trained classifier as a bundle (extra `train`)."""

from pathlib import Path

import click


@click.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--out", required=True, metavar="BUNDLE", type=click.Path(path_type=Path), help="Its folder."
)
@click.option(
    "--part",
    help="Which network of the run, such as repeat-0-fold-3.  [default: the final one, or the only"
    " one]",
)
@click.option("--name", help="The bundle's name.  [default: the recipe's]")
@click.option("--bundle-version", help="The bundle's version.  [default: the recipe's]")
@click.option(
    "--coverage",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.9,
    show_default=True,
    help="How often prediction sets shall hold the label, class by class.",
)
@click.option(
    "--on-request",
    is_flag=True,
    help="Where the bundle ships with SpineScan, it answers only if it is named.",
)
@click.option(
    "--half",
    is_flag=True,
    help="Store the weights as 16-bit floats: half the size, and the network computes as before.",
)
def export(
    run: Path,
    out: Path,
    part: str | None,
    name: str | None,
    bundle_version: str | None,
    coverage: float,
    on_request: bool,
    half: bool,
) -> None:
    """Write a network of RUN, a folder of `spinescan train classify`, as a bundle.

    The network becomes ONNX and is refused unless onnxruntime answers as torch does. Its scores are
    calibrated on the validation films of its own training, and the bundle says whether these were
    real or synthetic, and how many there were of each class. A card in BUNDLE is kept; without one
    a draft is written. `spinescan scan --bundle BUNDLE` uses it.

    Research use only.
    """
    from spinescan.core.errors import MissingExtraError, SpineScanError

    try:
        try:
            from spinescan.train.classify_export import export_classifier
        except ImportError as error:
            raise MissingExtraError(
                f"an export needs the extra 'train' ({error.name} is not installed): "
                "pip install 'spinescan[train]'"
            ) from error
        made = export_classifier(
            run,
            out,
            part=part,
            name=name,
            version=bundle_version,
            coverage=coverage,
            on_request=on_request,
            half=half,
        )
    except SpineScanError as error:
        raise click.ClickException(str(error)) from error
    click.echo(made)
