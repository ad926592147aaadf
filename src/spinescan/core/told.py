"""What is told of a patient beside the film."""

from dataclasses import dataclass
from typing import Literal

AgeGroup = Literal["child", "adolescent", "adult"]
"""Up to 9, 10 to 17, and from 18 years."""

Posture = Literal["standing", "supine"]


@dataclass(frozen=True, slots=True)
class Told:
    """What a film seldom shows; by default nothing is told.

    Parameters
    ----------
    in_brace
        It was taken in a brace, so no ALS type is given.
    age
        Group of the patient's age; norms of the sagittal shape are held only against the people
        they were made for. None where it is not known.
    posture
        Of the patient on the film, likewise.
    """

    in_brace: bool = False
    age: AgeGroup | None = None
    posture: Posture | None = None


NOTHING = Told()
