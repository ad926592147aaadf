"""What a DICOM header tells of a radiograph's pixels and sides, and no more than that."""

import math
from dataclasses import dataclass

from pydicom import Dataset

from spinescan.core.errors import ReadError
from spinescan.core.radiograph import Side, SpacingOrigin, View
from spinescan.core.report import Notice

_PLAUSIBLE_MM = (0.01, 10.0)
_MAX_ASPECT = 5.0
_SAME = 1e-4
"""Relative difference below which two spacings are one that was rounded twice."""

_FRONTAL_POSITIONS = frozenset(("AP", "PA"))
_LATERAL_POSITIONS = frozenset(("LL", "RL", "LAT", "LATERAL", "LLAT", "RLAT"))
_OBLIQUE_POSITIONS = frozenset(("LAO", "RAO", "LPO", "RPO"))
_FRONTAL_CODES = frozenset(
    (
        "399348003",
        "272479007",
        "399033003",
        "R-10202",
        "R-10206",
        "R-10214",
    )  # AP, PA, frontal; SNOMED-RT
)
_LATERAL_CODES = frozenset(
    ("399067008", "399173006", "399198007", "R-102CD", "R-10236", "R-10232")  # lateral, left, right
)

Pair = tuple[float, float]


@dataclass(frozen=True, slots=True)
class PixelGeometry:
    """Spacing (row, column) in millimetres or None, where it was measured, and a pixel's shape."""

    spacing_mm: Pair | None
    origin: SpacingOrigin
    pixel_aspect: float
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class ShownSides:
    """The declared view, and the side of the picture that shows the patient's left."""

    view: View | None
    patient_left: Side | None
    notices: tuple[Notice, ...] = ()


def pixel_geometry(header: Dataset) -> PixelGeometry:
    """Spacing and aspect by the rules of DICOM PS3.3 10.7.1.3 for projection images.

    - PixelSpacing equal to ImagerPixelSpacing in both elements: at the detector; different:
      calibrated in the patient.
    - PixelSpacing alone: calibrated if PixelSpacingCalibrationType says how; otherwise its meaning
      is unknown.
    - ImagerPixelSpacing alone: at the detector; divided by EstimatedRadiographicMagnificationFactor
      where given, and then estimated.
    - NominalScannedPixelSpacing: on the film that was scanned, of which nobody tells whether it was
      printed to scale: unknown, unless a different PixelSpacing calibrates it.
    - None of these: PixelAspectRatio (vertical, horizontal) alone.

    Raises
    ------
    ReadError
        "damaged" when a pixel would be absurdly oblong: angles would rest on it.
    """
    notices: list[Notice] = []
    given = _pair(header, "PixelSpacing", notices)
    imager = _pair(header, "ImagerPixelSpacing", notices)
    scanned = _pair(header, "NominalScannedPixelSpacing", notices)
    ratio = _pair(header, "PixelAspectRatio", notices)
    told = header.get("PixelSpacingCalibrationType") in ("GEOMETRY", "FIDUCIAL")
    spacing, origin = _spacing(given, imager, scanned, _magnification(header))
    if told and given is not None and imager is None:
        origin = SpacingOrigin.CALIBRATED
    aspect = 1.0
    if spacing is not None:
        aspect = spacing[0] / spacing[1]
        if ratio is not None and not math.isclose(ratio[0] / ratio[1], aspect, rel_tol=0.01):
            notices.append(
                Notice(
                    "aspect_conflict",
                    "PixelAspectRatio contradicts the pixel spacing; the spacing is used.",
                )
            )
    elif ratio is not None:
        aspect = ratio[0] / ratio[1]
    if not 1 / _MAX_ASPECT <= aspect <= _MAX_ASPECT:
        raise ReadError(
            f"its header says that pixels are {aspect:.3g} times as tall as wide", kind="damaged"
        )
    if spacing is not None and not all(
        _PLAUSIBLE_MM[0] <= value <= _PLAUSIBLE_MM[1] for value in spacing
    ):
        notices.append(_invalid("The pixel spacing"))
        spacing, origin = None, SpacingOrigin.UNKNOWN
    return PixelGeometry(spacing, origin, aspect, tuple(notices))


def _spacing(
    given: Pair | None, imager: Pair | None, scanned: Pair | None, magnification: float | None
) -> tuple[Pair | None, SpacingOrigin]:
    if given is not None:
        if imager is not None:
            same = _same(given, imager)
            return given, SpacingOrigin.DETECTOR if same else SpacingOrigin.CALIBRATED
        if scanned is not None and not _same(given, scanned):
            return given, SpacingOrigin.CALIBRATED
        return given, SpacingOrigin.UNKNOWN
    if imager is not None:
        if magnification is None:
            return imager, SpacingOrigin.DETECTOR
        return (imager[0] / magnification, imager[1] / magnification), SpacingOrigin.ESTIMATED
    return scanned, SpacingOrigin.UNKNOWN


def _same(one: Pair, other: Pair) -> bool:
    return all(math.isclose(a, b, rel_tol=_SAME) for a, b in zip(one, other, strict=True))


def _magnification(header: Dataset) -> float | None:
    try:
        value = float(header.get("EstimatedRadiographicMagnificationFactor"))
    except (TypeError, ValueError):
        return None
    # A detector stands behind the patient: it cannot make anything smaller.
    return value if 1.0 <= value <= 10.0 else None


def _pair(header: Dataset, keyword: str, notices: list[Notice]) -> Pair | None:
    """Two positive numbers, or None with a notice when the header holds something else."""
    try:
        values = header.get(keyword)
        if values is None or values == "":
            return None
        first, second = (float(v) for v in values)
    except (TypeError, ValueError, OverflowError):
        notices.append(_invalid(keyword))
        return None
    if not all(math.isfinite(v) and v > 0 for v in (first, second)):
        notices.append(_invalid(keyword))
        return None
    return first, second


def _invalid(what: str) -> Notice:
    return Notice("spacing_invalid", f"{what} in the header is not plausible and was not used.")


def shown_sides(header: Dataset) -> ShownSides:
    """The view from ViewPosition, ViewCodeSequence and PatientOrientation, the side from the last.

    ViewPosition tells no side: AP and PA name the way of the beam (PS3.3 C.8.1.1),
    not the direction of the rows. Words and codes that are not known say nothing. Two sources that
    contradict each other give None and a notice.
    """
    notices: list[Notice] = []
    along, down = _orientation(header, notices)
    views = {_position_view(header), _code_view(header), _orientation_view(along, down)} - {None}
    if len(views) > 1:
        notices.append(
            Notice(
                "view_conflict",
                "The header's view position, view code and patient orientation do not agree.",
            )
        )
    view = views.pop() if len(views) == 1 else None
    left: Side | None = None
    if view is View.FRONTAL and along in ("L", "R"):
        left = "right" if along == "L" else "left"
    if down == "H" or along in ("F", "H"):
        notices.append(
            Notice("not_upright", "The header says that the picture does not stand head up.")
        )
    return ShownSides(view, left, tuple(notices))


def _orientation(header: Dataset, notices: list[Notice]) -> tuple[str, str]:
    """First letters of PatientOrientation: where rows and columns lead to (PS3.3 C.7.6.1.1.1).

    An animal's are other words, in which L may stand for lateral: they are not read.
    """
    value = header.get("PatientOrientation")
    if not value or header.get("AnatomicalOrientationType") == "QUADRUPED":
        return "", ""
    words = [value] if isinstance(value, str) else [str(v) for v in value]
    letters = [word.strip().upper()[:1] for word in words]
    axes = ["LR", "AP", "HF"]
    if len(letters) == 2 and all(letters):
        along, down = (next((a for a in axes if letter in a), "") for letter in letters)
        if along and down and along != down:
            return letters[0], letters[1]
    if any(letters):
        notices.append(
            Notice("orientation_invalid", "The patient orientation in the header makes no sense.")
        )
    return "", ""


def _orientation_view(along: str, down: str) -> View | None:
    if not along:
        return None
    letters = {along, down}
    if not letters & {"H", "F"}:
        return View.OTHER
    return View.FRONTAL if letters & {"L", "R"} else View.LATERAL


def _position_view(header: Dataset) -> View | None:
    position = str(header.get("ViewPosition") or "").strip().upper()
    if position in _OBLIQUE_POSITIONS:
        return View.OTHER
    return _view(position, _FRONTAL_POSITIONS, _LATERAL_POSITIONS)


def _code_view(header: Dataset) -> View | None:
    try:
        code = header.ViewCodeSequence[0].CodeValue
    except (AttributeError, IndexError, TypeError):
        return None
    return _view(code, _FRONTAL_CODES, _LATERAL_CODES)


def _view(value: object, frontal: frozenset[str], lateral: frozenset[str]) -> View | None:
    name = str(value or "").strip().upper()
    if name in frontal:
        return View.FRONTAL
    return View.LATERAL if name in lateral else None
