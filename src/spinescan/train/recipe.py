"""What is needed to run a training again, read from a TOML file."""

import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from spinescan.core.errors import DataError


@dataclass(frozen=True, slots=True)
class StageRecipe:
    """One network's input and training.

    `steps` optimiser steps on `batch` films each; the learning rate warms up and then falls along
    a cosine from `learning_rate` to zero.
    """

    rows: int
    columns: int
    steps: int
    batch: int
    learning_rate: float
    weight_decay: float
    channels: int


@dataclass(frozen=True, slots=True)
class LandmarkRecipe:
    """A frontal landmark model: the finder sees the whole film, the refiner single vertebrae.

    `settings` go into the bundle as they are: `pitch_px` (the height of one level in the refiner's
    input), the factor that calibrates spreads, and the gate's limits.
    """

    name: str
    version: str
    seed: int
    folds: int
    backbone: str
    settings: dict[str, float]
    finder: StageRecipe
    refiner: StageRecipe

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a recipe.

        Raises
        ------
        DataError
            If the file is missing, is not TOML, or lacks or misspells a setting.
        """
        try:
            values: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
            for stage in ("finder", "refiner"):
                values[stage] = StageRecipe(**values[stage])
            return cls(**values)
        except (OSError, tomllib.TOMLDecodeError, TypeError, KeyError) as error:
            raise DataError(f"{path}: not a landmark recipe ({error})") from error

    def to_dict(self) -> dict[str, Any]:
        """The recipe as plain types, for a bundle's provenance."""
        return asdict(self)
