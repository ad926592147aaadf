"""Every number that an ALS verdict depends on, with its origin. The only place that holds them."""

from dataclasses import dataclass

from spinescan.measure.curves import MIN_COBB_DEG

_OWN = "chosen here; provisional"
_ON_PHANTOMS = "and measure chosen on synthetic spines; provisional"


@dataclass(frozen=True, slots=True)
class Threshold:
    """A border between two answers.

    Within `margin` of `value` both answers are possible. `origin` says where the criterion and
    where the value come from; `provisional` that no source read by us gives the value.
    """

    value: float
    margin: float
    unit: str
    meaning: str
    origin: str
    provisional: bool = True


@dataclass(frozen=True, slots=True)
class AlsThresholds:
    """The table. Offsets are in mean lumbar vertebral widths, ratios are lumbar over thoracic."""

    min_cobb: Threshold = Threshold(
        MIN_COBB_DEG,
        2.0,
        "deg",
        "a curve counts from this Cobb angle on",
        "definition of scoliosis (SRS)",
        provisional=False,
    )
    tp_4c: Threshold = Threshold(
        -0.2,
        0.15,
        "vertebral widths",
        "transitional point off the CSL, + to the thoracic convex side: 4C below, 3C above",
        f"criterion: Rigo 2010 and recalled; value {_OWN}",
    )
    counter_tilt_4c: Threshold = Threshold(
        5.0,
        0.0,
        "deg",
        "L5 tilted back against L4 (lumbosacral counter-curve): speaks for 4C from here on",
        f"criterion: Rigo 2010 and recalled; value {_OWN}",
    )
    counter_tilt_3c: Threshold = Threshold(
        0.0,
        0.0,
        "deg",
        "no counter-tilt of L5 against L4: speaks for 3C from here down; in between it is silent",
        f"criterion: Rigo 2010 and recalled; value {_OWN}",
    )
    hip_4c: Threshold = Threshold(
        0.4,
        0.0,
        "vertebral widths",
        "hip prominent on the thoracic convex side (+): speaks for 4C from here on",
        f"criterion: recalled; value {_ON_PHANTOMS}",
    )
    hip_3c: Threshold = Threshold(
        -0.1,
        0.0,
        "vertebral widths",
        "hip prominent on the thoracic concave side: speaks for 3C from here down; in between it"
        " is silent",
        f"criterion: scolihelp.com; value {_ON_PHANTOMS}",
    )
    lumbar_crosses: Threshold = Threshold(
        0.25,
        0.1,
        "vertebral widths",
        "lumbar apex beyond the CSL, away from the thoracic curve: 3CH below, 3CN or 3CL above",
        f"criterion: scolihelp.com; value {_OWN}",
    )
    lumbar_crosses_clearly: Threshold = Threshold(
        0.5,
        0.1,
        "vertebral widths",
        "lumbar apex so far beyond the CSL that the CSL misses its body: needed for 3CL",
        f"criterion: recalled; value {_OWN}",
    )
    structural_ratio: Threshold = Threshold(
        0.6,
        0.1,
        "ratio",
        "lumbar over thoracic Cobb angle that counts as structural (no bending film): 3CL",
        f"criterion: recalled; value {_OWN}",
    )
    long_ratio: Threshold = Threshold(
        0.7,
        0.1,
        "ratio",
        "lumbar over thoracic length (between end vertebrae) that counts as long: 3CL",
        f"criterion: recalled; value {_OWN}",
    )
    lumbar_larger: Threshold = Threshold(
        1.1,
        0.1,
        "ratio",
        "lumbar over thoracic Cobb angle above which no 3C type fits",
        f"criterion: scolihelp.com (thoracic Cobb larger); value {_OWN}",
    )
    lumbar_major: Threshold = Threshold(
        1.5,
        0.1,
        "ratio",
        "lumbar over thoracic Cobb angle: 4C (double major) below, 4CL or 4CTL from here on",
        f"criterion: recalled; value {_OWN}",
    )
    thoracic_shift: Threshold = Threshold(
        0.0,
        0.25,
        "vertebral widths",
        "single thoracic curve: its apex off the CSL to its convex side (trunk shift)",
        f"criterion: scolihelp.com; rule inferred; value {_OWN}",
    )
    steady_share: Threshold = Threshold(
        0.5,
        0.0,
        "share of draws",
        "a type is given if at least so many draws of the points within their spreads agree",
        _OWN,
    )
    least_share: Threshold = Threshold(
        0.15,
        0.0,
        "share of draws",
        "a type that so many draws give is an alternative",
        _OWN,
    )
    l4_into: Threshold = Threshold(
        0.0,
        2.5,
        "deg",
        "single thoracolumbar curve: L4 tilted into the curve, needed for 3CTL",
        f"rule inferred; value {_OWN}",
    )


ALS_THRESHOLDS = AlsThresholds()
