"""`spinescan models`: what ships, and what its cards say."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from spinescan.infer.bundle import Bundle
    from spinescan.infer.classifier_spec import ClassifierSpec


@click.group(invoke_without_command=True)
@click.pass_context
def models(ctx: click.Context) -> None:
    """List the models that ship: version, task, size, figures."""
    if ctx.invoked_subcommand is not None:
        return
    for bundle in _shipped():
        size = f"{bundle.size_bytes / 1e6:.1f} MB"
        click.echo(f"{bundle.name} {bundle.version} ({bundle.task}, {size})")
        if bundle.classifier is not None:
            click.echo(f"  {_classifier(bundle.classifier)}")
            if bundle.classifier.on_request:
                click.echo(f"  answers only where named: --bundle {bundle.name}")
        if bundle.summary:
            figures = ", ".join(f"{name} {_told(one)}" for name, one in bundle.summary.items())
            click.echo(f"  {figures}")


@models.command()
@click.argument("name")
def show(name: str) -> None:
    """Print a model's card: its data, terms, figures and known failures."""
    found = {bundle.name: bundle for bundle in _shipped()}
    if name not in found:
        raise click.UsageError(f"No model {name!r}; there are: {', '.join(found)}.")
    click.echo(found[name].card)


def _told(figure: object) -> str:
    """A figure of a summary: as it stands, or a share with its count and interval."""
    if not isinstance(figure, dict) or figure.keys() < {"share", "count", "n", "interval_95"}:
        return str(figure)
    low, high = figure["interval_95"]
    return (
        f"{figure['share']:.1%} ({figure['count']} of {figure['n']}, 95 % interval "
        f"{low:.1%} to {high:.1%})"
    )


def _classifier(spec: "ClassifierSpec") -> str:
    """What a classifier is asked, about which films, and what its sets rest on."""
    views = ", ".join(spec.views) or "any"
    calibration = spec.calibration
    sets = {"real": "on real films", "synthetic": "synthetic", "none": "none"}[calibration.origin]
    return (
        f"task {spec.task.name}: {', '.join(spec.task.codes)}; views: {views}; calibration: {sets}"
    )


def _shipped() -> "list[Bundle]":
    from spinescan.core.errors import SpineScanError
    from spinescan.infer.bundle import Bundle, shipped_bundles

    try:
        return [Bundle.load(folder) for folder in shipped_bundles()]
    except SpineScanError as error:
        raise click.ClickException(str(error)) from error
