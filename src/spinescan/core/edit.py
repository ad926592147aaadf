"""What a reader corrects on a film."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from spinescan.core.anatomy import (
    FRONTAL_NAMES,
    FRONTAL_POINTS,
    LATERAL_NAMES,
    LATERAL_POINTS,
    LEVELS,
)
from spinescan.core.errors import EditError
from spinescan.core.told import Told

View = Literal["frontal", "lateral"]

NAMES: dict[View, frozenset[str]] = {
    "frontal": frozenset((*FRONTAL_NAMES, *FRONTAL_POINTS)),
    "lateral": frozenset((*LATERAL_NAMES, *LATERAL_POINTS)),
}
"""The points that a film of a view may show."""


@dataclass(frozen=True, slots=True, eq=False)
class Edit:
    """All points of a film as a reader wants them, and the end vertebrae if a reader chose them.

    Parameters
    ----------
    view
        Of the film.
    names, points_xy
        Every point that is there, moved or not: n names and float64 (n, 2) in pixels of the film as
        read, as in `Landmarks`. A point that is left out is not visible.
    levels_certain
        Whether the level names are certain.
    ends
        The end vertebrae (upper, lower) of each curve, for example (("T5", "T11"),); None leaves
        them to the machine. Only for frontal films.
    told
        What is known of the patient beside the film; None leaves it as it was.

    Raises
    ------
    EditError
        If it names points or levels that such a film does not have, or the same twice.
    """

    view: View
    names: tuple[str, ...]
    points_xy: NDArray[np.float64]
    levels_certain: bool = False
    ends: tuple[tuple[str, str], ...] | None = None
    told: Told | None = None

    def __post_init__(self) -> None:
        if self.view not in NAMES:
            raise EditError(f"expected a frontal or a lateral film, got {self.view!r}")
        strange = [name for name in self.names if name not in NAMES[self.view]]
        if strange:
            raise EditError(f"no point of a {self.view} film: {strange[0]!r}")
        if len(set(self.names)) != len(self.names):
            raise EditError("a point is named twice")
        if self.points_xy.shape != (len(self.names), 2):
            raise EditError(f"expected {len(self.names)} points (x, y), got {self.points_xy.shape}")
        if not np.isfinite(self.points_xy).all():
            raise EditError("points must be finite; leave out what is not visible")
        if self.ends is not None:
            self._check_ends(self.ends)
        self.points_xy.flags.writeable = False

    def _check_ends(self, ends: tuple[tuple[str, str], ...]) -> None:
        if self.view != "frontal":
            raise EditError("end vertebrae are chosen on frontal films only")
        for upper, lower in ends:
            for level in (upper, lower):
                if level not in LEVELS:
                    raise EditError(f"expected a level T1 to L5, got {level!r}")
            if LEVELS.index(lower) - LEVELS.index(upper) < 2:
                raise EditError(f"no vertebra lies between {upper} and {lower}")
        if len(set(ends)) != len(ends):
            raise EditError("a pair of end vertebrae is given twice")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """From plain JSON types, as `to_dict` gives them.

        Raises
        ------
        EditError
            If it is not understood.
        """
        try:
            ends, told = values.get("ends"), values.get("told")
            return cls(
                view=values["view"],
                names=tuple(values["names"]),
                points_xy=np.array(values["points_xy"], dtype=np.float64).reshape(-1, 2),
                levels_certain=bool(values.get("levels_certain", False)),
                ends=None if ends is None else tuple((e["upper"], e["lower"]) for e in ends),
                told=None if told is None else Told(**told),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise EditError(f"not understood ({error!r})") from error

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types; points to two decimals, as in a Report."""
        ends, told = self.ends, self.told
        return {
            "view": self.view,
            "names": list(self.names),
            "points_xy": [[round(float(v), 2) for v in point] for point in self.points_xy],
            "levels_certain": self.levels_certain,
            "ends": None if ends is None else [{"upper": a, "lower": b} for a, b in ends],
            "told": None
            if told is None
            else {"in_brace": told.in_brace, "age": told.age, "posture": told.posture},
        }


def same_points(names: Sequence[str], points_xy: NDArray[np.float64], edit: Edit) -> list[bool]:
    """For each point of an edit, whether it is where these points have the one of its name.

    A Report's JSON rounds to hundredths of a pixel; that is no edit.
    """
    places = dict(zip(names, points_xy, strict=True))
    return [
        name in places and bool(np.abs(places[name] - point).max() <= 0.011)
        for name, point in zip(edit.names, edit.points_xy, strict=True)
    ]
