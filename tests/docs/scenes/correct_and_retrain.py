"""Five corrected films in the cases of a server, and the shipped model carried on for two steps."""

import hashlib
import json
from datetime import date
from pathlib import Path

import spinescan
from spinescan.cases.records import Change, NewScan
from spinescan.cases.store import CaseStore
from tests.docs.scene import Scene, Stage
from tests.docs.scenes import retrain

FILMS = 5


def set_up(stage: Stage) -> None:
    retrain.set_up(stage)  # the recipe with two steps, film.png, and films that are answered
    films = sorted((stage.folder / "films").glob("*.png"))
    data = stage.folder.parent / "data"
    with CaseStore(data / "cases") as store:
        for number, film in enumerate(films, start=1):
            _save_corrected(store, film, f"K-{number:03d}")
    stage.props.film(stage.folder / "mine" / "P01-front.png")
    stage.instead["spinescan serve"] = f"spinescan serve --port {stage.port} --data {data} --jobs 1"
    stage.instead["localhost:8000"] = f"localhost:{stage.port}"


def _save_corrected(store: CaseStore, film: Path, pseudonym: str) -> None:
    """What the page does when a corrected film is saved to a case."""
    data = film.read_bytes()
    report = spinescan.scan(data)
    assert report.landmarks is not None
    moved = report.landmarks.points_xy.copy()
    moved[0] += (0.0, 2.0)
    edit = spinescan.Edit(view="frontal", names=report.landmarks.names, points_xy=moved)
    corrected = spinescan.remeasure(report, edit)
    new = NewScan(
        id=hashlib.sha256(data).hexdigest()[:32],
        sha256=hashlib.sha256(data).hexdigest(),
        taken_on=date(2026, 3, 1),
        told={},
        report=report.to_dict(),
        film=data,
        change=Change(edit.to_dict(), corrected.to_dict()),
    )
    store.save_scan(store.create_case(pseudonym, by="reader").id, new, by="reader")


def afterwards(stage: Stage) -> None:
    (mine,) = (
        json.loads(s) for s in (stage.folder / "mine/reports.jsonl").read_text().splitlines()
    )
    assert mine["edited"]
    assert mine["landmarks"]["origin"].count("edited") == 4
    compared = next(text for text in stage.printed if text.startswith("shipped median"))
    assert f"retrained median of {FILMS} films" in compared
    assert (stage.folder / "run" / "final" / "bundle" / "bundle.json").is_file()


SCENE = Scene(
    "docs/how-to/correct-and-retrain.md",
    set_up=set_up,
    servers={"spinescan serve": "/ready"},
    afterwards=afterwards,
    extras=("train", "web"),
    programs=("curl",),
)
