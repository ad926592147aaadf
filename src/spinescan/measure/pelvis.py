"""The pelvis on a frontal film: how it tilts, and to which side it stands out.

Signs as in `balance`: positive towards the picture's right, and where the picture's right is lower.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spinescan.core.anatomy import LEVELS, Landmarks
from spinescan.measure.frontal import FrontalSpine

PelvicSource = Literal["iliac crests", "femoral heads", "S1"]

TRUNK = LEVELS[LEVELS.index("T10") : LEVELS.index("L1") + 1]
"""The vertebrae at the lower ribs and the waist, beside which a hip stands out or does not."""

_LINES: tuple[tuple[PelvicSource, str], ...] = (
    ("iliac crests", "iliac_crest"),
    ("femoral heads", "femoral_head"),
    ("S1", "S1"),
)


@dataclass(frozen=True, slots=True, eq=False)
class PelvicLine:
    """The line across the pelvis and the points that it was drawn through.

    `ends_xy` is float64 (2, 2): its ends on the picture's left and right, isotropic. `spread_px`
    (2,) are their spreads, NaN where unknown.
    """

    source: PelvicSource
    ends_xy: NDArray[np.float64]
    spread_px: NDArray[np.float64]

    @property
    def tilt_deg(self) -> float:
        """Pelvic obliquity."""
        x, y = self.ends_xy[1] - self.ends_xy[0]
        return float(np.degrees(np.arctan2(y, x)))

    @property
    def tilt_spread_deg(self) -> float:
        """Spread of the tilt, NaN where that of an end is unknown."""
        length = np.linalg.norm(self.ends_xy[1] - self.ends_xy[0])
        return float(np.degrees(np.arctan2(np.linalg.norm(self.spread_px), length)))


def pelvic_line(landmarks: Landmarks) -> PelvicLine | None:
    """The line of the iliac crests' tops; else of the femoral heads' centres, else S1's endplate.

    None if neither pair is visible.
    """
    for source, name in _LINES:
        ends = (f"{name}_left", f"{name}_right")
        if all(end in landmarks for end in ends):
            rows = [landmarks.names.index(end) for end in ends]
            return PelvicLine(source, landmarks.isotropic()[rows], landmarks.spread_px[rows])
    return None


def hip_prominence(spine: FrontalSpine, line: PelvicLine | None) -> float | None:
    """How far the pelvis stands out to one side of the trunk, in vertebral widths.

    It is the offset of the middle of the pelvic line from the vertical through the mean of the
    centres of T10..L1, + to the picture's right. The definition is ours and provisional: clinicians
    judge the prominence by eye on the back. None if a point is not visible.
    """
    width = spine.lumbar_width()
    if line is None or width is None or any(level not in spine for level in TRUNK):
        return None
    trunk = np.mean([spine.point_xy(level)[0] for level in TRUNK])
    return float((line.ends_xy[:, 0].mean() - trunk) / width)
