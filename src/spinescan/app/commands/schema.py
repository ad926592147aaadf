"""`spinescan schema`: what the JSON of a Report may hold."""

import click


@click.command()
def schema() -> None:
    """Print the JSON Schema (draft 2020-12) of what `spinescan scan --json` prints a line."""
    from importlib.resources import files

    text = (files("spinescan.core") / "report.schema.json").read_text("utf-8")
    click.echo(text, nl=False)
