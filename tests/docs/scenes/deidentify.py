"""Films of two patients without their patients."""

import csv

from tests.docs.scene import Scene, Stage


def set_up(stage: Stage) -> None:
    for folder in ("clinic", "films"):
        stage.props.films(stage.folder / folder)


def afterwards(stage: Stage) -> None:
    passed_on = stage.folder / "passed-on"
    with (passed_on / "films.csv").open(newline="") as rows:
        films = list(csv.DictReader(rows))
    assert len(films) == 3
    told = {"file", "film", "patient", "study", "view_position", "burned_in", "text_seen"}
    assert set(films[0]) == told
    for film in films:
        assert (passed_on / film["file"]).is_file()
    assert len(list(passed_on.rglob("not-told/F*.png"))) == 2
    assert b"Quentin" not in b"".join(path.read_bytes() for path in passed_on.rglob("*.dcm"))
    assert (stage.folder / "films.key").is_file()
    assert "film.png" not in "".join(
        path.read_text("utf-8") for path in (stage.folder / "results").glob("*/report.json")
    )


SCENE = Scene(
    "docs/how-to/deidentify.md",
    set_up=set_up,
    afterwards=afterwards,
    extras=("dicom", "study"),
)
