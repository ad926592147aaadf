"""README: all but `make test`, on three films."""

from tests.docs.scene import NotRun, Scene, Stage


def set_up(stage: Stage) -> None:
    stage.clone()
    stage.props.film(stage.folder / "film.png")
    stage.props.dicom(stage.folder / "film.dcm")
    stage.props.films(stage.folder / "folder")
    stage.props.film(stage.folder.parent / "web" / "film.jpg")
    stage.instead["https://example.org"] = stage.web(stage.folder.parent / "web")


def afterwards(stage: Stage) -> None:
    results = stage.folder / "results"
    for name in ("report.json", "overlay.png", "page.html", "report.pdf"):
        assert len(list(results.glob(f"*/{name}"))) == 3, name
    assert (stage.folder / "film" / "truth.json").is_file()
    assert len(list((stage.folder / "set" / "images").iterdir())) == 3


SCENE = Scene(
    "README.md",
    set_up=set_up,
    instead={"--count 1000": "--count 3 --rows 256"},  # the time of a test
    not_run=(NotRun("make test", "it is what runs this test", ".ci/run: make test"),),
    afterwards=afterwards,
    extras=("pdf",),
)
