r"""Which side of the picture shows the patient's left: what header, letters and heart say of it.

A frontal film is shown from the front or from behind, and its picture alone does not tell which.
Three witnesses may:

1. **patient_orientation**: the header. PatientOrientation (DICOM PS3.3 C.7.6.1.1.1) names the
   anatomical direction of rows and columns *as they are stored*: `L\F` puts the patient's left on
   the picture's right. ViewPosition (0018,5101) is no witness. AP and PA name the way of the beam
   through the patient, not the way the picture is stored or shown: a PA film is turned as if seen
   from the front in one clinic and from behind in the next. It only names the view, and where that
   is not the view of PatientOrientation neither is believed (`io.dicom_geometry.shown_sides`).
2. **markers**: the letters L and R that were laid on the cassette or burned into the picture. A
   letter names the patient's side that it lies on, also where it is rotated or mirrored. One near
   the middle tells nothing; letters that contradict each other tell nothing and are reported.
3. **heart**: the side of its apex, where the model is clear about it. The weakest: a large left
   thoracic curve leaves the whole shadow on the other side of the spine, and in dextrocardia the
   apex lies on the right.

The first that speaks gives the side. A contradiction is always reported, and it leaves the side
open, because a wrong side is worse than none. One exception: the heart alone does not unseat the
header.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from spinescan.core.radiograph import Radiograph, Side
from spinescan.core.report import Curve, Notice
from spinescan.measure.als_thresholds import Threshold

Source = Literal["patient_orientation", "markers", "heart"]
SideLetter = tuple[Literal["L", "R"], float, float, float]
"""A letter found on the film: which, x and y in pixels, score in [0, 1]."""

_WORDS: dict[Source, str] = {
    "patient_orientation": "the header's patient orientation says",
    "markers": "the side letters say",
    "heart": "the heart says",
}


class SideLimits(NamedTuple):
    """What a witness must reach to be heard."""

    letter_score: Threshold = Threshold(
        0.5,
        0.0,
        "score",
        "a side letter counts from this score on",
        "chosen here; provisional",
    )
    letter_off_middle: Threshold = Threshold(
        0.1,
        0.0,
        "film widths",
        "a side letter counts from this distance to the spine's middle on",
        "chosen here; provisional. The 70 letters that were placed by eye lay 0.17 or farther off "
        "the film's middle",
    )
    heart_clear: Threshold = Threshold(
        0.9,
        0.0,
        "probability",
        "the heart counts from this probability of either side on",
        "chosen here; provisional",
    )


SIDE_LIMITS = SideLimits()


@dataclass(frozen=True, slots=True)
class SideFinding:
    """The side of the *picture* that shows the patient's left, or None, and who said so.

    `source` is the strongest witness of those that agree; None with `left`. `notices` tell of
    contradictions (`side_conflict`, `side_letters_conflict`).
    """

    left: Side | None = None
    source: Source | None = None
    notices: tuple[Notice, ...] = ()


def patient_side(
    film: Radiograph,
    mid_x_px: float,
    letters: Iterable[SideLetter] = (),
    heart_left: float | None = None,
) -> SideFinding:
    """Hear the witnesses of a frontal film.

    Parameters
    ----------
    film
        Its `patient_left` is what the header says.
    mid_x_px
        Column of the spine's middle, in pixels of the film from its left edge: a letter lies to
        the left or to the right of it.
    letters
        The side letters that were found, in pixels of the film.
    heart_left
        Probability in [0, 1] that the heart's apex, and so the patient's left, lies on the
        picture's left; None where nobody looked.

    Raises
    ------
    ValueError
        If `heart_left` is no probability.
    """
    read = tuple(_letters_say(letters, mid_x_px, film.size[1]))
    say: dict[Source, Side | None] = {
        "patient_orientation": film.patient_left,
        "markers": read[0] if len(read) == 1 else None,
        "heart": _heart_says(heart_left),
    }
    heard = {source: left for source, left in say.items() if left is not None}
    notices = () if len(read) < 2 else (_LETTERS_CONFLICT,)
    if not heard:
        return SideFinding(notices=notices)
    source, left = next(iter(heard.items()))
    against = {other for other, said in heard.items() if said != left}
    if not against:
        return SideFinding(left, source, notices)
    if source == "patient_orientation" and against == {"heart"}:
        return SideFinding(left, source, (*notices, _conflict(heard, "the header is followed")))
    return SideFinding(notices=(*notices, _conflict(heard, "the patient's side is left open")))


def with_patient_side(curves: tuple[Curve, ...], finding: SideFinding) -> tuple[Curve, ...]:
    """The curves with the patient's side that each is convex to; as they are if it is not known."""
    if finding.left is None:
        return curves
    return tuple(
        replace(
            curve,
            patient_side="left" if curve.convex_side == finding.left else "right",
            side_source=finding.source,
        )
        for curve in curves
    )


def _letters_say(letters: Iterable[SideLetter], mid_x_px: float, columns: int) -> set[Side]:
    """Every side of the picture that a letter which counts takes for the patient's left."""
    least = SIDE_LIMITS.letter_score.value
    off_px = SIDE_LIMITS.letter_off_middle.value * columns
    return {
        "left" if (letter == "L") == (x_px < mid_x_px) else "right"
        for letter, x_px, _, score in letters
        if score >= least and abs(x_px - mid_x_px) >= off_px
    }


def _heart_says(heart_left: float | None) -> Side | None:
    if heart_left is None:
        return None
    if not 0.0 <= heart_left <= 1.0:  # written so that NaN fails too
        raise ValueError(f"heart_left must be a probability, got {heart_left}")
    if max(heart_left, 1.0 - heart_left) < SIDE_LIMITS.heart_clear.value:
        return None
    return "left" if heart_left > 0.5 else "right"


_LETTERS_CONFLICT = Notice(
    "side_letters_conflict",
    "The side letters on the film contradict each other and were not used.",
)


def _conflict(heard: dict[Source, Side], outcome: str) -> Notice:
    said = "; ".join(f"{_WORDS[source]} {left}" for source, left in heard.items())
    return Notice(
        "side_conflict",
        f"On which side of the picture the patient's left lies is in dispute: {said}; {outcome}.",
    )
