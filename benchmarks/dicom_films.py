"""DICOM films of all outcomes under headers of all kinds, for the validity of DICOM results.

A film is a drawn phantom (or noise) in a DX, CR or secondary capture object; nobody is on it. What
the header names are invented people with names in several scripts.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from io import BytesIO
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.filewriter import dcmwrite
from pydicom.uid import ImplicitVRLittleEndian

from spinescan.core.edit import Edit
from spinescan.core.radiograph import Radiograph
from spinescan.core.report import Report
from spinescan.core.told import Told
from spinescan.infer.bundle import Bundle
from spinescan.infer.edited import remeasured
from spinescan.infer.scanner import Scanner
from spinescan.io.dicom_write import SyntheticHeader, dicom_bytes
from spinescan.io.quiet import quiet
from spinescan.io.read import read_radiograph
from spinescan.phantom.film import Order, draw_phantom

ROWS: Final = 640
JAPANESE: Final = "Yamada^Tarou=山田^太郎=やまだ^たろう"
KOREAN: Final = "Hong^Gildong=洪^吉洞=홍^길동"
GREEK: Final = "Διονυσιος^Γ"
GERMAN: Final = "Müller^Jürgen^^Dr."


class Case(NamedTuple):
    """A film's file, the radiograph that was read from it, and its Report."""

    name: str
    film: bytes
    radiograph: Radiograph
    report: Report


def film_file(
    pixels: NDArray[np.float32],
    change: Callable[[Dataset], None] = lambda header: None,
    *,
    lateral: bool = False,
    spacing_mm: float | None = 0.3,
    seed: int = 1,
) -> bytes:
    """A DICOM file of these pixels, its header changed by `change`."""
    header = SyntheticHeader(
        seed=seed,
        position="RL" if lateral else "PA",
        spacing_mm=spacing_mm,
        sex="F",
        age_years=14,
    )
    film, out = dcmread(BytesIO(dicom_bytes(pixels, header))), BytesIO()
    with quiet():  # odd headers are the point
        change(film)
        dcmwrite(out, film, enforce_file_format=True)
    return out.getvalue()


def person(header: Dataset) -> None:
    """A patient with everything known."""
    header.PatientName, header.PatientID = "Doe^Jane", "4711"
    header.PatientBirthDate, header.PatientSex = "20100203", "F"
    header.PatientIdentityRemoved = "NO"
    del header.DeidentificationMethod
    header.StudyDate, header.StudyTime, header.StudyID = "20260102", "101112", "77"
    header.AccessionNumber, header.ReferringPhysicianName = "A-1", "House^Gregory"
    header.BurnedInAnnotation = "NO"


def _computed(header: Dataset) -> None:
    """As computed radiography of a person."""
    person(header)
    header.SOPClassUID = header.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    header.Modality = "CR"


def _dark_bones(header: Dataset) -> None:
    person(header)
    header.PhotometricInterpretation = "MONOCHROME1"
    header.PresentationLUTShape = "INVERSE"
    header.PixelIntensityRelationshipSign = 1
    stored = np.frombuffer(header.PixelData, "<u2")
    header.PixelData = (np.uint16(4095) - stored).astype("<u2").tobytes()


def _named(name: str, *charset: str) -> Callable[[Dataset], None]:
    def change(header: Dataset) -> None:
        person(header)
        header.SpecificCharacterSet = list(charset)
        header.PatientName = name

    return change


def _bare(header: Dataset) -> None:
    """Without anything that could be left out."""
    kept = {
        *("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Modality"),
        *("SamplesPerPixel", "PhotometricInterpretation", "Rows", "Columns", "PixelData"),
        *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"),
    }
    for element in list(header):
        if element.keyword not in kept:
            del header[element.tag]


def _odd(header: Dataset) -> None:
    """With values that the standard does not allow, which films have all the same."""
    person(header)
    header.PatientBirthDate, header.StudyDate, header.StudyTime = "2010.02.03", "99999999", "noon"
    header.PatientSex, header.PatientAge = "X", "fourteen"
    header.StudyDescription = "a very long description of a study " * 3
    header.PatientOrientation = ["LEFT"]
    header.ImagerPixelSpacing = [0.3, 0.3]
    header.BurnedInAnnotation = "MAYBE"


def _with_text(header: Dataset) -> None:
    person(header)
    header.BurnedInAnnotation = "YES"
    header.LossyImageCompression = "01"
    header.LossyImageCompressionRatio = 12.5
    header.LossyImageCompressionMethod = "ISO_10918_1"


def _implicit(header: Dataset) -> None:
    person(header)
    header.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian


def _nameless(header: Dataset) -> None:
    """De-identified by codes, as many programs do, without words."""
    del header.DeidentificationMethod
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator = "113100", "DCM"
    code.CodeMeaning = "Basic Application Confidentiality Profile"
    header.DeidentificationMethodCodeSequence = [code]


def _nameless_somehow(header: Dataset) -> None:
    del header.DeidentificationMethod


HEADERS: Final[dict[str, Callable[[Dataset], None]]] = {
    "synthetic": lambda header: None,
    "person": person,
    "cr": _computed,
    "monochrome1": _dark_bones,
    "japanese": _named(JAPANESE, "", "ISO 2022 IR 87"),
    "korean": _named(KOREAN, "", "ISO 2022 IR 149"),
    "greek": _named(GREEK, "ISO_IR 126"),
    "german": _named(GERMAN, "ISO_IR 100"),
    "unicode": _named(f"{GERMAN}=山田", "ISO_IR 192"),
    "bare": _bare,
    "odd": _odd,
    "burned-in": _with_text,
    "implicit": _implicit,
    "de-identified": _nameless,
    "de-identified somehow": _nameless_somehow,
}
"""What is done to a film's header, by its name."""


class Outcome(NamedTuple):
    """What a film shows, and what is done with its answer."""

    pixels: Callable[[], NDArray[np.float32]]
    lateral: bool = False
    spacing_mm: float | None = 0.3
    told: Told = Told()
    edit: Callable[[Report], Edit] | None = None


@cache
def _phantom(**wishes: object) -> NDArray[np.float32]:
    return draw_phantom(Order(rows=ROWS, clinic=None, **wishes), 5).pixels  # type: ignore[arg-type]


def _drawn(**wishes: object) -> Callable[[], NDArray[np.float32]]:
    return lambda: _phantom(**wishes)


def _noise() -> NDArray[np.float32]:
    return np.random.default_rng(1).random((ROWS, 300), dtype=np.float32)


def _as_it_was(report: Report) -> dict[str, object]:
    assert report.landmarks is not None
    return {
        "view": report.view,
        "names": report.landmarks.names,
        "points_xy": report.landmarks.points_xy.copy(),
    }


def _moved(report: Report) -> Edit:
    values = _as_it_was(report)
    values["points_xy"][4] += (2.0, 5.0)  # type: ignore[index]
    return Edit(**values, levels_certain=True)  # type: ignore[arg-type]


def _ends_chosen(report: Report) -> Edit:
    return Edit(**_as_it_was(report), ends=(("T5", "T11"), ("T12", "L4")))  # type: ignore[arg-type]


def _beyond_the_edge(report: Report) -> Edit:
    """A corner where a drawn region may not lie."""
    values = _as_it_was(report)
    upper = report.curves[0].upper
    at = report.landmarks.names.index(f"{upper}_superior_left")  # type: ignore[union-attr]
    values["points_xy"][at] = (-3.0, values["points_xy"][at][1])  # type: ignore[index]
    ends = ((upper, report.curves[0].lower),)
    return Edit(**values, ends=ends)  # type: ignore[arg-type]


OUTCOMES: Final[dict[str, Outcome]] = {
    **{
        f"frontal {als}": Outcome(_drawn(als=als))
        for als in ("healthy", "3CH", "3CTL", "3CN", "3CL", "4C", "4CL", "4CTL")
    },
    **{
        f"lateral {shape}": Outcome(_drawn(view="lateral", sagittal=shape), lateral=True)
        for shape in ("healthy", "hyperkyphosis", "hypokyphosis", "hyperlordosis", "both")
    },
    "lateral of an adult": Outcome(
        _drawn(view="lateral", sagittal="both"),
        lateral=True,
        told=Told(age="adult", posture="standing"),
    ),
    "slip": Outcome(_drawn(view="lateral", slip=("L5", 0.3)), lateral=True),
    "rods": Outcome(_drawn(als="3CN", metal="rods")),
    "brace on the film": Outcome(_drawn(als="3CL", metal="brace")),
    "in brace": Outcome(_drawn(als="3CH"), told=Told(in_brace=True)),
    "without spacing": Outcome(_drawn(als="4C"), spacing_mm=None),
    "points moved": Outcome(_drawn(als="3CN"), edit=_moved),
    "ends chosen": Outcome(_drawn(als="4C"), edit=_ends_chosen),
    "beyond the edge": Outcome(_drawn(als="3CH"), edit=_beyond_the_edge),
    "lateral moved": Outcome(_drawn(view="lateral", sagittal="both"), lateral=True, edit=_moved),
    "noise": Outcome(_noise),
    "upside down": Outcome(lambda: np.ascontiguousarray(_phantom(als="3CH")[::-1])),
    "declared lateral": Outcome(_drawn(als="3CH"), lateral=True),
    "cut": Outcome(lambda: np.ascontiguousarray(_phantom(als="4C")[: ROWS // 3])),
}
"""What is on the films, by its name."""


def cases(count: int, scanner: Scanner, landmark_models: dict[str, Bundle]) -> Iterator[Case]:
    """So many films; outcomes and headers take turns at different paces, so that they mix.

    Parameters
    ----------
    landmark_models
        By view, for the edits.
    """
    outcomes, headers = list(OUTCOMES.items()), list(HEADERS.items())
    for i in range(count):
        what, outcome = outcomes[i % len(outcomes)]
        whose, change = headers[(i + i // len(outcomes)) % len(headers)]
        film = film_file(
            outcome.pixels(),
            change,
            lateral=outcome.lateral,
            spacing_mm=outcome.spacing_mm,
            seed=i,
        )
        radiograph = read_radiograph(film)
        report = scanner.scan(radiograph, outcome.told)
        if outcome.edit is not None and report.decision == "accepted":
            model = landmark_models[report.view]
            report = remeasured(report, outcome.edit(report), model, outcome.told)
        yield Case(f"{i:02d} {what}, {whose}", film, radiograph, replace(report, timing_ms=0.0))
