"""Two files of predictions, and a manifest with the labels that they are held against."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from spinescan.core.task import FRAIWAN3
from spinescan.data.manifest import Manifest, ManifestFilm, write_manifest
from spinescan.infer.bundle import file_digest
from spinescan.study.predictions import read_predictions
from tests.docs.pages import ROOT, read_page
from tests.docs.scene import Scene, Stage

PAGE = "docs/how-to/evaluate.md"


def set_up(stage: Stage) -> None:
    folder = stage.folder / "films"
    stage.props.als_films(folder, each=1)
    images = sorted(folder.glob("*/*.png"))
    films = tuple(listed(folder, image, n) for n, image in enumerate(images))
    write_manifest(Manifest(folder, films), folder / "manifest.csv")
    for name, seed in (("one", 1), ("two", 2), ("predictions", 1)):
        (stage.folder / f"{name}.jsonl").write_text(answers(films, seed, model=f"model {seed}"))


def listed(folder: Path, image: Path, number: int) -> ManifestFilm:
    return ManifestFilm(
        image=image.relative_to(folder).as_posix(),
        sha256=file_digest(image),
        group=image.stem,
        view="frontal",
        labels={"als7": image.parent.name, "fraiwan3": FRAIWAN3.codes[number % 3]},
    )


def shown() -> dict[str, Any]:
    """The line of predictions on the page."""
    (block,) = (b for b in read_page(ROOT / PAGE).blocks if b.language == "json")
    line: dict[str, Any] = json.loads(block.code)
    return line


def answers(films: tuple[ManifestFilm, ...], seed: int, model: str) -> str:
    """Lines as the page shows one, with scores of chance."""
    chance = np.random.default_rng(seed)
    lines = []
    for film in films:
        known = asdict(film)
        scores = chance.dirichlet(np.ones(3))
        line = shown() | {key: known[key] for key in ("image", "sha256", "group")}
        line |= {"model": model, "label": FRAIWAN3.codes[int(scores.argmax())]}
        line["scores"] = dict(zip(FRAIWAN3.codes, map(float, scores), strict=True))
        lines.append(json.dumps(line))
    return "\n".join(lines) + "\n"


def afterwards(stage: Stage) -> None:
    evaluation = json.loads((stage.folder / "evaluation" / "evaluate.json").read_text("utf-8"))
    names = [model["model"] for model in evaluation["models"]]
    assert names == ["als7", "frontal-landmarks"]
    comparison = (stage.folder / "comparison" / "evaluate.html").read_text("utf-8")
    assert "McNemar" in comparison
    assert len(read_predictions(stage.folder / "one.jsonl")) == 7


SCENE = Scene(PAGE, set_up=set_up, afterwards=afterwards, extras=("study",))
