"""From drawn films to a bundle that scans, with fewer and smaller films."""

from tests.docs.scene import NotRun, Scene, Stage


def set_up(stage: Stage) -> None:
    stage.clone()


def afterwards(stage: Stage) -> None:
    straight = stage.folder / "straight"
    for name in ("audit/audit.html", "report/evaluate.html", "bundle/bundle.json"):
        assert (straight / name).is_file(), name
    assert len(list((stage.folder / "answers").glob("*/heat-*.png"))) >= 1


SCENE = Scene(
    "docs/start/first-classifier.md",
    set_up=set_up,
    # The time of a test.
    instead={
        "--count 240": "--count 40",
        "--validation 0.15": "--validation 0.3",  # so few films
        "--epochs 6": "--epochs 1",
    },
    not_run=(
        NotRun(
            ". .venv/bin/activate",
            "the stage has the commands of this environment on its PATH",
            "tests/docs/scene.py:PATH",
        ),
    ),
    afterwards=afterwards,
    extras=("train", "study"),
)
