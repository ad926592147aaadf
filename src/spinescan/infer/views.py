"""What a landmark model looks at: films from the front, or films from the side.

Both are read by the same two networks in the same way, by the sides of the *picture*; that a
patient looks to the left or to the right is one fact of the whole film, and it gives the points
their last names. What else differs between the views is told here.
"""

from dataclasses import dataclass

from spinescan.core.anatomy import FRONTAL_POINTS, lateral_name
from spinescan.core.errors import BundleError
from spinescan.core.radiograph import View
from spinescan.infer.decode import FACTS, LATERAL_FACTS
from spinescan.infer.levels import TO_C7, TO_SACRUM

NETWORKS = ("finder", "refiner")

SETTINGS: dict[str, str] = {
    "pitch_px": "Height of one level in the refiner's input, in pixels.",
    "spread_factor": "Calibrates the spreads of points.",
    "least_confidence": "Of an accepted film: mean of the finder's heat times the refiner's"
    " presence.",
    "least_frontal": "Of an accepted frontal film: probability that it is one.",
    "least_lateral": "Of an accepted lateral film: probability that it is one.",
    "least_facing": "Of an accepted lateral film: how sure it is which way the patient faces.",
    "least_last": "Score that the lowest vertebra of a lateral film must have to be kept.",
    "thoracic_factor": "By how much more the spreads of the thoracic spine are calibrated on"
    " lateral films.",
    "most_unrest": "Of an accepted film: how far plain and mirrored looks differ, as a share of a"
    " level's height.",
    "most_roughness": "Of an accepted film: how unevenly levels grow (standard deviation of log"
    " ratios).",
    "least_point": "Heat of a point of sacrum, pelvis or neck that is told.",
    "point_spread_px": "Spread of such a point, in pixels of the finder's input.",
    "least_hardware": "Probability of rods or screws from which they are warned of.",
    "least_brace": "Probability of a brace from which it is warned of.",
    "interval_factor": "Calibrates the intervals of angles.",
}
"""The numbers that belong to the weights of a landmark model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelView:
    """One view, and how the films of it are read.

    Parameters
    ----------
    task
        Of its bundles.
    facts
        What the finder's four facts mean.
    points
        Those of `FRONTAL_POINTS` that such films show.
    to_sacrum, to_c7
        Levels from L5's centre to the middle of S1's endplate, and from T1's to C7's: medians over
        phantoms.
    reads_sacrum
        Whether the refiner reads the sacral endplate, too: lateral angles are measured at it.
    must_show, least_levels
        The first and the last level that an accepted film shows at least, and how many in a row.
    widens_from
        Levels in a row from which on a spine is known to be wider below than above.
    """

    view: View
    task: str
    facts: tuple[str, ...]
    points: tuple[str, ...] = FRONTAL_POINTS
    to_sacrum: float = TO_SACRUM
    to_c7: float = TO_C7
    reads_sacrum: bool = False
    must_show: tuple[str, str] | None = None
    least_levels: int = 2
    widens_from: int = 2

    @property
    def settings(self) -> tuple[str, ...]:
        """What the settings of a bundle must name (`SETTINGS` explains them)."""
        own = ("least_facing", "least_last", "thoracic_factor") if self.view is View.LATERAL else ()
        return (
            "pitch_px",
            "spread_factor",
            "least_confidence",
            self.limit,
            *own,
            "most_unrest",
            "most_roughness",
            "least_point",
            "point_spread_px",
            "least_hardware",
            "least_brace",
            "interval_factor",
        )

    @property
    def limit(self) -> str:
        """The setting that holds the least probability of this view."""
        return f"least_{self.view.value}"

    @property
    def not_this(self) -> frozenset[str]:
        """Reasons for which a film is not taken for a spine of this view at all."""
        other = View.FRONTAL if self.view is View.LATERAL else View.LATERAL
        return frozenset(
            {"no_spine", f"declared_{other.value}", f"not_{self.view.value}", "not_like_a_spine"}
        )

    def name(self, name: str, *, faces_left: bool) -> str:
        """The last name of a point that is known by the side of the picture."""
        return lateral_name(name, faces_left=faces_left) if self.view is View.LATERAL else name


FRONTAL = ModelView(
    view=View.FRONTAL,
    task="frontal-landmarks",
    facts=FACTS,
    must_show=("T6", "L4"),
)
LATERAL = ModelView(
    view=View.LATERAL,
    task="lateral-landmarks",
    facts=LATERAL_FACTS,
    points=tuple(name for name in FRONTAL_POINTS if not name.startswith("iliac_crest")),
    to_sacrum=0.63,
    to_c7=0.87,
    reads_sacrum=True,
    least_levels=4,
    widens_from=14,
)
VIEWS = {kind.task: kind for kind in (FRONTAL, LATERAL)}


def view_of(task: str) -> ModelView:
    """The view of a landmark bundle's task.

    Raises
    ------
    BundleError
        If it is another task.
    """
    if task not in VIEWS:
        raise BundleError(f"expected {' or '.join(VIEWS)}, got {task}")
    return VIEWS[task]
