"""Two films of one synthetic person, and the server that keeps them."""

from spinescan.phantom.film import SAMPLE, SAMPLE_CLINIC, Order, draw_film
from spinescan.phantom.record import image_bytes
from tests.docs.scene import Scene, Stage


def set_up(stage: Stage) -> None:
    order = Order(extent="whole", clinic=SAMPLE_CLINIC, metal="none")
    for name, seed in (("first", 12), ("second", 13)):
        film = draw_film(SAMPLE, order, seed)
        (stage.folder / f"{name}.png").write_bytes(image_bytes(film, "png"))
    data = stage.folder.parent / "data"
    stage.instead["spinescan serve"] = f"spinescan serve --port {stage.port} --data {data} --jobs 1"
    stage.instead["localhost:8000"] = f"localhost:{stage.port}"


def afterwards(stage: Stage) -> None:
    by_server, alone = stage.printed[-2:]
    assert "True" in alone
    for text in (by_server, alone):  # of points that the server keeps to hundredths of a pixel
        assert "main thoracic curve T5 to T11" in text
        assert "sure whether it is more than 5" in text


SCENE = Scene(
    "docs/how-to/follow-up.md",
    set_up=set_up,
    servers={"spinescan serve": "/ready"},
    afterwards=afterwards,
    extras=("web", "dicom"),  # requests comes with dicom
)
