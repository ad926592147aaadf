"""Write the evidence page: every figure of benchmarks/results, beside what others published.

    python docs/generate_evidence.py

Renews what stands between the marks of docs/evidence/index.md, and docs/evidence/evidence.json,
which holds the same rows for programs. Commands are those of benchmarks/README.md; published work
is listed by hand in docs/evidence/literature.toml.
"""

import argparse
import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from textwrap import indent
from typing import Any

import evidence_fraiwan as fraiwan
import evidence_frontal as frontal
import evidence_models as models
import evidence_software as software
from evidence_rows import WILSON, Row, Rows, Source
from results import ROOT, between_marks, commands

EVIDENCE = ROOT / "docs" / "evidence"
PAGE, TABLE, LITERATURE = (
    EVIDENCE / name for name in ("index.md", "evidence.json", "literature.toml")
)


FOLDED = ("not shipped", "no model: without the spine")
"""Figures of such models are folded away on the page: they were made to compare with."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: its name in the files, its heading, and what makes its rows."""

    name: str
    heading: str
    makers: tuple[Callable[[], Rows], ...]

    def rows(self) -> Rows:
        """All figures that answer it."""
        return [row for maker in self.makers for row in maker()]


QUESTIONS = (
    Question(
        "curves",
        "How near are Cobb angles to the annotators'?",
        (
            frontal.challenge_rows,
            frontal.interval_rows,
            frontal.risk_rows,
            frontal.phantom_curve_rows,
        ),
    ),
    Question("levels", "Are vertebrae found, and named right?", (frontal.level_rows,)),
    Question(
        "declined", "Which films are accepted, and which should not be?", (frontal.accepted_rows,)
    ),
    Question("sides", "On which side and where is the major curve?", (frontal.named_curve_rows,)),
    Question("als", "Is the ALS type right?", (models.als_rows,)),
    Question("lateral", "How near are the angles of lateral films?", (models.lateral_rows,)),
    Question(
        "sagittal",
        "Healthy, kyphosis or lordosis: one network, two, or measuring?",
        (models.sagittal_rows, models.study_rows),
    ),
    Question("follow-up", "Is a change between two films told?", (models.follow_up_rows,)),
    Question(
        "fraiwan",
        "Normal, scoliosis or spondylolisthesis, and what tells it",
        (fraiwan.fraiwan_rows, software.confound_rows),
    ),
    Question(
        "data",
        "What is wrong with the data, and is it found?",
        (software.audit_rows, software.mark_rows),
    ),
    Question(
        "phantoms",
        "What are phantoms worth?",
        (software.phantom_rows, frontal.alone_rows),
    ),
    Question(
        "program",
        "How fast is the program, and what breaks it?",
        (software.speed_rows, software.network_rows, software.cluster_rows, software.file_rows),
    ),
)


def literature() -> list[dict[str, Any]]:
    """What published work reports."""
    entries: list[dict[str, Any]] = tomllib.loads(LITERATURE.read_text("utf-8"))["reported"]
    return entries


def as_json(question: Question, row: Row, command: str) -> dict[str, Any]:
    """A row for programs."""
    source = row.source
    return {
        "question": question.name,
        "asked": row.asked,
        "value": float(row.number(row.value)),
        "unit": row.unit.strip(),
        "interval": row.interval and [float(row.number(end)) for end in row.interval],
        "interval_kind": row.kind,
        "n": row.n,
        "films": source.films,
        "data": source.data,
        "held_out": source.held_out,
        "model": source.model,
        "result": f"benchmarks/results/{source.result}.json",
        "command": command,
    }


def evidence() -> dict[str, Any]:
    """All of it for programs."""
    made_by = commands()
    return {
        "research_use": "Research use only. Not a medical device; not for diagnosis or treatment "
        "decisions.",
        "written_by": "python docs/generate_evidence.py",
        "figures": [
            as_json(question, row, made_by[row.source.result])
            for question in QUESTIONS
            for row in question.rows()
        ],
        "published": literature(),
    }


def section(question: Question) -> str:
    """One question: our figures by where they come from, then what published work reports."""
    by_source: dict[Source, Rows] = {}
    for row in question.rows():
        by_source.setdefault(row.source, []).append(row)
    parts = [f"## {question.heading}\n"]
    parts += [block(source, rows) for source, rows in by_source.items()]
    return "\n".join([*parts, published(question)])


def block(source: Source, rows: Rows) -> str:
    """The figures of one source; folded where they are of a model that was put away."""
    head = f"{source.data[0].upper()}{source.data[1:]}: {source.films}. Model: {source.model}"
    drawn = sorted({row.kind for row in rows if row.interval and row.kind != WILSON})
    counted = ["(W) Wilson"] * any(row.interval and row.kind == WILSON for row in rows)
    kinds = f"Intervals: {', '.join(drawn + counted)}. " if drawn + counted else ""
    told = (
        f"Held out: {source.held_out}. {kinds}"
        f"From [`{source.result}.json`](#{anchor(source.result)}).\n\n"
        "| what was asked | value | interval | n |\n|---|---|---|---|\n"
    ) + "".join(
        f"| {row.asked} | {row.shown()} | {row.shown_interval()} | {row.n} |\n" for row in rows
    )
    if not source.model.startswith(FOLDED):
        return f"**{head}.** {told}"
    return f'??? note "{head}"\n\n{indent(told, "    ")}'


def published(question: Question) -> str:
    """What published work reports on a question, as Markdown."""
    rows = [entry for entry in literature() if entry["question"] == question.name]
    if not rows:
        return "*Published work:* none that asks the same is known to us.\n"
    lines = [
        f"| {entry['asked']} | {entry['value']} | {entry['n']} | {entry['comparable']} "
        f"| {entry['source']}{' *(recalled)*' if entry.get('recalled') else ''} |\n"
        for entry in rows
    ]
    head = "| published work, on | reported | n | comparable? | source |\n|---|---|---|---|---|\n"
    return head + "".join(lines)


def anchor(result: str) -> str:
    """Where the command of a result file stands on the page."""
    return "from-" + result.replace("/", "-")


def figures() -> str:
    """All that stands between the marks of the page."""
    kept = {row.source.result for question in QUESTIONS for row in question.rows()}
    lines = [
        f'- <a id="{anchor(name)}"></a>**{name}.json**: {command}\n'
        for name, command in commands().items()
        if name in kept
    ]
    told = "## What makes each result file\n\nIn `benchmarks/results`; "
    told += "what stands in capitals is told in `benchmarks/README.md`.\n\n"
    return "\n".join([*(section(question) for question in QUESTIONS), told + "".join(lines)])


def table_text() -> str:
    """evidence.json as it is written: a line for each row."""
    parts = []
    for key, value in evidence().items():
        told = json.dumps(value, ensure_ascii=False)
        if isinstance(value, list):
            told = "[\n" + ",\n".join(json.dumps(v, ensure_ascii=False) for v in value) + "\n]"
        parts.append(f"{json.dumps(key)}: {told}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main() -> None:
    """Write the page and the table."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    PAGE.write_text(between_marks(PAGE.read_text("utf-8"), figures()), "utf-8")
    TABLE.write_text(table_text(), "utf-8")


if __name__ == "__main__":
    main()
