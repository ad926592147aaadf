"""Write the figures of benchmarks/results into README, the docs, the models' cards and bundles.

    python docs/generate_figures.py

The files in benchmarks/results are what the benchmark commands printed, unchanged.
"""

import argparse
import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import als_figures
import archive_figures
import data_figures
import dicom_figures
import explain_figures
import fraiwan_figures
import frontal_figures
import lateral_figures
import phantom_figures
from results import BUNDLES, ROOT, SAGITTAL, between_marks, result


def fraiwan_table() -> str:
    """The classifier of Fraiwan's classes as Markdown."""
    return fraiwan_figures.table(result("fraiwan-classes"))


def fraiwan_summary() -> dict[str, Any]:
    """The figures that `spinescan models` prints of it."""
    return fraiwan_figures.summary(result("fraiwan-classes"))


def als_table() -> str:
    """The classifier of ALS types as Markdown."""
    return als_figures.table(result("als-types"))


def als_summary() -> dict[str, Any]:
    """The figures that `spinescan models` prints of it."""
    return als_figures.summary(result("als-types"))


def lateral_table() -> str:
    """The lateral landmark model as Markdown."""
    return lateral_figures.landmark_table(result("lateral"), result("lateral-real"))


def lateral_summary() -> dict[str, Any]:
    """The figures that `spinescan models` prints of it."""
    return lateral_figures.landmark_summary(result("lateral"), result("lateral-real"))


def sagittal_table(name: str) -> str:
    """A sagittal classifier as Markdown."""
    return lateral_figures.class_table(result("sagittal-classes"), name)


def sagittal_summary(name: str) -> dict[str, Any]:
    """The figures that `spinescan models` prints of it."""
    return lateral_figures.class_summary(result("sagittal-classes"), name)


def study_answer() -> str:
    """What the default study answered, and one fold of the full mode, as Markdown."""
    lines = []
    for name, what in (
        ("generalist", "Fast mode, all folds, five seeds:"),
        ("generalist-full", "Full mode, one fold, one seed, MobileNetV2 from ImageNet weights:"),
    ):
        answer = result(name)["answer"]
        sentences = [answer["sentence"], *(one["sentence"] for one in answer["others"].values())]
        lines += [what, "", *(f"- {sentence}" for sentence in sentences), ""]
    return "\n".join(lines)


def told_by(tell: Callable[[dict[str, Any]], str], name: str) -> str:
    """What a function tells of one benchmark's answer."""
    return tell(result(name))


def intervals_and_abstention() -> str:
    """How often intervals and sets hold, and what abstaining does to a figure."""
    held = explain_figures.interval_tables(
        *map(result, ("intervals", "follow-up", "lateral", "fraiwan-classes"))
    )
    counted = explain_figures.abstention_tables(
        *map(result, ("aasce-cross-validation", "als-types", "not-spine", "fraiwan"))
    )
    return f"{held}\n{counted}"


def traps() -> str:
    """What published sets give away."""
    names = ("audit", "aasce-without-two-cases", "aasce-cross-validation", "fraiwan-classes")
    return explain_figures.trap_tables(*map(result, names))


def archive_costs() -> str:
    """What Ray costs, and a million films."""
    return archive_figures.costs(result("archives"))


PAGES: Mapping[Path, Callable[[], str]] = {
    ROOT / "README.md": frontal_figures.readme,
    BUNDLES / "frontal-landmarks" / "CARD.md": frontal_figures.table,
    BUNDLES / "als7" / "CARD.md": als_table,
    BUNDLES / "fraiwan3" / "CARD.md": fraiwan_table,
    BUNDLES / "lateral-landmarks" / "CARD.md": lateral_table,
    **{BUNDLES / name / "CARD.md": partial(sagittal_table, name) for name in SAGITTAL},
    ROOT / "docs" / "explain" / "phantoms.md": phantom_figures.tables,
    ROOT / "docs" / "how-to" / "audit.md": data_figures.audit,
    ROOT / "docs" / "explain" / "intervals-and-abstention.md": intervals_and_abstention,
    ROOT / "docs" / "explain" / "public-data.md": traps,
    ROOT / "docs" / "evidence" / "data-sets.md": data_figures.sets,
    **{
        ROOT / "docs" / "how-to" / f"{page}.md": partial(told_by, tell, name)
        for page, tell, name in (
            ("dicom-out", dicom_figures.validity, "dicom-validity"),
            ("pacs", dicom_figures.round_trip, "pacs"),
            ("node", dicom_figures.attacks, "node-attacks"),
        )
    },
    ROOT / "docs" / "how-to" / "cluster.md": archive_costs,
    ROOT / "docs" / "how-to" / "study.md": study_answer,
    ROOT / "docs" / "how-to" / "deidentify.md": data_figures.burned_in_text,
}
"""What makes the figures of each page."""

SUMMARIES: Mapping[Path, Callable[[], dict[str, Any]]] = {
    BUNDLES / "frontal-landmarks" / "bundle.json": frontal_figures.summary,
    BUNDLES / "als7" / "bundle.json": als_summary,
    BUNDLES / "fraiwan3" / "bundle.json": fraiwan_summary,
    BUNDLES / "lateral-landmarks" / "bundle.json": lateral_summary,
    **{BUNDLES / name / "bundle.json": partial(sagittal_summary, name) for name in SAGITTAL},
}
"""And of each bundle."""


def with_figures(text: str, page: Path) -> str:
    """A page with the tables between its marks renewed."""
    return between_marks(text, PAGES[page]())


def with_summary(text: str, description: Path) -> str:
    """A bundle's description with its summary renewed."""
    bundle = {**json.loads(text), "summary": SUMMARIES[description]()}
    return json.dumps(bundle, indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the pages and the bundles' summaries."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    for page in PAGES:
        page.write_text(with_figures(page.read_text("utf-8"), page), "utf-8")
    for path in SUMMARIES:
        path.write_text(with_summary(path.read_text("utf-8"), path), "utf-8")


if __name__ == "__main__":
    main()
