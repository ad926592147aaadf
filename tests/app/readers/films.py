"""Small films of a phantom under a telling name, quickly made."""

from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

NAME, SECRET = "Smith_John_1970", "PatientName=SMITH^JOHN"


def write_films(folder: Path, count: int) -> list[Path]:
    """Pictures with a spine's grey band; each has text about the patient in its file."""
    folder.mkdir(parents=True, exist_ok=True)
    told = PngInfo()
    told.add_text("Comment", SECRET)
    paths = []
    for i in range(count):
        pixels = np.random.default_rng(i).integers(40, 90, (500, 240), np.uint8)
        middle = 120 + 25 * np.sin(np.arange(500) / (60 + 5 * i))
        pixels[np.abs(np.arange(240) - middle[:, None]) < 18] = 210
        paths.append(folder / f"{NAME}_{i}.png")
        Image.fromarray(pixels).save(paths[-1], pnginfo=told)
    return paths
