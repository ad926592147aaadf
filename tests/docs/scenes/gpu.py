"""A training on the processor, as the page shows."""

import subprocess

from tests.docs.scene import Scene, Stage


def labelled_films(stage: Stage) -> None:
    """Tiny films of all ALS types and `als/manifest.csv`, split."""
    stage.props.als_films(stage.folder / "films", each=4)
    command = ["spinescan", "manifest", "films", "--layout", "folders", "--task", "als7"]
    command += ["--test", "0.25", "--validation", "0.25", "--out", "als/manifest.csv"]
    subprocess.run(
        [str(stage.props.programs / command[0]), *command[1:]],
        cwd=stage.folder,
        env=stage.environment,
        check=True,
        capture_output=True,
    )


def afterwards(stage: Stage) -> None:
    assert (stage.folder / "als" / "cpu" / "predictions.jsonl").is_file()


SCENE = Scene("docs/how-to/gpu.md", set_up=labelled_films, afterwards=afterwards, extras=("train",))
