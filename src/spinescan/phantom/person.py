"""Whose film it is, and the size of the rib cage that bones and organs share."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from spinescan.phantom.shape import Spine
from spinescan.phantom.vertebrae import Vector

# Adult means by rib, in mm from the middle of the vertebra that bears it, recalled from anatomy
# atlases: how far the cage reaches to each side, how far its front lies before the vertebra, and
# how far a rib falls from its vertebra to its front end.
_HALF_WIDTH = (58, 78, 92, 104, 114, 121, 127, 131, 132, 129, 120, 92)
_FRONT = (52, 72, 92, 108, 120, 130, 138, 144, 146, 132, 100, 60)
_FALL = (34, 50, 68, 84, 98, 110, 120, 128, 130, 116, 90, 55)
_BACK = 42.0  # the ribs' angles lie this far behind the middle of the body


@dataclass(frozen=True, slots=True)
class Person:
    """What varies between people besides the spine.

    `fatness` 0 is lean, 1 is stout; `bone` scales the bones' density (young about 0.85, adult 1,
    old 0.7); `breath` 0 is expiration, 1 a deep inspiration; `arms` matter on lateral films and at
    the edges of frontal ones.
    """

    age_years: float = 14.0
    sex: Literal["female", "male"] = "female"
    fatness: float = 0.3
    bone: float = 1.0
    breath: float = 0.7
    arms: Literal["side", "raised", "crossed"] = "side"

    @property
    def grown(self) -> bool:
        """Whether growth plates are closed."""
        return self.age_years >= 18


@dataclass(frozen=True, slots=True, eq=False)
class Cage:
    """The inside of the rib cage at ribs 1 to 12 (row 0 to 11), all in mm.

    `right`, `left`, `front`, `back` (12,) are distances from the bearing vertebra's middle along
    the patient's axes, `fall` (12,) how far the rib descends to its front end.
    """

    middle: Vector
    right: Vector
    left: Vector
    front: Vector
    back: Vector
    fall: Vector


def rib_cage(spine: Spine, person: Person) -> Cage:
    """The cage that goes with a spine: it grows with it, follows its curve and turns with it.

    Where a vertebra turns to its convex side the cage reaches less far to that side and farther to
    the other. The hump at the back comes from the ribs, which turn with their vertebra (`thorax`).
    """
    bearing = [spine[f"T{i}"] for i in range(1, 13)]
    scale = spine.scale * (0.96 if person.sex == "female" else 1.03)
    middle = np.array([v.centre for v in bearing])
    # The cage follows the spine only in part: its far ends stay nearer to the middle of the trunk.
    trunk = float(middle[:, 0].mean())
    lag = 0.55 * (middle[:, 0] - trunk)
    turn = np.array([np.arctan2(v.frame[0, 1], v.frame[0, 0]) for v in bearing])
    half = np.array(_HALF_WIDTH) * scale * (0.97 + 0.06 * person.breath)
    front = np.array(_FRONT) * scale * (0.95 + 0.1 * person.breath)
    return Cage(
        middle=middle,
        right=half * (1 + 0.25 * turn) + lag,
        left=half * (1 - 0.25 * turn) - lag,
        front=front,
        back=np.full(12, _BACK * scale),
        fall=np.array(_FALL) * scale * (1.05 - 0.25 * person.breath),
    )
