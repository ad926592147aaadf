"""Films, a folder and an address."""

import csv

from tests.docs.scene import Scene, Stage


def set_up(stage: Stage) -> None:
    stage.props.film(stage.folder / "film.png")
    stage.props.lateral(stage.folder / "lateral.png")
    stage.props.dicom(stage.folder / "film.dcm")
    stage.props.films(stage.folder / "folder")
    stage.props.film(stage.folder.parent / "web" / "film.jpg")
    stage.instead["https://example.org"] = stage.web(stage.folder.parent / "web")


def afterwards(stage: Stage) -> None:
    assert len(list((stage.folder / "results").glob("*/page.html"))) == 4
    with (stage.folder / "curves.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["file"] for row in rows} == {
        f"folder/{name}" for name in ("film.dcm", "film.png", "lateral.png")
    }
    assert all(float(row["low"]) < float(row["cobb_deg"]) for row in rows if row["low"])
    assert len(list((stage.folder / "passed-on").glob("film-000*"))) == 3


SCENE = Scene("docs/how-to/own-films.md", set_up=set_up, afterwards=afterwards)
