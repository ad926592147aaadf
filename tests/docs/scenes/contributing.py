"""CONTRIBUTING: its commands are the gate itself."""

from tests.docs.scene import NotRun, Scene

SCENE = Scene(
    "CONTRIBUTING.md",
    not_run=(
        NotRun("make check", "this test is part of it", ".ci/run: make check"),
        NotRun("make test", "this test is part of it", ".ci/run: make test"),
        NotRun("make test-light", "a part of `make test`", ".ci/run: make test"),
    ),
)
