"""From stored numbers to grey values in [0, 1]."""

import numpy as np
from numpy.typing import NDArray

from spinescan.core.errors import ReadError

HALF_STEP = 0.5 / 255
"""Half a step of an 8-bit picture: less contrast than this is none."""


def spread(values: NDArray[np.generic], low: float, high: float) -> NDArray[np.float32]:
    """`values` as float32 with `low` at 0 and `high` at 1, clipped.

    Used where a number's type does not tell its range: more than 8 bits are often 10 or 12 bits in
    a 16-bit container, which the container's full range would turn almost black. So the values
    that occur are spread, as viewers do with a film that declares no window.
    """
    if not max(abs(low), abs(high)) < 1e30:  # written so that NaN fails too
        raise ReadError("has grey values that are not finite numbers", kind="damaged")
    if low >= high:
        raise no_contrast()
    out = values.astype(np.float32)
    out -= np.float32(low)
    out *= np.float32(1.0 / (high - low))
    return np.clip(out, 0.0, 1.0, out=out)


def no_contrast() -> ReadError:
    """The error for a film whose pixels are all alike."""
    return ReadError(
        "has no contrast: all its pixels have the same grey value", kind="zero_contrast"
    )
