"""The command `spinescan`."""

import click

import spinescan
from spinescan.app.commands.bench import bench
from spinescan.app.commands.evaluate import evaluate
from spinescan.app.commands.models import models
from spinescan.app.commands.phantom import phantom
from spinescan.app.commands.scan import scan
from spinescan.app.commands.train import train


@click.group()
@click.version_option(spinescan.__version__, prog_name="spinescan")
def cli() -> None:
    """Read spine radiographs: curves, Cobb angles and a first ALS verdict.

    Research use only. Not a medical device; not for diagnosis or treatment decisions.
    """


for command in (scan, models, bench, evaluate, train, phantom):
    cli.add_command(command)
