"""A synthetic spine film with its truth, drawn from an order and a seed.

    Order + seed -> Subject -> bodies in the beam -> exposure -> clinic -> Phantom

Every stage has its own stream of chance: the same seed shows the same person on a frontal and on a
lateral film, at any size. Nothing is copied from a real film.
"""

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spinescan.core.anatomy import Landmarks
from spinescan.core.report import AlsType, Curve
from spinescan.phantom.beam import Beam
from spinescan.phantom.body.arms import add_arms
from spinescan.phantom.body.column import add_column
from spinescan.phantom.body.organs import add_organs
from spinescan.phantom.body.pelvis import add_pelvis
from spinescan.phantom.body.skull import add_skull
from spinescan.phantom.body.thorax import add_thorax
from spinescan.phantom.body.torso import add_torso
from spinescan.phantom.clinic.recipe import ClinicRecipe
from spinescan.phantom.clinic.visit import SideLetter, at_the_clinic
from spinescan.phantom.expose import Technique, expose
from spinescan.phantom.metal.hardware import add_rods
from spinescan.phantom.metal.worn import add_brace, add_clips
from spinescan.phantom.person import Person
from spinescan.phantom.positioning import EXTENTS, Extent, aim, drawn_extent, turned
from spinescan.phantom.render import Film, Grid
from spinescan.phantom.sample import SagittalClass, Subject, draw_subject
from spinescan.phantom.shape import Bend, Spine, SpinePlan, build_spine
from spinescan.phantom.truth import (
    View,
    film_points,
    sagittal_on_film_deg,
    true_curves,
)
from spinescan.phantom.vertebrae import Vector

Metal = Literal["none", "rods", "brace", "clips"]
METAL: dict[Metal, float] = {"none": 0.78, "rods": 0.05, "brace": 0.05, "clips": 0.12}
"""What a person has in or on them, with its chance if the order leaves it open."""


ROWS = 1280

SAMPLE_CLINIC = ClinicRecipe(
    long_weight=0, photo_weight=0, teaching_weight=0, invert_chance=0, border_chance=0
)
"""A clean export, as from an archive."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a film shall show; None leaves it to chance.

    Parameters
    ----------
    als
        A type, or "healthy" for a spine without scoliosis.
    cobb_deg
        Of the larger main curve in space; on film it is a degree or so off.
    sagittal
        Class of the sagittal profile.
    extent
        "spine" is T1 to L5, "trunk" the neck to the iliac crests, "whole" skull to hips; of lateral
        films "lumbar" T11, "thoracolumbar" T6 to the sacrum or the hips.
    rows
        Height of the film in pixels; the width follows.
    clinic
        What happens to the film after exposure; None leaves it as the detector gave it.
    plain
        Without scatter, noise, blur, software, clothes or metal: the truth's own picture.
    least_margin
        Keep this far from the borders between ALS types (see `als_types.Limit`).
    slip
        A level that has slid forwards on the one below, and how far (`SpinePlan`).
    metal
        "rods" and screws after a fusion, a "brace", "clips" of clothes and jewellery, or "none".
    """

    view: View = "frontal"
    als: AlsType | Literal["healthy"] | None = None
    cobb_deg: float | None = None
    sagittal: SagittalClass | None = None
    extent: Extent | None = None
    rows: int = ROWS
    clinic: ClinicRecipe | None = field(default_factory=ClinicRecipe)
    plain: bool = False
    least_margin: float = 0.0
    metal: Metal | None = None
    slip: tuple[str, float] | None = None

    def __post_init__(self) -> None:
        if self.cobb_deg is not None and not 10 <= self.cobb_deg <= 100:
            raise ValueError(f"expected a Cobb angle of 10 to 100 degrees, got {self.cobb_deg:g}")
        if self.cobb_deg is not None and self.als == "healthy":
            raise ValueError("a healthy spine has no curve of 10 degrees: leave cobb_deg out")
        if self.extent is not None and self.extent not in EXTENTS[self.view]:
            known = ", ".join(EXTENTS[self.view])
            raise ValueError(f"extent {self.extent}: a {self.view} film has {known}")
        if not 64 <= self.rows <= 4096:
            raise ValueError(f"expected 64 to 4096 rows, got {self.rows}")


@dataclass(frozen=True, slots=True, eq=False)
class Phantom:
    """A synthetic film and what is true of it.

    Parameters
    ----------
    pixels
        float32 (rows, columns) in [0, 1], bright is dense.
    landmarks
        Those that lie on the film; a frontal film has the patient's right on the picture's left.
    angles_deg
        In closed form (`truth`): on a lateral film TK, LL, SS, PT, PI. In-plane turns, seams and
        the perspective of a photograph come after them, and after the curves' angles.
    curves
        Frontal curves of 10 degrees and more, largest first; () on a lateral film.
    metal
        What the person has in or on them.
    effects
        What the film went through, in order.
    letter
        The letter of the patient's side that is on the film, if there is one.
    spacing_mm
        Side of a pixel at the detector; None where the clinic has changed the picture's scale.
    """

    pixels: Grid
    view: View
    landmarks: Landmarks
    subject: Subject
    extent: Extent
    spine: Spine
    beam: Beam
    angles_deg: dict[str, float]
    curves: tuple[Curve, ...]
    metal: Metal
    effects: tuple[str, ...]
    letter: SideLetter | None
    spacing_mm: float | None
    seed: int


def draw_phantom(order: Order | None = None, seed: int = 0) -> Phantom:
    """Draw a person who fits the order, and a film of them.

    The same order and seed give the same film on the same platform.

    Raises
    ------
    NoSuchSpineError
        If no person fits the order.
    """
    order = order or Order()
    subject = draw_subject(
        _stream(seed, 0),
        als=order.als,
        cobb_deg=order.cobb_deg,
        sagittal=order.sagittal,
        least_margin=order.least_margin,
    )
    if order.slip is not None:
        subject = replace(subject, plan=replace(subject.plan, slip=order.slip))
    return draw_film(subject, order, seed)


def draw_film(subject: Subject, order: Order, seed: int = 0) -> Phantom:
    """Draw a film of a person; what the order says of the spine is not looked at."""
    anatomy, pose, machine, clinic, wardrobe = (_stream(seed, k) for k in range(1, 6))
    spine = build_spine(subject.plan, anatomy)
    if not order.plain:
        spine = spine.moved(turned(pose), np.zeros(3))
    extent = order.extent or drawn_extent(order.view, pose)
    beam = aim(spine, order.view, extent, order.rows, pose)
    film = Film(beam)
    person = subject.person
    # Nobody stands so before a film: the arms would hide what it is taken for.
    if order.view == "frontal" and person.arms == "crossed":
        person = replace(person, arms="side")
    if order.view == "lateral" and person.arms == "side":
        person = replace(person, arms="crossed")
    crests = add_body(film, spine, person, anatomy)
    metal = _metal_of(order, wardrobe)
    add_metal(film, spine, subject, metal, wardrobe)
    technique = Technique.ideal() if order.plain else Technique.drawn(machine)
    names, points = film_points(spine, crests, beam, order.view)
    spared = None
    if order.view == "lateral" and not order.plain:
        technique = technique.from_the_side()
        spared = points[_of_vertebrae(names) & _on_film(points + 1, film.attenuation.shape)]
    pixels = expose(film.attenuation, beam.pixel_mm, technique, machine, spared=spared)
    effects: tuple[str, ...] = ()
    letter: SideLetter | None = None
    spacing: float | None = beam.pixel_mm
    if order.clinic is not None and not order.plain:
        before = pixels.shape
        pixels, points, effects, letter = at_the_clinic(
            pixels,
            points,
            clinic,
            order.clinic,
            patient_right="left" if order.view == "frontal" else None,
            spacing_mm=beam.pixel_mm,
            keep=_of_vertebrae(names) & _on_film(points, before),
            cobb_xy=_cobb_lines(order.view, subject, names, points),
        )
        if effects[0] == "photo":
            spacing = None
    on = _on_film(points, pixels.shape)
    landmarks = Landmarks.from_points(
        [name for name, inside in zip(names, on, strict=True) if inside],
        points[on],
        origin="derived",
        levels_certain=True,
    )
    lateral = order.view == "lateral"
    return Phantom(
        pixels=pixels,
        view=order.view,
        landmarks=landmarks,
        subject=subject,
        extent=extent,
        spine=spine,
        beam=beam,
        angles_deg=sagittal_on_film_deg(spine, beam) if lateral else {},
        curves=() if lateral else true_curves(spine, beam),
        metal=metal,
        effects=effects,
        letter=letter,
        spacing_mm=spacing,
        seed=seed,
    )


def _stream(seed: int, stage: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(stage,)))


def add_body(
    film: Film, spine: Spine, person: Person, rng: np.random.Generator
) -> tuple[Vector, Vector]:
    """Add all of a person to the film; curves (n, 3) along the right and left iliac crest."""
    add_torso(film, spine, person, rng)
    add_organs(film, spine, person, rng)
    add_arms(film, spine, person, rng)
    add_column(film, spine, person, rng)
    add_thorax(film, spine, person, rng)
    add_skull(film, spine, person, rng)
    marks = add_pelvis(film, spine, person, rng)
    return marks.crest_right, marks.crest_left


def add_metal(
    film: Film, spine: Spine, subject: Subject, metal: Metal, rng: np.random.Generator
) -> None:
    """Add what a person has in or on them."""
    if metal == "rods":
        fused = subject.main_bends or (Bend("T4", "L2", 0.0, "right"),)
        add_rods(film, spine, rng, fused[0].upper, fused[-1].lower)
    elif metal == "brace":
        add_brace(film, spine, subject.person, rng)
    elif metal == "clips":
        add_clips(film, spine, subject.person, rng)


def _metal_of(order: Order, rng: np.random.Generator) -> Metal:
    if order.plain:
        return order.metal or "none"
    drawn = tuple(METAL)[int(rng.choice(len(METAL), p=list(METAL.values())))]
    return order.metal or drawn


def _of_vertebrae(names: tuple[str, ...]) -> NDArray[np.bool_]:
    """Which points are corners of thoracic and lumbar vertebrae."""
    return np.array([name[0] in "TL" for name in names])


def _on_film(points: Vector, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    return np.asarray(((points >= 0) & (points <= [shape[1], shape[0]])).all(axis=1))


def _cobb_lines(
    view: View, subject: Subject, names: tuple[str, ...], points: Vector
) -> Vector | None:
    """Ends (k, 2, 2, 2) of the endplates that someone might have drawn the main curves by."""
    if view == "lateral" or not subject.main_bends:
        return None

    def ends(level: str, plate: str) -> Vector:
        return points[[names.index(f"{level}_{plate}_{side}") for side in ("left", "right")]]

    return np.array(
        [[ends(b.upper, "superior"), ends(b.lower, "inferior")] for b in subject.main_bends]
    )


SAMPLE = Subject(
    person=Person(age_years=15, sex="female", fatness=0.25, breath=0.8),
    plan=SpinePlan(
        bends=(
            Bend("T1", "T5", 18, "left"),
            Bend("T5", "T11", 42, "right"),
            Bend("T12", "L4", 28, "left"),
        ),
        takeoff_deg=4,
        length_mm=410,
    ),
    als="3CH",
    als_margin=0.22,
    main_bends=(Bend("T5", "T11", 42, "right"), Bend("T12", "L4", 28, "left")),
    sagittal="healthy",
    sagittal_margin_deg=0.0,
)
"""Who is on the sample film: a girl of 15 with a right thoracic and a left lumbar curve."""


def sample_film(view: View = "frontal") -> Phantom:
    """The films that demos and tests scan: an S-shaped curve of about 42 and 28 degrees.

    The lateral one is of the same girl. Chosen among others because the shipped model reads the
    frontal one well: it shows what an answer looks like, not how often answers are right.
    """
    order = Order(view=view, extent="whole", clinic=SAMPLE_CLINIC, metal="none")
    return draw_film(SAMPLE, order, seed=12)
