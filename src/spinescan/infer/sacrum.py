"""Whether the sacral endplate that was seen on a lateral film can be the one below L5.

Lateral angles hang on it, and it is the point that is seen worst: behind the iliac wings, or where
the film is burnt out. An endplate that lies where none can be is not told at all.
"""

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

# Of drawn spines of all builds, slipped ones and ones with a sixth lumbar vertebra among them, the
# extremes are 0.07 to 2.03, 0.95, 0.85 to 1.13, and 52 degrees.
_DISTANCE = (0.02, 2.1)
_ASIDE = 1.0
_LENGTH = (0.7, 1.4)
_TILT_DEG = 60.0


def lies_below(ends: Points, last: Points) -> bool:
    """Whether the ends (2, 2) of an endplate, left then right, lie where S1's can.

    `last` holds the corners of L5 (4, 2) in the order of `FRONTAL_CORNERS`. By how far the
    endplate lies below L5 and aside (shares of L5's height and width), how long it is beside L5's
    own endplate, and how much it is tilted against that.
    """
    above, plate = last[:2].mean(axis=0), last[3] - last[2]
    way = last[2:].mean(axis=0) - above
    height, width = np.hypot(*way), np.hypot(*plate)
    off, own = ends.mean(axis=0) - last[2:].mean(axis=0), ends[1] - ends[0]
    down = off @ way / height**2
    aside = abs(off[0] * way[1] - off[1] * way[0]) / (height * width)
    turn = np.degrees(np.arctan2(plate[0] * own[1] - plate[1] * own[0], plate @ own))
    return bool(
        _DISTANCE[0] <= down <= _DISTANCE[1]
        and aside <= _ASIDE
        and _LENGTH[0] <= np.hypot(*own) / width <= _LENGTH[1]
        and abs(turn) <= _TILT_DEG
    )


def most_overlap(corners: Points) -> float:
    """How far the bodies of a row (n, 4, 2) reach into the next ones, as a share of their height.

    Along each body's own axis, between the middles of the endplates that face each other: bodies
    have a disc between them, so it is below 0 in any spine. Minus infinity for fewer than two.
    """
    above, below = corners[:, :2].mean(axis=1), corners[:, 2:].mean(axis=1)
    way = (below - above)[:-1]
    gap = ((above[1:] - below[:-1]) * way).sum(axis=1) / (way**2).sum(axis=1).clip(1e-9)
    return float(-gap.min(initial=np.inf))
