"""Reports of all shapes, and small DICOM films for them."""

from typing import Any

import numpy as np
from dicom_films import film_file, person
from hypothesis import strategies as st

from spinescan.core.anatomy import LEVELS
from spinescan.core.report import (
    BundleRef,
    Curve,
    Fact,
    Measurement,
    Notice,
    Prediction,
    Report,
    SagittalAxis,
    SagittalVerdict,
    Slip,
    Verdict,
)
from spinescan.io.sr.codes import SITES, TABLE
from spinescan.io.words import REASONS
from spinescan.measure.sagittal import LATERAL_MEASUREMENTS
from tests.app.fakes import straight_spine

SIZE = (240, 100)
PIXELS = np.random.default_rng(1).random(SIZE, dtype=np.float32)
FILM = film_file(PIXELS, person)

words = st.text(max_size=90)
angles = st.floats(0, 120).map(lambda v: round(v, 4))
shares = st.floats(-100, 100).map(lambda v: round(v, 4))
decisions: Any = st.sampled_from(["accepted", "abstained"])
reasons = st.lists(st.sampled_from(sorted(REASONS)), max_size=4, unique=True).map(tuple)
types: Any = st.sampled_from(sorted(TABLE["als_type"]))
shapes: Any = st.sampled_from(sorted(TABLE["sagittal_class"]))
positions: Any = st.sampled_from(["hypo", "normal", "hyper"])


def intervals(values: Any) -> Any:
    return st.none() | st.tuples(values, values).map(lambda pair: tuple(sorted(pair)))


@st.composite
def curves(draw: Any) -> Curve:
    first = draw(st.integers(0, len(LEVELS) - 3))
    last = draw(st.integers(first + 2, len(LEVELS) - 1))
    side: Any = st.sampled_from(["left", "right"])
    told = draw(st.booleans())
    return Curve(
        region=draw(st.sampled_from(sorted(TABLE["region"]))),
        convex_side=draw(side),
        upper=LEVELS[first],
        apex=draw(st.sampled_from(sorted(SITES))),
        lower=LEVELS[last],
        cobb_deg=draw(angles),
        interval_deg=draw(intervals(angles)),
        patient_side=draw(side) if told else None,
        side_source=draw(st.sampled_from(["patient_orientation", "markers", "heart"]))
        if told
        else None,
        ends_by=draw(st.sampled_from(["machine", "reader"])),
    )


facts = st.lists(st.builds(Fact, words, shares, words, st.none() | shares, words), max_size=3)
verdicts = st.builds(
    Verdict,
    st.none() | types,
    st.sampled_from([None, "3C", "4C"]),
    st.lists(types, max_size=2, unique=True).map(tuple),
    facts.map(tuple),
    decisions,
    reasons,
)
axes = st.builds(
    SagittalAxis,
    st.sampled_from(["kyphosis", "lordosis"]),
    st.none() | positions,
    st.lists(positions, max_size=3, unique=True).map(tuple),
    decisions,
    reasons,
    st.sampled_from([None, "TK_T4_T12"]),
    st.none() | angles,
    intervals(angles),
    st.none() | words,
    st.none() | st.just((20.0, 50.0)),
)
slips = st.builds(
    Slip,
    st.just("L5"),
    st.just("S1"),
    shares,
    intervals(shares),
    st.sampled_from(["forward", "backward"]),
    st.sampled_from([None, "I", "II", "III", "IV", "V"]),
    st.just(("none", "I")),
    decisions,
)
sagittals = st.builds(
    SagittalVerdict,
    st.none() | shapes,
    st.lists(shapes, max_size=2, unique=True).map(tuple),
    st.just({}),
    st.lists(axes, max_size=2).map(tuple),
    st.lists(slips, max_size=1).map(tuple),
    facts.map(tuple),
    decisions,
    reasons,
)
measurements = st.builds(
    Measurement,
    st.sampled_from([*LATERAL_MEASUREMENTS, "T1_tilt", "trunk_shift", "one of tomorrow"]),
    shares,
    st.sampled_from(["deg", "%", "mm", "vertebral widths", "ratio"]),
    words,
    st.lists(st.sampled_from([*LEVELS, "S1", "C7"]), max_size=3).map(tuple),
    intervals(shares),
)


@st.composite
def predictions(draw: Any) -> Prediction:
    task = draw(st.sampled_from(["als7", "fraiwan3", "sagittal3", "scoliosis", "of one's own"]))
    labels = sorted(TABLE["als_type"]) if task == "als7" else ["normal", draw(words)]
    return Prediction(
        task=task,
        label=draw(st.none() | st.sampled_from(labels)),
        scores=dict.fromkeys(labels, 0.5),
        prediction_set=tuple(draw(st.lists(st.sampled_from(labels), max_size=2, unique=True))),
        decision=draw(decisions),
        reasons=draw(reasons),
        bundle=draw(words),
    )


def few(strategy: Any) -> Any:
    return st.lists(strategy, max_size=3).map(tuple)


reports = st.builds(
    Report,
    sha256=st.just("ab" * 32),
    size=st.just(SIZE),
    pixel_aspect=st.sampled_from([1.0, 1.25]),
    spacing_mm=st.none() | st.just((0.3, 0.3)),
    spacing_origin=st.just("detector"),
    view=st.sampled_from(["frontal", "lateral", "other"]),
    decision=decisions,
    reasons=reasons,
    landmarks=st.none() | st.just(straight_spine(*SIZE)),
    curves=few(curves()),
    als=st.none() | verdicts,
    sagittal=st.none() | sagittals,
    measurements=few(measurements),
    predictions=few(predictions()),
    bundles=few(st.builds(BundleRef, words, words)),
    warnings=few(st.builds(Notice, words, words)),
    timing_ms=st.floats(0, 1000),
    edited=st.booleans(),
)
"""More than a scan can answer: curves on lateral films, any reason for anything."""


def report(**changes: Any) -> Report:
    """Two curves with their intervals, a type, and what limits it."""
    values: dict[str, Any] = {
        "sha256": "ab" * 32,
        "size": SIZE,
        "pixel_aspect": 1.0,
        "spacing_mm": None,
        "spacing_origin": "unknown",
        "view": "frontal",
        "decision": "accepted",
        "reasons": (),
        "landmarks": straight_spine(*SIZE),
        "curves": (
            Curve("main_thoracic", "left", "T5", "T8", "T11", 42.34, (37.9, 46.8), "right",
                  "markers"),
            Curve("lumbar", "right", "T12", "L2/L3", "L4", 28.06),
        ),
        "als": Verdict("3CN", "3C", ("3CH",), (Fact("tp", 0.4, "widths", 0.2, "TP lies off CSL."),),
                       "accepted", ("witnesses_disagree",)),
        "bundles": (BundleRef("frontal-landmarks", "3"),),
        "warnings": (Notice("brace", "The film seems to be taken in a brace."),),
    }  # fmt: skip
    return Report(**{**values, **changes})
