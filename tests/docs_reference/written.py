"""One of each file that the product writes, written by the product."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from click.testing import CliRunner
from PIL import Image

from spinescan.app.main import cli
from spinescan.core.task import ALS7
from spinescan.data.manifest import Manifest, ManifestFilm, write_manifest
from spinescan.infer.bundle import file_digest
from spinescan.study.generalist import analyse
from spinescan.study.predictions import write_predictions
from tests.study.simulated import predictions
from tests.study.studies import simulated


def run(*words: object) -> None:
    done = CliRunner().invoke(cli, [str(word) for word in words])
    assert done.exit_code == 0, done.output


def drawn(folder: Path) -> dict[str, Any]:
    """The files of phantoms, and of a scan of one."""
    run("phantom", "--count", 6, "--seed", 1, "--rows", 300, "--out", folder / "set")
    run("phantom", "--seed", 3, "--rows", 700, "--view", "frontal", "--out", folder / "one")
    run("scan", folder / "one" / "film.png", "--out", folder / "results")
    lines = (folder / "set" / "truth.jsonl").read_text("utf-8").splitlines()
    return {
        "truth.jsonl": [json.loads(line) for line in lines],
        "truth.json": [json.loads((folder / "one" / "truth.json").read_text("utf-8"))],
        "set.json": [json.loads((folder / "set" / "set.json").read_text("utf-8"))],
        "index.jsonl": [json.loads((folder / "results" / "index.jsonl").read_text("utf-8"))],
    }


def judged(folder: Path) -> dict[str, Any]:
    """evaluate.json of two models, and an audit of the same films."""
    films = []
    for i, record in enumerate(predictions(ALS7, 80)):
        grey = np.random.default_rng(i).integers(0, 255, (96, 72), np.uint8)
        path = folder / record.image
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(grey).save(path)
        labels = {"als7": str(record.truth), "width": str(i)}
        source = ("a", "b")[i % 2]
        films.append(
            ManifestFilm(
                record.image, file_digest(path), record.group, source=source, labels=labels
            )
        )
    table = folder / "manifest.csv"
    write_manifest(Manifest(folder, tuple(films)), table)
    files = []
    for name, seed in (("a", 0), ("b", 3)):
        answers = predictions(ALS7, 80, seed=seed, model=name)
        files.append(folder / f"{name}.jsonl")
        write_predictions(
            [replace(r, sha256=f.sha256) for r, f in zip(answers, films, strict=True)], files[-1]
        )
    more = ("--by", "width", "--margin", "width", "--draws", 200)
    run("evaluate", *files, "--manifest", table, "--task", "als7", "--out", folder / "out", *more)
    write_manifest(Manifest(folder, tuple(films[:42])), table)  # an audit takes its time
    run("audit", table, "--task", "als7", "--out", folder / "audit", "--no-spine")
    return {
        "predictions.jsonl": [json.loads(line) for line in files[0].read_text().splitlines()],
        "evaluate.json": [json.loads((folder / "out" / "evaluate.json").read_text("utf-8"))],
        "audit.json": [json.loads((folder / "audit" / "audit.json").read_text("utf-8"))],
    }


def studied(folder: Path) -> dict[str, Any]:
    """study.json of simulated answers."""
    study = simulated(folder)
    told = analyse(study.protocol, study.films, study.predictions, study.rounds)
    return {"study.json": [json.loads(json.dumps(told))]}


def paths(value: Any, at: str = "") -> Iterator[str]:
    """The key paths of a record; lists are []."""
    if isinstance(value, dict):
        for key, inner in value.items():
            here = f"{at}.{key}".lstrip(".")
            yield here
            yield from paths(inner, here)
    elif isinstance(value, list):
        for inner in value:
            yield from paths(inner, f"{at}[]")
