"""An Orthanc with two films; that it sends films to the node is tested in tests/pacs."""

from datetime import date
from io import BytesIO

from tests.docs.scene import Scene, Stage


def set_up(stage: Stage) -> None:
    from pydicom import dcmread

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
    today = dcmread(BytesIO(film(2)))
    today.StudyDate = f"{date.today():%Y%m%d}"
    file = BytesIO()
    today.save_as(file, enforce_file_format=True)
    orthanc.add(file.getvalue())
    stage.kept["orthanc"] = orthanc


def afterwards(stage: Stage) -> None:
    from tests.pacs.round_trip import by_study

    studies = by_study(stage.kept["orthanc"]).values()
    assert list(studies) == 2 * [{"film": 1, "SR": 1, "SC": 1}]
    assert len((stage.folder / "reports.jsonl").read_text("utf-8").splitlines()) == 1


SCENE = Scene(
    "docs/how-to/pacs.md",
    set_up=set_up,
    servers={"spinescan node --allow ORTHANC@127.0.0.1 --send-to ORTHANC@127.0.0.1:4242": ""},
    afterwards=afterwards,
    extras=("dicom",),
    programs=("Orthanc",),
)
