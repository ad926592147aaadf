"""The pelvis: sacrum, hip bones and the upper ends of the thigh bones."""

from dataclasses import dataclass

import numpy as np

from spinescan.phantom.body.pelvis_forms import (
    HEAD,
    HEAD_RADIUS,
    SHAFT_TOP,
    crest_line,
    hip_bone,
    sacrum,
    thigh_bone,
)
from spinescan.phantom.body.solids import COMPACT, SPONGY, Bones
from spinescan.phantom.person import Person
from spinescan.phantom.render import Film, Quadric, ellipsoid
from spinescan.phantom.shape import Spine
from spinescan.phantom.vertebrae import S1_SIZE, Vector

_TILT, _INCIDENCE = np.radians(12.0), np.radians(52.0)  # of the carved forms
_S1_HEIGHT = 108.0  # above the hip axis in the carved forms, mm
_MIRROR = np.array([-1.0, 1.0, 1.0])


@dataclass(frozen=True, slots=True, eq=False)
class PelvisMarks:
    """Curves (n, 3) in space along the tops of the patient's right and left iliac crests."""

    crest_right: Vector
    crest_left: Vector


@dataclass(frozen=True, slots=True)
class _Build:
    """How a hip bone differs from the carved one: factors, and millimetres at the lower end."""

    flare: float = 1.0
    height: float = 1.0
    depth: float = 1.0
    narrow_mm: float = 0.0


def add_pelvis(
    film: Film, spine: Spine, person: Person, rng: np.random.Generator | None = None
) -> PelvisMarks:
    """Draw the pelvis; without `rng` both sides are alike and of mean size."""
    bones = Bones(film, person.bone)
    crests = []
    for side, build in zip((-1, 1), _builds(person, rng), strict=True):
        hip = _Hip(spine, build, side)
        for form, spongy in ((hip_bone(), 0.9), (thigh_bone(), 1.2)):
            bones.carving(form, hip.placed(form.points), hip.placed(form.inside), spongy=spongy)
        _shaft(bones, hip)
        _head(film, hip, person)
        if not person.grown:
            _growth_lines(bones, hip, person)
        crests.append(hip.placed(crest_line()))
    _sacrum(bones, film, spine, person)
    bones.done()
    return PelvisMarks(crest_right=crests[0], crest_left=crests[1])


def _builds(person: Person, rng: np.random.Generator | None) -> tuple[_Build, _Build]:
    """Right and left. A man's wings stand steeper and higher, and his pubic arch is narrow."""
    male = person.sex == "male"
    common = rng.standard_normal(4) if rng is not None else np.zeros(4)
    flare = (0.95 if male else 1.0) + 0.04 * common[0]
    height = (1.03 if male else 1.0) + 0.025 * common[1]
    depth = 1.0 + 0.025 * common[2]
    narrow = (7.0 if male else 0.0) + 2.0 * common[3]
    builds = []
    for _ in range(2):
        own = rng.standard_normal(3) if rng is not None else np.zeros(3)
        builds.append(
            _Build(
                flare=flare + 0.015 * own[0],
                height=height + 0.01 * own[1],
                depth=depth,
                narrow_mm=narrow + 0.7 * own[2],
            )
        )
    return builds[0], builds[1]


class _Hip:
    """Bends what is carved for a mean left hip to this person's left (+1) or right (-1) one."""

    def __init__(self, spine: Spine, build: _Build, side: int) -> None:
        self.spine, self.build, self.side = spine, build, side
        pelvis = spine.pelvis
        normal = pelvis.frame @ pelvis.s1.normal
        self._turn = np.arctan2(-normal[1], normal[2]) - _INCIDENCE
        self._width = 2 * pelvis.s1.half_width / (S1_SIZE[0] * spine.scale)
        self.head = pelvis.heads[0 if side < 0 else 1]

    def placed(self, points: Vector) -> Vector:
        """World points (n, 3) of carved points (n, 3)."""
        build = self.build
        x, y, z = points.T
        sacral = _step((y + 10) / 45) * _step((z - 15) / 45)
        above, below = _step(z / 60), _step(-(z + 15) / 60)
        x = x + (build.flare - 1) * np.maximum(x - 50, 0) * above
        x = x - build.narrow_mm * below * np.clip(x / 40, 0, 1) * (x < 90)
        x = x + 50 * (self._width - 1) * sacral
        z = np.where(z > 0, z * (1 + (build.height - 1) * above), z)
        y = y * (1 + (build.depth - 1) * above * (1 - sacral))
        back = y * np.cos(_TILT) - z * np.sin(_TILT)
        up = y * np.sin(_TILT) + z * np.cos(_TILT) - _S1_HEIGHT
        # The part that bears the sacrum turns with it, about the sacral endplate.
        cos, sin = np.cos(sacral * self._turn), np.sin(sacral * self._turn)
        back, up = back * cos - up * sin, back * sin + up * cos + _S1_HEIGHT
        scale, pelvis = self.spine.scale, self.spine.pelvis
        local = np.stack([self.side * x, back, up], axis=1) * scale
        return np.asarray(pelvis.hip_axis + local @ pelvis.frame)

    def axis(self, direction: Vector) -> Vector:
        """Unit vector (3,) in the world along a carved direction at the hip joint."""
        ends = self.placed(np.stack([HEAD, HEAD + direction]))
        step = ends[1] - ends[0]
        return np.asarray(step / np.linalg.norm(step))


def _step(share: Vector) -> Vector:
    share = np.clip(share, 0, 1)
    return share * share * (3 - 2 * share)


def _head(film: Film, hip: _Hip, person: Person) -> None:
    scale, frame = hip.spine.scale, hip.spine.pelvis.frame
    ball = ellipsoid(hip.head, frame, [HEAD_RADIUS * scale] * 3)
    film.add_shell(ball, 0.9 * scale, COMPACT * person.bone, 1.3 * SPONGY * person.bone)
    if not person.grown:
        neck = hip.axis(np.array([0.8, 0.16, -0.58]))
        across = np.cross(neck, frame[1])
        across /= np.linalg.norm(across)
        plate = np.stack([across, np.cross(neck, across), neck])
        middle = hip.head + 11 * scale * neck
        half = 0.9 * scale
        gap = Quadric(
            middle,
            plate,
            (19 * scale, 19 * scale),
            (1.0, 0.0, 0.0),
            (19 * scale, 19 * scale, half),
            ((middle + half * neck, neck), (middle - half * neck, -neck)),
        )
        open_share = float(np.clip((16.5 - person.age_years) / 4, 0, 1))
        film.add_quadric(gap, -1.1 * SPONGY * person.bone * open_share)


def _shaft(bones: Bones, hip: _Hip) -> None:
    path = np.linspace([130, 7.5, SHAFT_TOP + 1], [116, -6, -340], 30)
    world = hip.placed(path)
    scale = hip.spine.scale
    down = np.linspace(0, 252, 30)
    marrow = np.clip(1.2 - down / 60, 0, 1.2)  # the shaft is hollow farther down
    for layer in range(8):  # and its wall thicker
        wall = 0.6 * scale * np.clip((down - 9 * (layer - 3)) / 14, 0, 1)
        radii = np.full((30, 2), (15.4 - 0.6 * layer) * scale)
        fill = marrow * (layer == 0)
        bones.tube(world, hip.spine.pelvis.frame[1], radii, wall, spongy=fill)


def _growth_lines(bones: Bones, hip: _Hip, person: Person) -> None:
    """The bony cap that grows over the crest from the front to the back, and the open socket."""
    early = 0.0 if person.sex == "female" else 1.2  # years by which boys are later
    grown = float(np.clip((person.age_years - early - 12.5) / 3.0, 0, 1))
    scale = hip.spine.scale
    if grown > 0.05:
        line = crest_line()[: max(8, int(grown * 90))]
        cap = hip.placed(line + np.array([0.25, 0.0, 1.0]) * 2.8)
        taper = np.minimum(1, np.linspace(0, 8, len(cap)) * np.linspace(8, 0.2, len(cap)))
        radii = np.stack([0.8 * taper, 3.0 * taper], axis=1) * scale
        bones.tube(cap, hip.spine.pelvis.frame[2], radii, 0.45 * scale)
    if person.age_years - early < 12.5:
        gap = hip.placed(np.linspace([60.0, 4.0, 6.0], [80.0, 6.0, 17.0], 12))
        radii = np.tile([1.3, 9.0], (12, 1)) * scale
        bones.tube(gap, hip.axis(np.array([-0.5, 0.0, 0.87])), radii, -0.45 * scale, spongy=-1.0)


def _sacrum(bones: Bones, film: Film, spine: Spine, person: Person) -> None:
    s1, form = spine.pelvis.s1, sacrum()
    width, depth = 2 * s1.half_width / S1_SIZE[0], 2 * s1.half_depth / S1_SIZE[1]
    axes = np.stack([width * s1.across, depth * s1.back, spine.scale * s1.normal])
    for flip in (np.ones(3), _MIRROR):
        points, inside = (s1.centre + (p * flip) @ axes for p in (form.points, form.inside))
        bones.carving(form, points, inside)
    frame = np.stack([s1.across, s1.back, s1.normal])
    thick = 1.3 * spine.scale
    plate = Quadric(
        s1.centre,
        frame,
        (s1.half_width, s1.half_depth),
        (1.0, 0.0, 0.0),
        (s1.half_width, s1.half_depth, thick),
        ((s1.centre, s1.normal), (s1.centre - thick * s1.normal, -s1.normal)),
    )
    film.add_quadric(plate, 0.9 * COMPACT * person.bone)
