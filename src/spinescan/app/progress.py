"""Answers on standard output, a bar on standard error."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click


@contextmanager
def answers_with_bar(films: int | None) -> Iterator[Callable[[str], None]]:
    """What is called once a film: prints its answer, if it is not empty, and moves the bar on.

    There is a bar only for several films, or an unknown number of them (None), and if standard
    error is a terminal.
    """
    if (films is not None and films < 2) or not sys.stderr.isatty():
        yield print_answer
        return
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress

    console = Console(stderr=True)
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with Progress(*columns, console=console, redirect_stdout=False) as progress:
        bar = progress.add_task("films", total=films)

        def show(text: str) -> None:
            if text and sys.stdout.isatty():  # the same screen: let the bar make room
                console.print(text, markup=False, highlight=False, soft_wrap=True)
            else:
                print_answer(text)
            progress.advance(bar)

        yield show


def print_answer(text: str) -> None:
    """Print a line or a few, whatever the terminal's encoding; nothing for an empty text."""
    if text:
        click.echo(text.encode("utf-8", "replace"))
