"""The forms of hip bone, thigh bone and sacrum, carved once and bent to each person.

The hip and thigh bones are an adult's left ones, standing, in mm from the middle of the hip axis
(x to the left, y to the back, z up); the hip joint is at `HEAD`. The sacrum lies along the axes of
its endplate, from whose middle it is measured. Places are those of a mean adult pelvis after the
usual landmarks (Bell et al., J Biomech 1990;23:617 for the hip joint against the iliac spines),
recalled; the rest is drawn to look right from the front and from the side.
"""

from functools import cache

import numpy as np

from spinescan.phantom.body.clay import Carving, Clay, along, smooth, together
from spinescan.phantom.vertebrae import Vector

HEAD = np.array([88.0, 0.0, 0.0])
HEAD_RADIUS = 24.0
SHAFT_TOP = -88.0
UP = np.array([0.0, 0.0, 1.0])

# From the front spine along the top to the back spine, and below it the edge where the wing joins
# the body of the hip bone.
_CREST = np.array(
    [
        (120, -46, 72), (131, -38, 92), (137, -20, 112), (132, 4, 130), (117, 26, 140),
        (98, 44, 142), (79, 62, 136), (64, 78, 121), (51, 92, 101), (44, 97, 84),
    ],
    dtype=np.float64,
)  # fmt: skip
_WING_FOOT = np.array(
    [
        (105, -40, 38), (104, -32, 36), (101, -20, 35), (95, -6, 35), (88, 8, 37),
        (79, 22, 41), (70, 34, 46), (62, 48, 50), (54, 66, 55), (48, 80, 62),
    ],
    dtype=np.float64,
)  # fmt: skip
_CREST_RADIUS = np.array([5.5, 5.0, 6.5, 5.0, 4.5, 4.5, 5.0, 6.0, 6.5, 6.0])


def _wing() -> tuple[Vector, Vector]:
    """The iliac wing as balls: thin in the middle, thick at its edges and towards the sacrum."""
    top, foot = smooth(_CREST, 7), smooth(_WING_FOOT, 7)
    t = np.linspace(0.02, 1, 38)[:, None]
    sheet = foot[:, None] * (1 - t) + top[:, None] * t
    s = np.linspace(0, 1, len(top))[:, None, None]
    belly = 4 * t * (1 - t)
    sheet += belly * np.array([6.0, 4.0, -2.0]) * (1 - s)
    # Between the two front spines the edge is hollow.
    sheet[..., 1] += (belly * 10.0 * np.clip(1 - 6 * s, 0, 1))[..., 0]
    back = np.clip(4 * s - 2.4, 0, 1)
    radius = 3.8 + 4.0 * (1 - t) ** 2 * (1 - back) + 0.6 * t**3 + 1.6 * back
    radius = np.broadcast_to(radius, (*sheet.shape[:2], 1))
    return sheet.reshape(-1, 3), radius.ravel()


@cache
def hip_bone() -> Carving:
    """The left hip bone: wing, socket, sitting bone and pubic bone."""
    clay = Clay(np.array([-4.0, -66.0, -104.0]), np.array([156.0, 114.0, 154.0]))
    clay.add(_wing(), 0.9)
    clay.add(along(_CREST, _CREST_RADIUS), 1.5)
    joint = along([(66, 36, 112), (60, 42, 92), (57, 52, 80), (51, 66, 68)], [2, 4.5, 6, 5.5])
    clay.add(joint, 1.3)
    body = along([(72, 24, 42), (86, 8, 34), (100, -22, 36)], [9, 13, 8])
    clay.add(body, 1.2, blend=8)
    column = along([(57, 52, 74), (58, 47, 52), (70, 30, 22), (76, 22, 0)], [2, 6.5, 11, 12])
    clay.add(column, 1.3)
    opening = np.array([0.74, -0.36, -0.56])
    clay.add((HEAD[None], np.array([31.5])), 1.4, keep=(HEAD + 8 * opening, opening))
    clay.add((HEAD[None], np.array([32.2])), 2.6, keep=(HEAD + 15 * UP, -UP))
    brim = along(
        [(54, 46, 62), (62, 27, 42), (65, 6, 18), (60, -13, -6), (44, -25, -25), (24, -33, -38)],
        [6, 6, 7, 7, 6.5, 7],
    )
    clay.add(brim, 1.9)
    branch = along([(72, -7, -13), (51, -20, -29), (27, -30, -41)], [11, 7.5, 7.5])
    clay.add(branch, 1.2)
    pubis = along([(10, -32, -41), (10, -25, -51), (11, -17, -63)], [9, 8.5, 8])
    clay.add(pubis, 1.4)
    lower = along([(13, -14, -63), (27, 1, -69), (43, 17, -74), (58, 31, -75)], [7, 5.5, 5.5, 7])
    clay.add(lower, 1.2)
    sitting = along(
        [(80, 23, -13), (75, 37, -32), (70, 39, -53), (63, 36, -69)], [14, 12, 13.5, 10]
    )
    clay.add(sitting, 1.2)
    spine = along([(70, 30, 2), (60, 40, -6), (52, 46, -9)], [8, 5, 2.5])
    clay.add(spine, 1.0)
    clay.cut((HEAD[None], np.array([HEAD_RADIUS + 3.2])))
    notch = HEAD + np.array([14.0, -9.0, -19.0])
    clay.cut((notch[None], np.array([20.0])))
    clay.cut_plane(np.array([1.9, 0.0, 0.0]), np.array([-1.0, 0.0, 0.0]))
    return clay.finish()


@cache
def thigh_bone() -> Carving:
    """The left thigh bone's upper end without its head, down to below the lesser trochanter."""
    clay = Clay(np.array([84.0, -30.0, -96.0]), np.array([166.0, 48.0, 30.0]))
    clay.add(along([(92, 1, -2), (110, 5, -17), (128, 9, -32)], [17, 15.5, 19]), 1.2)
    greater = along([(138, 12, -36), (145, 14, -18), (143, 18, -2)], [17, 13, 8.5])
    clay.add(greater, 0.9)
    lesser = along([(122, 18, -56), (114, 24, -62)], [10, 6.5])
    clay.add(lesser, 1.1)
    clay.add(along([(132, 9, -36), (131, 8, -62), (129.5, 7.5, -100)], [20, 16.5, 15]), 1.8)
    clay.cut((HEAD[None], np.array([HEAD_RADIUS - 0.5])))
    return clay.finish().opened(2, SHAFT_TOP)


@cache
def sacrum() -> Carving:
    """The left half of the sacrum and tail bone, on the axes of the sacral endplate."""
    clay = Clay(np.array([-7.0, -50.0, -152.0]), np.array([64.0, 48.0, 20.0]))
    flat = (np.zeros(3), UP)
    clay.add(along([(0, 0, -6), (9, 0, -6)], [16.4, 15.8]), 1.0, keep=flat)
    clay.add(along([(0, 2, -18), (8, 2, -18)], [14, 13]), 1.0)
    rows = [(4, -41, 16, 11), (7, -64, 13, 8.5), (5, -85, 11, 7), (-2, -102, 10, 5.5)]
    for y, z, wide, thick in rows:
        height = 0.55 * thick
        block = together(
            along([(0, y, z + height), (wide - thick, y, z + height)], [thick, thick]),
            along([(0, y, z - height), (wide - thick, y, z - height)], [thick, thick]),
        )
        clay.add(block, 0.9, blend=2)
    wings = along([(18, 4, -15), (34, 6, -18), (50, 8, -24)], [12, 12.5, 14])
    clay.add(wings, 0.9)
    side = along(
        [(46, 8, -24), (43, 10, -38), (35, 11, -58), (27, 9, -78), (21, 2, -95), (11, -4, -105)],
        [14, 12, 9.5, 7, 5.5, 4],
    )
    clay.add(side, 1.0)
    plate = [(24, 4, -16), (22, 6, -42), (18, 8, -65), (15, 6, -85), (9, -2, -102)]
    clay.add(along(plate, [10, 9, 7, 5.5, 4.5]), 0.9)
    crest = along([(0, 32, -16), (0, 34, -38), (0, 29, -62), (0, 18, -88)], [4, 4.5, 4, 2.5])
    clay.add(crest, 1.0)
    for y, z, out in [(30, -18, 36), (31, -42, 34), (26, -64, 28), (17, -84, 22)]:
        clay.add(along([(2, y, z), (out * 0.55, y - 3, z), (out, y - 10, z)], [3, 2.5, 4]), 0.9)
    facet = along([(26, 14, -14), (25, 20, -8), (24, 23, -1)], [7, 6, 4.5])
    clay.add(facet, 1.2)
    holes = [(23, -29, 6.5), (19, -53, 5.5), (16, -75, 4.5), (13, -94, 3.5)]
    for x, z, r in holes:
        clay.cut(along([(x + 3, -24, z - 2), (x, 8, z), (x - 1, 34, z + 1)], [r + 1.5, r, r - 2]))
    clay.cut_plane(np.array([50.5, 0.0, -10.0]), JOINT_NORMAL)
    tail = [(0, -6, -111), (0, -14, -121), (0, -24, -130), (0, -34, -137), (0, -40, -140)]
    clay.add(along(tail, [5, 6, 5, 3.5, 2.5]), 0.8, blend=1)
    for place in ((0, -9, -115), (0, -19, -126)):
        clay.cut(along([place, (12, *place[1:])], [1.3, 1.3]))
    return clay.finish().opened(0, 0.0)


JOINT_NORMAL = np.array([1.0, 0.25, -0.3])
"""Outward direction of the left sacroiliac joint on the sacral endplate's axes."""


def crest_line() -> Vector:
    """Points (n, 3) along the top of the left iliac crest, from its highest part outwards."""
    line = smooth(np.column_stack([_CREST, _CREST_RADIUS]), 10)
    return np.asarray(line[:, :3] + line[:, 3:] * UP)
