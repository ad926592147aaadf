"""A scanner without a network. It lives in a module so that worker processes can import it."""

import json
import os
import signal
import time
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
from PIL import Image

from spinescan.core.anatomy import FRONTAL_NAMES, LEVELS, Landmarks
from spinescan.core.radiograph import Radiograph
from spinescan.core.report import BundleRef, Curve, Notice, Report, Verdict
from spinescan.core.told import NOTHING, Told

NORMAL, ABSTAIN, DEFECT, CRASH, SLOW, UNHURRIED = 40, 90, 140, 190, 210, 225
"""Grey values of the films that make the fake scanner do so."""


def straight_spine(rows: int, columns: int) -> Landmarks:
    """T1..L5 as boxes in the middle of the film."""
    step = rows / (len(LEVELS) + 1)
    points = [
        (columns * x, step * (0.6 + i + y))
        for i in range(len(LEVELS))
        for x, y in ((0.4, 0.0), (0.6, 0.0), (0.4, 0.8), (0.6, 0.8))
    ]
    return Landmarks.from_points(FRONTAL_NAMES, points)


class FakeScanner:
    """Answers by the film's grey value alone, and counts its films."""

    cards: ClassVar = {"fake": "# A fake model"}

    def __init__(self, version: str = "1") -> None:
        self.scanned: list[str] = []
        self.told: list[Told] = []
        self.bundles = (SimpleNamespace(name="fake", ref=BundleRef("fake", version)),)

    def scan(self, film: Radiograph, told: Told = NOTHING) -> Report:
        self.scanned.append(film.sha256)
        self.told.append(told)
        grey = round(float(film.pixels[0, 0]) * 255)
        if grey == CRASH:
            os.kill(os.getpid(), signal.SIGKILL)
        if grey == SLOW:
            time.sleep(60)
        if grey == UNHURRIED:
            time.sleep(0.5)
        if grey == DEFECT:
            raise RuntimeError("a secret of the film")
        abstained = grey == ABSTAIN
        return Report(
            sha256=film.sha256,
            size=film.size,
            pixel_aspect=film.pixel_aspect,
            spacing_mm=film.spacing_mm,
            spacing_origin=film.spacing_origin.value,
            view="other" if abstained else "frontal",
            decision="abstained" if abstained else "accepted",
            reasons=("no_spine",) if abstained else (),
            landmarks=None if abstained else straight_spine(*film.size),
            curves=()
            if abstained
            else (Curve("main_thoracic", "left", "T5", "T8", "T11", 31.4, (26.0, 36.5)),),
            als=None if abstained else Verdict("3CH", "3C", ("3CN",), (), "accepted"),
            bundles=tuple(bundle.ref for bundle in self.bundles),
            warnings=(Notice("side_unknown", "left and right are those of the picture"),),
            timing_ms=1.0,
        )

    def heat_maps(
        self, film: Radiograph, report: Report, names: object = None
    ) -> dict[str, object]:
        return {}  # there is no classifier


def load_fake(threads: int | None = None) -> FakeScanner:
    return FakeScanner()


def load_nothing(threads: int | None = None) -> FakeScanner:
    from spinescan.core.errors import BundleError

    raise BundleError("frontal-landmarks: weights do not match their digest")


def write_film(path: Path, grey: int = NORMAL, mark: int = 0) -> Path:
    """A small film of one grey with a bright bar; `mark` tells equal ones apart."""
    pixels = np.full((200, 100), grey, np.uint8)
    pixels[20:180, 45:55] = 250
    pixels[-1, -1] = mark
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def write_bundle(folder: Path, *, trained_on: tuple[str, ...] = ("aasce",)) -> Path:
    """A bundle without a network."""
    folder.mkdir(parents=True)
    values = {
        "name": folder.name,
        "version": "1.2.3",
        "task": "frontal-landmarks",
        "networks": {},
        "settings": {},
        "provenance": {"trained_on": list(trained_on)},
        "summary": {"smape_percent": 9.5, "n": 439},
    }
    (folder / "bundle.json").write_text(json.dumps(values))
    (folder / "CARD.md").write_text(f"# {folder.name}\n\nIts card.\n")
    return folder
