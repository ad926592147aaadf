"""`spinescan audit`: what is wrong with films, before a model learns it (extra `study`)."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from spinescan.audit.sights import Scan

AUDIT_JSON, AUDIT_PAGE = "audit.json", "audit.html"


@click.command()
@click.argument(
    "manifests",
    metavar="MANIFEST...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option(
    "--task", help="Judge the labels of this task, too: fraiwan3, als7, or a column of your own."
)
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for audit.json and audit.html.",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    help="Also ask whether this column of the manifest tells the class, such as sex or age.",
)
@click.option(
    "--no-spine",
    is_flag=True,
    help="Do not look for spines, and leave out the classifier that sees the film without them.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the folds."
)
def audit(
    manifests: tuple[Path, ...],
    task: str | None,
    out: Path,
    columns: tuple[str, ...],
    no_spine: bool,
    seed: int,
) -> None:
    """Find what would make a model's figures wrong (extra: pip install 'spinescan[study]').

    Copies, crops and mirror images of one film, within and across manifests; persons in two splits;
    contradictory labels; text and lines in the picture; classes that are too small; and how well
    the class can be told from the file's properties alone, and from the film without its spine.

    Prints the findings; audit.html shows them with pictures. Exit code 0: the audit was made,
    whatever it found; 1: it could not be made; 2: wrong usage.

    Research use only. Not a medical device; not for diagnosis or treatment decisions.
    """
    from spinescan.app.progress import answers_with_bar
    from spinescan.audit.confound import need_sklearn
    from spinescan.audit.page import render_audit
    from spinescan.audit.run import audit_sets, read_sets
    from spinescan.core.errors import SpineScanError
    from spinescan.core.report import RESEARCH_USE

    try:
        need_sklearn()
        sets = read_sets(manifests)
        scan = None if no_spine or task is None else _scan()
        with answers_with_bar(sum(len(one.films) for one in sets)) as show:
            made = audit_sets(
                sets, task, columns=columns, scan=scan, seed=seed, on_film=lambda: show("")
            )
        out.mkdir(parents=True, exist_ok=True)
        facts = json.dumps(made.to_dict(), indent=1, allow_nan=False, ensure_ascii=False)
        (out / AUDIT_JSON).write_text(facts + "\n", encoding="utf-8")
        (out / AUDIT_PAGE).write_text(render_audit(made), encoding="utf-8")
    except SpineScanError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{out}: {error.strerror or error}") from error
    for finding in made.findings:
        click.echo(f"{finding.severity}: {finding.text}")
    click.echo(f"{len(made.sights)} films; {out / AUDIT_PAGE}, {out / AUDIT_JSON}")
    click.echo(RESEARCH_USE)


def _scan() -> "Scan":
    from spinescan.infer.scanner import Scanner

    return Scanner.default().scan
