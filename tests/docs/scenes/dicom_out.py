"""A DICOM film and its two results."""

from pydicom import dcmread

from tests.docs.scene import Scene, Stage


def set_up(stage: Stage) -> None:
    stage.props.dicom(stage.folder / "film.dcm")


def afterwards(stage: Stage) -> None:
    film = dcmread(stage.folder / "film.dcm")
    for name, modality in (("report.dcm", "SR"), ("overlay.dcm", "OT")):
        (path,) = (stage.folder / "results").glob(f"*/{name}")
        made = dcmread(path)
        assert made.Modality == modality
        assert made.StudyInstanceUID == film.StudyInstanceUID


SCENE = Scene("docs/how-to/dicom-out.md", set_up=set_up, afterwards=afterwards, extras=("dicom",))
