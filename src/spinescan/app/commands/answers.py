"""Records of films on standard output: what commands that scan have in common."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from spinescan.app.batch import Record


def print_records(
    ctx: click.Context, records: "Iterable[Record]", films: int | None, *, as_json: bool
) -> bool:
    """Print each record as it comes; whether one of them is a failure, or there is none at all.

    `films` is how many there will be, if that is known. Ctrl+C ends with 130.
    """
    from spinescan.app.progress import answers_with_bar
    from spinescan.app.text import describe

    failed, number = False, 0
    try:
        with answers_with_bar(films) as show:
            for number, record in enumerate(records, start=1):
                failed |= "error" in record
                if as_json:
                    show(json.dumps(record, allow_nan=False, ensure_ascii=False))
                else:
                    show(describe(record, record.get("file", f"film {number}")))
    except KeyboardInterrupt:
        ctx.exit(130)
    except BrokenPipeError:
        raise  # the reader has gone: click ends quietly
    except OSError as error:  # results that cannot be written are answers; this is the output
        raise click.ClickException(f"standard output: {error.strerror}") from error
    if number == 0:
        click.echo("No films found.", err=True)
    return failed or number == 0
