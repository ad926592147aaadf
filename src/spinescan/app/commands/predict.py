"""`spinescan predict`: films in, one question answered."""

import json
from dataclasses import asdict
from typing import Any

import click


@click.command()
@click.argument("sources", metavar="FILE|FOLDER|URL...", nargs=-1, required=True)
@click.option(
    "--model",
    metavar="NAME|DIR",
    required=True,
    help="Who answers: generalist (healthy, kyphosis or lordosis), kyphosis or lordosis (the"
    " specialists), scoliosis (measured on frontal films), als7, fraiwan3, or the folder of a"
    " classifier of one's own.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line (JSON Lines).")
@click.pass_context
def predict(ctx: click.Context, sources: tuple[str, ...], model: str, as_json: bool) -> None:
    """Ask one model about films: files, all films in folders, and http(s) addresses.

    A line holds `file` and `prediction` as in a report, or `error` where the film failed. Exit code
    0: all films read; 1: some film failed; 2: wrong usage.

    Research use only. Not a medical device; not for diagnosis or treatment decisions.
    """
    from spinescan.app.text import describe_answer
    from spinescan.core.errors import BundleError
    from spinescan.io.read import iter_films

    films = list(iter_films(sources))
    failed = not films
    for film in films:
        try:
            record = _asked(film, model)
        except BundleError as error:
            raise click.BadParameter(str(error), param_hint="--model") from error
        failed |= "error" in record
        if as_json:
            click.echo(json.dumps(record, allow_nan=False, ensure_ascii=False))
        else:
            click.echo(describe_answer(record))
    if not films:
        click.echo("No films found.", err=True)
    ctx.exit(1 if failed else 0)


def _asked(film: str, model: str) -> dict[str, Any]:
    import spinescan
    from spinescan.core.errors import BundleError, SpineScanError
    from spinescan.core.report import SCHEMA_VERSION, failure_dict

    try:
        answer = spinescan.predict_image(film, model)
    except BundleError:
        raise
    except SpineScanError as error:
        return failure_dict(error.kind, str(error), film)
    told = {**asdict(answer), "scores": {k: round(v, 4) for k, v in answer.scores.items()}}
    return {"schema_version": SCHEMA_VERSION, "file": film, "prediction": told}
