"""What is needed to run a training again, read from a TOML file."""

import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from spinescan.core.errors import DataError
from spinescan.infer.decode import STRIDE
from spinescan.infer.views import FRONTAL, VIEWS, ModelView


@dataclass(frozen=True, slots=True)
class StageRecipe:
    """One network's input and training.

    Parameters
    ----------
    rows
        Of the network's input, in pixels; a multiple of 4.
    columns
        Of the network's input, likewise.
    steps
        Steps of the optimiser.
    batch
        Films that are shown in one step.
    learning_rate
        The highest one: it warms up and then falls along a cosine to zero.
    weight_decay
        Of the optimiser (AdamW).
    channels
        Of the feature pyramid.
    extra_share
        Share (0 to 1) of what is shown that comes from extra films, where there are any.
    """

    rows: int
    columns: int
    steps: int
    batch: int
    learning_rate: float
    weight_decay: float
    channels: int
    extra_share: float = 0.0

    def __post_init__(self) -> None:
        counts = (self.rows, self.columns, self.steps, self.batch, self.channels)
        if not all(isinstance(count, int) and count > 0 for count in counts):
            raise ValueError("rows, columns, steps, batch and channels must be whole and positive")
        if not 0 <= self.extra_share <= 1:
            raise ValueError(f"extra_share must lie in 0..1, got {self.extra_share}")
        if self.rows % STRIDE or self.columns % STRIDE:
            raise ValueError(f"rows and columns must be multiples of {STRIDE}")


@dataclass(frozen=True, slots=True)
class LandmarkRecipe:
    """A landmark model: the finder sees the whole film, the refiner single vertebrae.

    Parameters
    ----------
    name
        Of the bundle.
    version
        Of the bundle.
    seed
        Of everything that is drawn.
    folds
        Of the cross-validation.
    backbone
        The encoder, by its name in timm.
    settings
        Go into the bundle as they are (`infer.views.SETTINGS`).
    finder
        The network that sees the whole film.
    refiner
        The network that sees single vertebrae.
    view
        Of the films that the model reads, "frontal" or "lateral".
    """

    name: str
    version: str
    seed: int
    folds: int
    backbone: str
    settings: dict[str, float]
    finder: StageRecipe
    refiner: StageRecipe
    view: str = FRONTAL.view.value

    def __post_init__(self) -> None:
        if self.view not in _KINDS:
            raise ValueError(f"view must be {' or '.join(_KINDS)}, got {self.view!r}")
        if self.folds < 2:
            raise ValueError(f"a cross-validation needs two folds or more, got {self.folds}")
        missing = [name for name in self.kind.settings if name not in self.settings]
        if missing:
            raise ValueError(f"settings lack {', '.join(missing)}")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a recipe.

        Raises
        ------
        DataError
            If the file is missing, is not TOML, lacks or misspells a setting, or a setting makes
            no sense.
        """
        try:
            values: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
            for stage in ("finder", "refiner"):
                values[stage] = StageRecipe(**values[stage])
            return cls(**values)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise DataError(f"{path}: not a landmark recipe ({error})") from error

    @property
    def kind(self) -> ModelView:
        """The view, and how its films are read."""
        return _KINDS[self.view]

    def to_dict(self) -> dict[str, Any]:
        """The recipe as plain types, for a bundle's provenance; the usual view is not told."""
        told = asdict(self)
        if self.kind is FRONTAL:
            del told["view"]
        return told


_KINDS = {kind.view.value: kind for kind in VIEWS.values()}
