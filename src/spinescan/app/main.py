"""The command `spinescan`."""

import click

import spinescan
from spinescan.app.commands.audit import audit
from spinescan.app.commands.automl import automl
from spinescan.app.commands.bench import bench
from spinescan.app.commands.deidentify import deidentify
from spinescan.app.commands.dicomweb import dicomweb
from spinescan.app.commands.evaluate import evaluate
from spinescan.app.commands.export import export
from spinescan.app.commands.import_keras import import_keras
from spinescan.app.commands.manifest import manifest
from spinescan.app.commands.models import models
from spinescan.app.commands.node import node
from spinescan.app.commands.phantom import phantom
from spinescan.app.commands.predict import predict
from spinescan.app.commands.readers import readers
from spinescan.app.commands.scan import scan
from spinescan.app.commands.schema import schema
from spinescan.app.commands.serve import serve
from spinescan.app.commands.study import study
from spinescan.app.commands.train import train
from spinescan.app.commands.tune import tune


@click.group()
@click.version_option(spinescan.__version__, prog_name="spinescan")
def cli() -> None:
    """Read spine radiographs: curves, Cobb angles and a first ALS verdict.

    Research use only. Not a medical device; not for diagnosis or treatment decisions.
    """


for command in (
    scan,
    predict,
    serve,
    deidentify,
    node,
    dicomweb,
    models,
    manifest,
    audit,
    bench,
    evaluate,
    train,
    tune,
    automl,
    study,
    readers,
    export,
    import_keras,
    phantom,
    schema,
):
    cli.add_command(command)
