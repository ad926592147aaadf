"""The server and who asks it."""

from tests.docs.scene import Scene, Stage

BEHIND_A_PROXY = "spinescan serve --token-file tokens --allow-host films.example.org"


def set_up(stage: Stage) -> None:
    for name in ("film.png", "one.png"):
        stage.props.film(stage.folder / name)
    stage.props.dicom(stage.folder / "two.dcm")
    serve = f"spinescan serve --port {stage.port} --jobs 1"
    stage.instead["spinescan serve"] = serve
    # The file holds the token that the page made a little above.
    stage.instead[BEHIND_A_PROXY] = (
        'echo "anna:$SPINESCAN_TOKEN" > tokens; '
        f"env -u SPINESCAN_TOKEN {serve} --token-file tokens --allow-host films.example.org"
    )
    stage.instead["localhost:8000"] = f"localhost:{stage.port}"


def afterwards(stage: Stage) -> None:
    assert (stage.folder / "film.pdf").read_bytes().startswith(b"%PDF")
    assert list((stage.folder / "results").glob("*/report.pdf"))


SCENE = Scene(
    "docs/how-to/serve.md",
    set_up=set_up,
    servers={"spinescan serve": "/ready", BEHIND_A_PROXY: "/ready"},
    afterwards=afterwards,
    extras=("web", "pdf"),
    programs=("curl",),
)
