"""Small networks, a few tiny films, and nothing that is downloaded."""

from tests.docs.scene import Scene, Stage
from tests.docs.scenes.gpu import labelled_films


def afterwards(stage: Stage) -> None:
    for run in ("run", "resnet50"):
        assert (stage.folder / "als" / run / "predictions.jsonl").is_file(), run


SCENE = Scene(
    "docs/how-to/offline-weights.md",
    set_up=labelled_films,
    instead={
        "pretrained=True": "pretrained=False",  # nothing is downloaded
        "resnet50.a1_in1k": "resnet10t",
    },
    codes={
        "HF_HUB_OFFLINE=1 spinescan train classify --backbone resnet18 --data als/manifest.csv"
        " --task als7 --epochs 1 --out als/no": 1
    },
    afterwards=afterwards,
    extras=("train",),
)
