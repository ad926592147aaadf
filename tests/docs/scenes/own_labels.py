"""A folder for each class, and a table of somebody's own labels."""

from tests.docs.scene import Scene, Stage


def set_up(stage: Stage) -> None:
    stage.props.als_films(stage.folder / "films", each=6)
    films = sorted((stage.folder / "films").glob("*/*.png"))
    lines = ["image,patient,surgeon"]
    lines += [
        f"films/{film.parent.name}/{film.name},{film.stem},{'operate' if k % 2 else 'wait'}"
        for k, film in enumerate(films)
    ]
    (stage.folder / "labels.csv").write_text("\n".join(lines) + "\n")


def afterwards(stage: Stage) -> None:
    split = (stage.folder / "split.csv").read_text("utf-8")
    assert all(f",{part}," in split for part in ("train", "validation", "test"))
    assert (stage.folder / "surgeon.csv").is_file()
    assert (stage.folder / "audit" / "audit.html").is_file()


SCENE = Scene("docs/how-to/own-labels.md", set_up=set_up, afterwards=afterwards, extras=("study",))
