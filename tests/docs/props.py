"""Films and models that pages take for granted: made when first asked for, once for all pages."""

import shutil
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spinescan.phantom.set_recipe import SetRecipe

PROGRAM = """#!/bin/sh
exec '{python}' {words} "$@"
"""
SCRIPTS = {
    "spinescan": "-c 'from spinescan.app.main import cli; cli(prog_name=\"spinescan\")'",
    "python": "",
    "python3": "",
}


class Props:
    """Films and models in a folder of their own; pages get copies.

    Parameters
    ----------
    folder
        An empty folder that lives as long as the tests.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def programs(self) -> Path:
        """A folder with `spinescan` and `python` of this environment."""
        folder = self._folder / "bin"
        folder.mkdir()
        for name, words in SCRIPTS.items():
            path = folder / name
            path.write_text(PROGRAM.format(python=sys.executable, words=words))
            path.chmod(0o755)
        return folder

    @cached_property
    def _film(self) -> Path:
        return self._picture("film", "frontal")

    @cached_property
    def _lateral(self) -> Path:
        return self._picture("lateral", "lateral")

    @cached_property
    def _dicom(self) -> Path:
        from tests.pacs.round_trip import film

        path = self._folder / "film.dcm"
        path.write_bytes(film(1))
        return path

    def _picture(self, name: str, view: str) -> Path:
        import numpy as np
        from PIL import Image

        from spinescan.phantom.film import sample_film

        path = self._folder / f"{name}.png"
        pixels = sample_film(view).pixels  # type: ignore[arg-type]
        Image.fromarray(np.rint(pixels * 255).astype(np.uint8)).save(path)
        return path

    def film(self, to: Path) -> None:
        """A frontal film that is answered with two curves: PNG."""
        shutil.copy(self._film, _place(to))

    def lateral(self, to: Path) -> None:
        """A lateral film that is answered: PNG."""
        shutil.copy(self._lateral, _place(to))

    def dicom(self, to: Path) -> None:
        """A frontal DICOM film with a patient, of 15 January 2026."""
        shutil.copy(self._dicom, _place(to))

    def films(self, to: Path) -> None:
        """A folder of three films: frontal and lateral PNG, and DICOM."""
        self.film(to / "film.png")
        self.lateral(to / "lateral.png")
        self.dicom(to / "film.dcm")

    def answered_films(self, to: Path, count: int) -> None:
        """Frontal films `p0-1.png`, `p1-1.png` ... of as many persons, which are all answered."""
        from PIL import Image

        with Image.open(self._film) as film:
            for number in range(count):  # cut a little lower each, which makes other files
                film.crop((0, number, *film.size)).save(_place(to / f"p{number}-1.png"))

    def noise(self, to: Path) -> None:
        """A picture that shows no spine: PNG."""
        import numpy as np
        from PIL import Image

        pixels = np.random.default_rng(1).integers(0, 255, (400, 300), np.uint8)
        Image.fromarray(pixels).save(_place(to))

    def als_films(self, to: Path, each: int = 4) -> None:
        """A folder for each ALS type with tiny films `P001.png`, another person on each."""
        self._labelled("als", to, each)

    def sagittal_films(self, to: Path, each: int = 6) -> None:
        """Folders healthy, kyphosis and lordosis with tiny lateral films, in the same way."""
        self._labelled("sagittal", to, each)

    def _labelled(self, kind: str, to: Path, each: int) -> None:
        for made in sorted(self._drawn(kind).iterdir()):
            for film in sorted(made.glob("*.png"))[:each]:
                shutil.copy(film, _place(to / made.name / film.name))

    def _drawn(self, kind: str) -> Path:
        """Six films of each class, drawn once."""
        folder = self._folder / kind
        if folder.is_dir():
            return folder
        number = 0
        for name, recipe in _recipes(kind).items():
            from spinescan.phantom.sets import write_set

            write_set(recipe, self._folder / f"{kind}-{name}", count=6, seed=3)
            for film in sorted((self._folder / f"{kind}-{name}" / "images").iterdir()):
                number += 1
                shutil.copy(film, _place(folder / name / f"P{number:03d}.png"))
        return folder


def _recipes(kind: str) -> dict[str, "SetRecipe"]:
    from spinescan.core.task import ALS7
    from spinescan.phantom.sample import SAGITTAL_CLASSES
    from spinescan.phantom.set_recipe import ALS_NAMES, SetRecipe

    if kind == "als":
        return {
            code: SetRecipe.from_dict(
                {
                    "rows": 256,
                    "view": {"frontal": 1},
                    "als": {name: float(name == code) for name in ALS_NAMES},
                }
            )
            for code in ALS7.codes
        }
    drawn = {"healthy": "healthy", "kyphosis": "hyperkyphosis", "lordosis": "hyperlordosis"}
    return {
        label: SetRecipe.from_dict(
            {
                "rows": 256,
                "view": {"lateral": 1},
                "sagittal": {name: float(name == shape) for name in SAGITTAL_CLASSES},
            }
        )
        for label, shape in drawn.items()
    }


def _place(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
