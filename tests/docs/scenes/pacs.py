"""An Orthanc with a film; the node that it sends films to is tested in tests/pacs."""

from tests.docs.scene import Scene, Stage


def set_up(stage: Stage) -> None:
    from tests.pacs.orthanc import Orthanc
    from tests.pacs.round_trip import film

    orthanc = Orthanc(stage.folder.parent / "orthanc")
    orthanc.start()
    stage.at_the_end(orthanc.kill)
    stage.instead["https://pacs.example.org/dicom-web"] = orthanc.url
    stage.instead["http://localhost:8042/dicom-web"] = orthanc.url
    stage.instead["spinescan node"] = f"spinescan node --port {stage.port} --leave-megabytes 0"
    stage.instead["127.0.0.1:4242"] = f"127.0.0.1:{orthanc.dicom_port}"
    orthanc.add(film(1))
    stage.kept["orthanc"] = orthanc


def afterwards(stage: Stage) -> None:
    from tests.pacs.round_trip import by_study

    (study,) = by_study(stage.kept["orthanc"]).values()
    assert study == {"film": 1, "SR": 1, "SC": 1}
    assert len((stage.folder / "reports.jsonl").read_text("utf-8").splitlines()) == 1


SCENE = Scene(
    "docs/how-to/pacs.md",
    set_up=set_up,
    servers={"spinescan node --allow ORTHANC@127.0.0.1 --send-to ORTHANC@127.0.0.1:4242": ""},
    afterwards=afterwards,
    extras=("dicom",),
    programs=("Orthanc",),
)
