"""Grey values of a DICOM film, in the standard's order (PS3.4 N.2.1): modality, VOI, presentation.

All three steps map one stored value to one grey value. So they are computed once for each value
that can occur, at most 65,536, and not once for each pixel.
"""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset
from pydicom.pixels import apply_color_lut

from spinescan.core.errors import ReadError
from spinescan.core.report import Notice
from spinescan.io.dicom_decode import stored_values
from spinescan.io.grey import HALF_STEP, no_contrast, spread

_LUMA = np.array([0.299, 0.587, 0.114])
"""ITU-R BT.601, as Pillow's."""
_BLOCK = 256
"""Rows mapped at a time: numpy turns an index into 8 bytes a pixel."""

Floats = NDArray[np.float64]


def grey_film(header: Dataset) -> tuple[NDArray[np.float32], tuple[Notice, ...]]:
    """The film as float32 (rows, columns) in [0, 1], as a viewer would show it, with notices.

    Bright is dense where the header tells the polarity right; a contradiction within it is noticed.
    """
    values, photometric = stored_values(header)
    if values.dtype.kind not in "iu" or values.dtype.itemsize > 2:
        raise ReadError("has pixels of more than 16 bits", kind="unsupported")
    if photometric in ("MONOCHROME1", "MONOCHROME2") and values.ndim == 2:
        return _monochrome(values, header, photometric)
    if photometric == "PALETTE COLOR" and values.ndim == 2:
        return _palette(values, header), ()
    if values.ndim == 3 and values.shape[2] == 3 and values.dtype == np.uint8:
        return _colour(values, photometric), ()
    raise ReadError(
        f"has pixels of the kind {photometric} with {values.dtype.itemsize * 8} bits, which is "
        "not read",
        kind="unsupported",
    )


def _monochrome(
    stored: NDArray[np.generic], header: Dataset, photometric: str
) -> tuple[NDArray[np.float32], tuple[Notice, ...]]:
    low, high = int(stored.min()), int(stored.max())
    domain = np.arange(low, high + 1)
    padding = _padding(domain, header)
    used = _used_range(stored, low, padding)
    grey, notices = _displayed(_modality(domain.astype(np.float64), header), used, header)
    if _is_inverted(header, photometric):
        grey = 1.0 - grey
    grey[padding] = 0.0
    notices = (*_polarity_notices(header, photometric), *notices)
    return _look_up(stored, low, grey.astype(np.float32)), notices


def _used_range(stored: NDArray[np.generic], low: int, padding: NDArray[np.bool_]) -> slice:
    """The part of the domain between the lowest and the highest stored value but padding."""
    occurs = ~padding
    if padding.any():
        occurs = np.zeros(len(padding), dtype=bool)
        for start in range(0, len(stored), _BLOCK):
            occurs[stored[start : start + _BLOCK].astype(np.int64) - low] = True
        occurs &= ~padding
    indices = np.flatnonzero(occurs)
    if len(indices) < 2:
        raise no_contrast()
    return slice(int(indices[0]), int(indices[-1]) + 1)


def _displayed(values: Floats, used: slice, header: Dataset) -> tuple[Floats, tuple[Notice, ...]]:
    """Grey values in [0, 1] by the header's table or window, else by the range that is used."""
    grey = _voi(values, header)
    if grey is not None and float(np.ptp(grey[used])) >= HALF_STEP:
        return grey, ()
    inside = values[used]
    full = spread(values, float(inside.min()), float(inside.max())).astype(np.float64)
    if grey is None:
        return full, ()
    text = "The header's grey-value window leaves no contrast; the full range is used."
    return full, (Notice("window_ignored", text),)


def _is_inverted(header: Dataset, photometric: str) -> bool:
    # DX demands INVERSE together with MONOCHROME1 (PS3.3 C.8.11.3): both mean one inversion.
    shape = str(header.get("PresentationLUTShape") or "").strip().upper()
    return photometric == "MONOCHROME1" or shape == "INVERSE"


def _look_up(
    stored: NDArray[np.generic], low: int, grey: NDArray[np.float32]
) -> NDArray[np.float32]:
    film = np.empty(stored.shape, dtype=np.float32)
    for start in range(0, len(stored), _BLOCK):
        block = stored[start : start + _BLOCK].astype(np.int64)
        block -= low
        np.take(grey, block, out=film[start : start + _BLOCK], mode="clip")
    return film


def _padding(domain: NDArray[np.int64], header: Dataset) -> NDArray[np.bool_]:
    """Which stored values are no picture but background (PS3.3 C.7.5.1.1.2)."""
    first = header.get("PixelPaddingValue")
    if not isinstance(first, int):
        return np.zeros(len(domain), dtype=bool)
    last = header.get("PixelPaddingRangeLimit")
    ends = sorted((first, last if isinstance(last, int) else first))
    inside: NDArray[np.bool_] = (domain >= ends[0]) & (domain <= ends[1])
    return inside


def _modality(values: Floats, header: Dataset) -> Floats:
    if header.get("ModalityLUTSequence"):
        return _table(header.ModalityLUTSequence[0], values, header)[0]
    slope, intercept = _number(header, "RescaleSlope"), _number(header, "RescaleIntercept")
    if slope is None or slope == 0 or intercept is None:
        return values
    return values * slope + intercept


def _voi(values: Floats, header: Dataset) -> Floats | None:
    """Grey values in [0, 1], or None where the header has no usable table or window."""
    if header.get("VOILUTSequence"):
        output, entries = _table(header.VOILUTSequence[0], values, header)
        # The declared depth is often wrong; what the table reaches is not.
        top = 2 ** max(int(entries.max()).bit_length(), 1) - 1
        return np.asarray(np.clip(output / top, 0.0, 1.0))
    centre, width = _number(header, "WindowCenter"), _number(header, "WindowWidth")
    if centre is None or width is None or width <= 0:
        return None
    function = str(header.get("VOILUTFunction") or "LINEAR").strip().upper()
    if function == "SIGMOID":
        return np.asarray(1.0 / (1.0 + np.exp(np.clip(-4.0 * (values - centre) / width, -50, 50))))
    if function == "LINEAR_EXACT":
        return np.clip((values - centre) / width + 0.5, 0.0, 1.0)
    # PS3.3 C.11.2.1.2.1; a width of 1 is a step.
    return np.clip((values - (centre - 0.5)) / max(width - 1.0, 1e-6) + 0.5, 0.0, 1.0)


def _table(item: Dataset, values: Floats, header: Dataset) -> tuple[Floats, Floats]:
    """`values` through a look-up table (PS3.3 C.11.1.1, C.11.2.1.1), and the table's entries."""
    count, first, bits = (int(v) for v in item.LUTDescriptor)
    count = count or 2**16
    data = item["LUTData"].value
    if isinstance(data, bytes):
        little = header.file_meta.TransferSyntaxUID.is_little_endian
        # Entries of 8 bits are packed, two to a word, when the data are no longer than that.
        packed = bits == 8 and len(data) < 2 * count
        data = np.frombuffer(data, dtype="u1" if packed else "<u2" if little else ">u2")
    entries = np.atleast_1d(np.asarray(data, dtype=np.float64))[:count]
    if len(entries) < count:
        raise ReadError(
            f"a grey-value table in its header has {len(entries)} of {count} entries",
            kind="damaged",
        )
    index = np.clip(np.rint(values) - first, 0, count - 1).astype(np.int64)
    return entries[index], entries


def _number(header: Dataset, keyword: str) -> float | None:
    """The first value of an element as a finite number, or None."""
    value = header.get(keyword)
    if value is not None and not isinstance(value, str | int | float):
        value = value[0] if len(value) else None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) and abs(number) < 1e12 else None


def _polarity_notices(header: Dataset, photometric: str) -> tuple[Notice, ...]:
    """A warning where PixelIntensityRelationshipSign says that dense is shown dark."""
    sign = _number(header, "PixelIntensityRelationshipSign")
    if sign not in (1, -1):
        return ()
    slope = _number(header, "RescaleSlope")
    dense_is_high = sign < 0
    if slope is not None and slope < 0 and not header.get("ModalityLUTSequence"):
        dense_is_high = not dense_is_high
    if dense_is_high != _is_inverted(header, photometric):
        return ()
    return (
        Notice(
            "polarity_conflict",
            "By its header, the film shows dense parts dark; it is read as the header shows it.",
        ),
    )


def _palette(stored: NDArray[np.generic], header: Dataset) -> NDArray[np.float32]:
    low, high = int(stored.min()), int(stored.max())
    domain = np.arange(low, high + 1)
    rgb = apply_color_lut(domain, header)
    top = float(np.iinfo(rgb.dtype).max)
    return _look_up(stored, low, np.clip(rgb @ _LUMA / top, 0.0, 1.0).astype(np.float32))


def _colour(values: NDArray[np.generic], photometric: str) -> NDArray[np.float32]:
    if photometric in ("YBR_FULL", "YBR_FULL_422"):
        film = values[..., 0].astype(np.float32)  # Y is the luminance
    elif photometric == "RGB":
        film = np.asarray(Image.fromarray(values).convert("L")).astype(np.float32)
    else:
        raise ReadError(
            f"has colours of the kind {photometric}, which is not read", kind="unsupported"
        )
    film /= 255.0
    return film
