"""Films that can be read, with Reports whose landmarks lie on them."""

import hashlib
import io
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spinescan.cases.records import Change, NewScan
from spinescan.core.anatomy import Landmarks
from spinescan.core.report import Report
from spinescan.measure.answers import frontal_answers
from tests.cases.scans import NOTHING_TOLD
from tests.measure.spines import profile, replaced, spine

ROWS, COLUMNS = 850, 240
SINGLE = profile(T1=-15, T5=-15, T11=15, L5=15)
WORSE = profile(T1=-20, T5=-20, T11=22, L5=22)


def picture(seed: int = 0, **options: Any) -> bytes:
    """A PNG file of noise that does not reach black nor white."""
    grey = np.random.default_rng(seed).integers(40, 200, (ROWS, COLUMNS), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(grey).save(out, "PNG", **options)
    return out.getvalue()


def marks(tilts: NDArray[np.float64] = SINGLE, **change: Any) -> Landmarks:
    """A spine on such a film, as a reader corrected it."""
    there = spine(tilts, spread_px=0.5)
    moved = replaced(there, there.points_xy - [400, 0], spread_px=there.spread_px)
    values = {"score": moved.score, "spread_px": moved.spread_px, "levels_certain": True}
    return Landmarks.from_points(
        moved.names, moved.points_xy, **{"origin": "edited", **values, **change}
    )


def report(landmarks: Landmarks | None, view: Any = "frontal", **change: Any) -> dict[str, Any]:
    """A Report as JSON."""
    values: dict[str, Any] = {
        "sha256": "",
        "size": (ROWS, COLUMNS),
        "pixel_aspect": 1.0,
        "spacing_mm": None,
        "spacing_origin": "unknown",
        "view": view,
        "decision": "accepted",
        "reasons": (),
        "landmarks": landmarks,
        "curves": frontal_answers(landmarks, factor=1.0).curves
        if view == "frontal" and landmarks is not None
        else (),
    }
    return Report(**(values | change)).to_dict()


def film_scan(
    name: str,
    film: bytes,
    machine: dict[str, Any],
    edited: dict[str, Any] | None = None,
    *,
    taken_on: date = date(2026, 1, 1),
    told: dict[str, Any] | None = None,
) -> NewScan:
    """A scan to be saved, with a first edit if there is one."""
    change = None if edited is None else Change({"view": edited["view"], "told": None}, edited)
    return NewScan(
        id=name,
        sha256=hashlib.sha256(film).hexdigest(),
        taken_on=taken_on,
        told=told or NOTHING_TOLD,
        report=machine,
        film=film,
        change=change,
    )
