"""A study of a few phantoms, twice of films in folders and in a manifest."""

import json
import shutil

from tests.docs.scene import NotRun, Scene, Stage

FEW = "--folds 2 --seeds 1 --workers 0"


def set_up(stage: Stage) -> None:
    stage.props.sagittal_films(stage.folder / "sorted")
    for film in (stage.folder / "sorted").glob("*/*.png"):
        to = stage.folder / "films" / film.parent.name / f"{film.stem.lower()}_{film.name}"
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(film, to)


def afterwards(stage: Stage) -> None:
    for folder in ("study", "study-films", "study-manifest"):
        study = json.loads((stage.folder / folder / "study.json").read_text("utf-8"))
        assert study["answer"]["sentence"]
        for name in ("protocol.json", "films.csv", "predictions", "rounds.jsonl", "study.html"):
            assert (stage.folder / folder / name).exists(), name


SCENE = Scene(
    "docs/how-to/study.md",
    set_up=set_up,
    instead={
        # Few films, folds and seeds: the page's study takes an hour.
        "generalist --out study": f"generalist --out study --films 30 {FEW}",
        "generalist films": f"generalist films {FEW}",
        "generalist manifest.csv": f"generalist manifest.csv {FEW}",
        "from spinescan.train.generalist import run_study": (
            "from spinescan.study.generalist_protocol import Settings\n"
            "from spinescan.train.generalist import run_study"
        ),
        'run_study(None, Path("study"))': (
            'run_study(None, Path("study"), Settings(folds=2, seeds=(1,)), films=30, workers=0)'
        ),
    },
    not_run=(
        NotRun(
            "pip install 'spinescan[train]'",
            "it would install another SpineScan over this one",
            "Makefile:[train,keras,notebook",
        ),
    ),
    afterwards=afterwards,
    extras=("train",),
)
