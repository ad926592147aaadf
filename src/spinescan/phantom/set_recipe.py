"""What the films of a set show: chances and ranges that `Order`s are drawn from, read from TOML."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self, cast, get_args

import numpy as np

from spinescan.core.errors import DataError
from spinescan.phantom.als_types import FORMS
from spinescan.phantom.clinic.recipe import ClinicRecipe
from spinescan.phantom.film import METAL, Order
from spinescan.phantom.positioning import EXTENTS
from spinescan.phantom.record import ImageFormat
from spinescan.phantom.sample import SAGITTAL_CLASSES, SEVERITY

Odds = Mapping[str, float]
"""How often, against each other; names that are left out do not occur."""

ALS_NAMES: tuple[str, ...] = ("healthy", *FORMS)


def _even(names: Iterable[str]) -> dict[str, float]:
    return dict.fromkeys(names, 1.0)


def _usual_extents() -> dict[str, Odds]:
    return {view: dict(odds) for view, odds in EXTENTS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRecipe:
    """How the films of a set are drawn; `recipes/phantoms.toml` holds the defaults with comments.

    Parameters
    ----------
    view, als, sagittal
        Odds of views, of ALS types and "healthy", of sagittal classes.
    severity
        Odds of "mild", "moderate", "severe" (`sample.SEVERITY`) for the main curve; without any the
        angle is drawn from the type's own range. A healthy spine has neither.
    cobb_deg
        Lowest and highest angle of the main curve, instead of `severity`.
    extent
        Odds of the fields of view, for each view.
    metal
        Odds of what people have in or on them (`film.METAL`, which holds without any).
    slip
        Chance that L4 or L5 has slid forwards (spondylolisthesis).
    rows
        Lowest and highest height in pixels.
    clinic
        What happens to films after exposure; None leaves them as the detector gave them.
    plain
        The truth's own picture: no scatter, noise, blur, clothes, nor clinic.
    least_margin
        Keep this far from the borders between ALS types (`als_types.Limit`).
    image
        "png" (8 bits), "png16" or "dicom" (12 bits).

    Raises
    ------
    ValueError
        Odds with unknown names, negative, or all zero; ranges that fall or that `Order` refuses.
    """

    view: Odds = field(default_factory=lambda: _even(EXTENTS))
    als: Odds = field(default_factory=lambda: _even(ALS_NAMES))
    sagittal: Odds = field(
        default_factory=lambda: {
            "healthy": 0.5,
            "hyperkyphosis": 0.1,
            "hypokyphosis": 0.15,
            "hyperlordosis": 0.1,
            "hypolordosis": 0.1,
            "both": 0.05,
        }
    )
    severity: Odds = field(default_factory=dict)
    cobb_deg: tuple[float, float] | None = None
    extent: Mapping[str, Odds] = field(default_factory=_usual_extents)
    metal: Odds = field(default_factory=dict)
    slip: float = 0.0
    rows: tuple[int, int] = (1280, 1280)
    clinic: ClinicRecipe | None = field(default_factory=ClinicRecipe)
    plain: bool = False
    least_margin: float = 0.0
    image: ImageFormat = "png"

    def __post_init__(self) -> None:
        _check_odds("view", self.view, EXTENTS)
        _check_odds("als", self.als, ALS_NAMES)
        _check_odds("sagittal", self.sagittal, SAGITTAL_CLASSES)
        if self.severity:
            _check_odds("severity", self.severity, SEVERITY)
            if self.cobb_deg is not None:
                raise ValueError("severity and cobb_deg exclude each other")
        if self.metal:
            _check_odds("metal", self.metal, METAL)
        if not _is_number(self.slip) or not 0 <= self.slip <= 1:
            raise ValueError(f"slip must lie in 0..1, got {self.slip!r}")
        if not isinstance(self.extent, Mapping):
            raise ValueError("extent must be a table of tables of odds")
        for view, odds in self.extent.items():
            if view not in EXTENTS:
                raise ValueError(f"extent: no view {view!r}; there are: {', '.join(EXTENTS)}")
            _check_odds(f"extent.{view}", odds, EXTENTS[view])
        missing = [view for view, odds in self.view.items() if odds and view not in self.extent]
        if missing:
            raise ValueError(f"extent lacks {', '.join(missing)}")
        if self.image not in get_args(ImageFormat):
            raise ValueError(f"image must be one of {', '.join(get_args(ImageFormat))}")
        if not isinstance(self.plain, bool):
            raise ValueError(f"plain must be true or false, got {self.plain!r}")
        if not _is_number(self.least_margin):
            raise ValueError(f"least_margin must be a number, got {self.least_margin!r}")
        _check_range("rows", self.rows, int)
        for rows in self.rows:
            Order(rows=rows)  # which knows the limits
        if self.cobb_deg is not None:
            _check_range("cobb_deg", self.cobb_deg, float)
            for angle in self.cobb_deg:
                Order(cobb_deg=angle)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a TOML file, or the `set.json` of a set that was drawn before.

        Raises
        ------
        DataError
            If the file is missing, is neither, misspells a setting, or a setting makes no sense.
        """
        try:
            text = path.read_text(encoding="utf-8")
            if path.suffix == ".json":
                return cls.from_dict(json.loads(text)["recipe"])
            return cls.from_dict(tomllib.loads(text))
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise DataError(f"{path}: not a recipe for phantoms ({error})") from error

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """From plain types: lists for ranges, `clinic` a table, or false (null) for none.

        Raises
        ------
        ValueError, TypeError
            If a setting is unknown or makes no sense.
        """
        known = {f.name for f in fields(cls)}
        unknown = [name for name in values if name not in known]
        if unknown:
            raise ValueError(f"no setting {', '.join(unknown)}; there are: {', '.join(known)}")
        settings = {**values}
        if "rows" in settings:
            settings["rows"] = _pair(settings["rows"])
        if settings.get("cobb_deg") is not None:
            settings["cobb_deg"] = _pair(settings["cobb_deg"])
        if "clinic" in settings:
            settings["clinic"] = _clinic(settings["clinic"])
        return cls(**settings)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types, all defaults told; `from_dict` takes it back."""
        told: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return told

    def narrowed(self, order: Order, *names: str) -> Self:
        """The recipe with these fields of an order for all films.

        An angle leaves out the healthy spines, which have none; an extent is that of the order's
        view.

        Raises
        ------
        ValueError
            If nothing is left to draw.
        """
        changes: dict[str, Any] = {}
        for name in names:
            value = getattr(order, name)
            if name in ("view", "als", "sagittal"):
                changes[name] = {value: 1.0}
            elif name == "extent":
                changes[name] = {**self.extent, order.view: {value: 1.0}}
            elif name == "cobb_deg":
                changes |= {"cobb_deg": (value, value), "severity": {}}
                changes.setdefault("als", {**self.als, "healthy": 0.0})
            elif name == "rows":
                changes["rows"] = (value, value)
            else:
                changes[name] = value
        return replace(self, **changes)

    def draw_order(self, rng: np.random.Generator) -> Order:
        """The order of one film; nothing that the recipe names is left to chance after it."""
        view, als = _drawn(self.view, rng), _drawn(self.als, rng)
        low, high = self.rows
        chosen = {
            "view": view,
            "als": als,
            "sagittal": _drawn(self.sagittal, rng),
            "extent": _drawn(self.extent[view], rng),
            "cobb_deg": self._draw_cobb_deg(rng) if als != "healthy" else None,
            "metal": _drawn(self.metal, rng) if self.metal else None,
        }
        rows = int(rng.integers(low, high + 1))
        return Order(
            **cast(Any, chosen),
            slip=_drawn_slip(rng) if self.slip and rng.random() < self.slip else None,
            rows=rows,
            clinic=self.clinic,
            plain=self.plain,
            least_margin=self.least_margin,
        )

    def _draw_cobb_deg(self, rng: np.random.Generator) -> float | None:
        bounds = self.cobb_deg
        if self.severity:
            bounds = SEVERITY[_drawn(self.severity, rng)]
        return None if bounds is None else float(rng.uniform(*bounds))


def _drawn(odds: Odds, rng: np.random.Generator) -> str:
    weights = np.array(list(odds.values()), dtype=np.float64)
    return tuple(odds)[int(rng.choice(len(weights), p=weights / weights.sum()))]


def _drawn_slip(rng: np.random.Generator) -> tuple[str, float]:
    """By less than half of the depth below (Meyerding's grades I and II), as most are."""
    return ("L4", "L5")[int(rng.integers(2))], float(rng.uniform(0.06, 0.5))


def _check_odds(name: str, odds: Odds, names: Iterable[str]) -> None:
    if not isinstance(odds, Mapping):
        raise ValueError(f"{name} must be a table of odds")
    known = tuple(names)
    unknown = [str(n) for n in odds if n not in known]
    if unknown:
        raise ValueError(f"{name}: no {', '.join(unknown)}; there are: {', '.join(known)}")
    if not all(_is_number(value) and value >= 0 for value in odds.values()):
        raise ValueError(f"{name}: odds must be numbers from 0 up")
    if not any(odds.values()):
        raise ValueError(f"{name}: at least one of the odds must be above 0")


def _check_range(name: str, bounds: tuple[float, float], kind: type) -> None:
    if len(bounds) != 2 or not all(
        isinstance(v, int) if kind is int else _is_number(v) for v in bounds
    ):
        raise ValueError(f"{name} must be one number or two, got {bounds}")
    if bounds[0] > bounds[1]:
        raise ValueError(f"{name} must not fall, got {bounds}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value)


def _pair(value: Any) -> tuple[Any, ...]:
    """One value or the two ends of a range."""
    return tuple(value) if isinstance(value, list | tuple) else (value, value)


def _clinic(value: Any) -> ClinicRecipe | None:
    if value is None or value is False:
        return None
    if value is True:
        return ClinicRecipe()
    if not isinstance(value, Mapping):
        raise ValueError("clinic must be a table, true or false")
    settings: dict[str, Any] = {
        name: tuple(item) if isinstance(item, list) else item for name, item in value.items()
    }
    return ClinicRecipe(**settings)
