"""The container: Docker is on no machine of the tests; what its files promise is tested."""

from tests.docs.scene import NotRun, Scene, Stage


def set_up(stage: Stage) -> None:
    stage.checkout("notebooks")


SCENE = Scene(
    "docs/how-to/docker.md",
    set_up=set_up,
    not_run=(
        NotRun("docker compose", "needs Docker", "docker/rehearse.py:check_product"),
        NotRun("pip install", "it installs packages", "Makefile:[train,keras,notebook]"),
        NotRun("jupyter lab", "does not end", "docker/rehearse.py:check_notebook"),
    ),
)
