"""A phantom's truth in the report's terms, and its picture as a file's bytes.

One dictionary a film: what `Report.to_dict` gives for the film's true answers, with a `phantom`
object beside it that tells how the film came about.
"""

import math
from dataclasses import asdict
from io import BytesIO
from typing import Any, Literal

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from spinescan.core.radiograph import SpacingOrigin
from spinescan.core.report import Curve, Measurement, Notice, Report, Verdict
from spinescan.io.dicom_write import Position, SyntheticHeader, dicom_bytes
from spinescan.io.words import product
from spinescan.phantom.film import Order, Phantom

ImageFormat = Literal["png", "png16", "dicom"]
SUFFIXES: dict[ImageFormat, str] = {"png": ".png", "png16": ".png", "dicom": ".dcm"}

METHOD = "closed form of the projected endplate planes"

_DESCRIPTION = "Synthetic spine radiograph of no patient, drawn by a program. Research use only."
_PLATES: dict[str, tuple[str, ...]] = {
    "TK_T4_T12": ("T4_superior", "T12_inferior"),
    "LL_L1_S1": ("L1_superior", "S1"),
    "SS": ("S1",),
    "PT": ("S1", "femoral_head"),
    "PI": ("S1", "femoral_head"),
}
"""What must be on the film for an angle to be seen there: names without their ends."""


def image_bytes(phantom: Phantom, image: ImageFormat = "png") -> bytes:
    """The film as a grey PNG of 8 or 16 bits, or as DICOM; the file itself says synthetic."""
    if image == "dicom":
        return dicom_bytes(phantom.pixels, _header(phantom))
    top, kind = (65535, np.uint16) if image == "png16" else (255, np.uint8)
    words = PngInfo()
    words.add_text("Description", _DESCRIPTION)
    words.add_text("Software", product())
    stream = BytesIO()
    picture = Image.fromarray(np.rint(phantom.pixels.astype(np.float64) * top).astype(kind))
    picture.save(stream, format="PNG", pnginfo=words)
    return stream.getvalue()


def true_report(phantom: Phantom, sha256: str) -> Report:
    """What a perfect reader would answer: only what the film shows, exactly.

    Angles are those of the exposure. What comes after it moves the landmarks alone: a turn would
    change the angles against the horizontal (SS, PT), a photograph's perspective all of them. The
    ALS verdict is the type that was drawn; it is given on frontal films.

    Parameters
    ----------
    sha256
        Of the file that holds the film.
    """
    spacing = phantom.spacing_mm
    rows, columns = phantom.pixels.shape
    origin = SpacingOrigin.UNKNOWN if spacing is None else SpacingOrigin.DETECTOR
    return Report(
        sha256=sha256,
        size=(rows, columns),
        pixel_aspect=1.0,
        spacing_mm=None if spacing is None else (spacing, spacing),
        spacing_origin=origin.value,
        view=phantom.view,
        decision="accepted",
        reasons=(),
        landmarks=phantom.landmarks,
        curves=tuple(curve for curve in phantom.curves if _shown(curve, phantom)),
        als=_verdict(phantom) if phantom.view == "frontal" else None,
        measurements=_measurements(phantom),
        warnings=_warnings(phantom),
    )


def _warnings(phantom: Phantom) -> tuple[Notice, ...]:
    synthetic = Notice("synthetic", f"{_DESCRIPTION} These answers are its truth.")
    if phantom.effects[:1] != ("photo",):
        return (synthetic,)
    text = "The film was photographed: angles are those before the photograph's perspective."
    return (synthetic, Notice("photographed", text))


def truth_record(phantom: Phantom, order: Order, *, file: str, sha256: str) -> dict[str, Any]:
    """`true_report` as JSON, and a `phantom` object: how the film came about, and its person.

    Order and seed are enough to draw the film again, unless its clinic had a `ClinicRecipe` of its
    own, which is not told.

    `angles_deg` there are all angles of a lateral film, also of levels that lie off it; `plan` is
    the spine in space; the `order` tells what was asked for, null where it was left to chance.
    """
    subject, beam = phantom.subject, phantom.beam
    margin = subject.als_margin
    told = {
        "drawn_by": product(),
        "seed": phantom.seed,
        "order": {**asdict(order), "clinic": order.clinic is not None},
        "als": subject.als or "healthy",
        "als_margin": margin if margin is not None and math.isfinite(margin) else None,
        "sagittal": subject.sagittal,
        "sagittal_margin_deg": subject.sagittal_margin_deg,
        "person": asdict(subject.person),
        "plan": _listed(asdict(subject.plan)),
        "angles_deg": phantom.angles_deg,
        "extent": phantom.extent,
        "metal": phantom.metal,
        "effects": list(phantom.effects),
        "letter": phantom.letter and phantom.letter._asdict(),
        "exposure": {
            "position": _position(phantom),
            "pixel_mm": beam.pixel_mm,
            "source_to_film_mm": beam.distance_mm,
        },
    }
    return {**true_report(phantom, sha256).to_dict(file), "phantom": told}


def _verdict(phantom: Phantom) -> Verdict:
    als = phantom.subject.als
    if als is None:
        return Verdict(None, None, (), (), "accepted", ("no_curve",))
    return Verdict(als, "3C" if als.startswith("3C") else "4C", (), (), "accepted")


def _shown(curve: Curve, phantom: Phantom) -> bool:
    return _on_film(f"{curve.upper}_superior", phantom) and _on_film(
        f"{curve.lower}_inferior", phantom
    )


def _measurements(phantom: Phantom) -> tuple[Measurement, ...]:
    return tuple(
        Measurement(name, value, "deg", METHOD, tuple(_level(plate) for plate in _spine(name)))
        for name, value in phantom.angles_deg.items()
        if all(_on_film(plate, phantom) for plate in _PLATES[name])
    )


def _spine(name: str) -> tuple[str, ...]:
    return tuple(plate for plate in _PLATES[name] if plate != "femoral_head")


def _level(plate: str) -> str:
    return plate.split("_")[0]


def _on_film(plate: str, phantom: Phantom) -> bool:
    """Whether both ends of an endplate, or both femoral heads, are on the film."""
    lateral = phantom.view == "lateral" and plate != "femoral_head"
    ends = ("anterior", "posterior") if lateral else ("left", "right")
    return all(f"{plate}_{end}" in phantom.landmarks for end in ends)


def _position(phantom: Phantom) -> Position:
    """The beam's way in DICOM's words: in and out of the patient, or the side at the detector."""
    towards = phantom.beam.normal
    if phantom.view == "frontal":
        return "AP" if towards[1] > 0 else "PA"
    return "LL" if towards[0] > 0 else "RL"


def _header(phantom: Phantom) -> SyntheticHeader:
    person = phantom.subject.person
    return SyntheticHeader(
        seed=phantom.seed,
        position=_position(phantom),
        spacing_mm=phantom.spacing_mm,
        sex="F" if person.sex == "female" else "M",
        age_years=int(person.age_years),
        text="text" in phantom.effects,
        inverted="inverted" in phantom.effects,
    )


def _listed(value: Any) -> Any:
    """Tuples as lists, as JSON has them."""
    if isinstance(value, dict):
        return {key: _listed(item) for key, item in value.items()}
    return [_listed(item) for item in value] if isinstance(value, tuple) else value
