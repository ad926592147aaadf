"""Labelled films that a network learns in seconds: a bright disc in the upper or lower half."""

import hashlib
from pathlib import Path

import numpy as np
from PIL import Image

from spinescan.data.manifest import Manifest, ManifestFilm, Split, write_manifest

TASK = "half"
CODES = ("lower", "upper")


def write_discs(
    folder: Path, films: int = 24, *, splits: tuple[Split, ...] = (), source: str = "clinic"
) -> Path:
    """A manifest of so many films, two of a person; persons take turns in the splits."""
    rng = np.random.default_rng(5)
    rows = []
    folder.mkdir(parents=True, exist_ok=True)
    for k in range(films):
        person, code = k // 2, CODES[k // 2 % 2]
        y, x = np.mgrid[:96, :72]
        middle = rng.uniform((15, 15), (30, 57)) + ((50, 0) if code == "lower" else (0, 0))
        disc = np.hypot(y - middle[0], x - middle[1]) < 11
        grey = np.clip(60 + 120 * disc + rng.normal(0, 15, disc.shape), 0, 255)
        path = folder / f"{k}.png"
        Image.fromarray(grey.astype(np.uint8)).save(path)
        rows.append(
            ManifestFilm(
                image=path.name,
                sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
                group=f"p{person}",
                split=splits[person // 2 % len(splits)] if splits else "",
                view="frontal",
                source=source,
                labels={TASK: code},
            )
        )
    write_manifest(Manifest(folder, tuple(rows)), folder / "manifest.csv")
    return folder / "manifest.csv"
