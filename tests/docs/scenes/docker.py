"""Containers: the page's commands need an engine, and the rehearsal does the same without one."""

from tests.docs.scene import NotRun, Scene

ENGINE = "needs a Docker engine; `make rehearse` does the same without"


SCENE = Scene(
    "docs/how-to/docker.md",
    not_run=(
        NotRun("docker compose --profile page up", ENGINE, "docker/check_page.py:await_health"),
        NotRun(
            "docker compose --profile jupyter up", ENGINE, "docker/check_jupyter.py:await_health"
        ),
        NotRun(
            "docker compose exec jupyter", ENGINE, 'docker/check_jupyter.py:"spinescan", "scan"'
        ),
        NotRun(
            "docker compose --profile orthanc up", ENGINE, "docker/check_archive.py:await_health"
        ),
        NotRun(
            "storescu",
            "needs the Orthanc of the container",
            "tests/pacs/test_orthanc_documented.py"
            "::test_new_films_are_routed_and_nothing_goes_in_circles",
        ),
        NotRun("pip install", "brings gigabytes of PyTorch", ".ci/run:make test"),
        NotRun("jupyter lab", "does not end", "docker/start-jupyter.sh:exec jupyter lab"),
    ),
)
