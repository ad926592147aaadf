"""Write the command-line reference from the commands themselves, to standard output."""

from collections.abc import Iterator

import click

from spinescan.app.main import cli

HEADER = """\
# Command line

This page is written by `make docs` from the commands' own help.
"""


def pages(command: click.Command, path: str) -> Iterator[str]:
    """The help of a command and of all below it, as Markdown sections."""
    context = click.Context(command, info_name=path, terminal_width=88, max_content_width=88)
    yield f"## {path}\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            yield from pages(command.commands[name], f"{path} {name}")


def reference() -> str:
    """The whole page."""
    return "\n".join([HEADER, *pages(cli, "spinescan")])


if __name__ == "__main__":
    print(reference(), end="")
