"""A large archive, of three films, on one machine."""

import json

from tests.docs.scene import NotRun, Scene, Stage

CLUSTER = "tests/app/test_cluster.py::TestOnRay"


def set_up(stage: Stage) -> None:
    stage.props.films(stage.folder / "archive")
    stage.instead["file:///data/archive"] = (stage.folder / "archive").as_uri()


def afterwards(stage: Stage) -> None:  # the same records, with Ray and without
    plain, ray = (
        [json.loads(line) for line in (stage.folder / name).read_text("utf-8").splitlines()]
        for name in ("reports.jsonl", "reports-2.jsonl")
    )
    assert len(plain) == 3
    for ours, theirs in zip(ray, plain, strict=True):
        assert {**ours, "timing_ms": 0} == {**theirs, "timing_ms": 0}


SCENE = Scene(
    "docs/how-to/cluster.md",
    set_up=set_up,
    not_run=(
        NotRun("pip install", "it installs packages", "Makefile:[train,keras,notebook"),
        NotRun(
            "python benchmarks/archives.py --million",
            "works on figures that an idle machine has to give first",
            "tests/app/test_cluster.py::test_the_cost_of_a_million_films_follows_from_that_of_one",
        ),
        NotRun(
            "export RAY_ADDRESS=head.example.org:6379",
            "needs a cluster",
            f"{CLUSTER}::test_records_and_results_are_those_of_the_plain_path",
        ),
        NotRun(
            "spinescan scan archive/ --out results --resume",
            "needs a cluster",
            f"{CLUSTER}::test_a_killed_driver_resumes",
        ),
        NotRun(
            "spinescan scan s3://bucket/archive",
            "needs a store",
            f"{CLUSTER}::test_a_film_that_kills_its_reader_costs_no_other",
        ),
    ),
    afterwards=afterwards,
    extras=("cluster",),
)
