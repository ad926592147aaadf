"""What phantoms are worth as truth: `python benchmarks/phantoms.py [--count 1000] [--plot FILE]`.

Writes benchmarks/results/phantoms.json:

exactness   largest difference between what `spinescan.measure` finds on the true landmarks and the
            closed-form angles, over that many random phantoms of each view;
edges       on noise-free pictures of the vertebral bodies, how far the steepest place across each
            endplate lies from its true outline;
als         the ALS rules on the true landmarks against the type that was drawn, by margin: how
            often they agree, and which types they take for which;
speed       frontal films of 768 rows a second on one core, and the process's peak memory.

All of it is synthetic: it says how well programs read these drawings, not how well they read films.
"""

import argparse
import json
import resource
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from spinescan.measure.als import als_verdict
from spinescan.measure.als_rules import family_of
from spinescan.measure.curves import find_curves
from spinescan.measure.sagittal import sagittal_measurements
from spinescan.phantom import film as film_module
from spinescan.phantom.body.column import add_body
from spinescan.phantom.film import Order, Phantom, draw_phantom
from spinescan.phantom.render import Film
from spinescan.phantom.truth import View, cobb_on_film_deg
from spinescan.phantom.vertebrae import Endplate
from spinescan.study.metrics import wilson_interval

MARGINS = (0.0, 0.05, 0.1, 0.2, 0.4, np.inf)


def undrawn(order: Order, seed: int) -> Phantom:
    """The truth of a phantom without its picture: a hundred times as fast."""

    def nobody(_film: Any, spine: Any, *_: Any) -> tuple[np.ndarray, np.ndarray]:
        crest = spine.pelvis.heads + [0.0, 0.0, 130.0]
        return crest[:1], crest[1:]

    with (
        mock.patch.object(film_module, "add_body", nobody),
        mock.patch.object(film_module, "expose", lambda attenuation, *_, **__: attenuation),
    ):
        return draw_phantom(order, seed)


def exactness(count: int) -> dict[str, Any]:
    """Largest differences in degrees between measured and closed-form angles."""
    worst: dict[str, float] = {"cobb": 0.0}
    missed = Counter[str]()
    planned = 0
    for seed in range(count):
        frontal = undrawn(Order(extent="whole", clinic=None), seed)
        curves = find_curves(frontal.landmarks)
        for curve in curves:
            exact = cobb_on_film_deg(frontal.spine, frontal.beam, curve.upper, curve.lower)
            worst["cobb"] = max(worst["cobb"], abs(curve.cobb_deg - abs(exact)))
        for curve in frontal.curves:
            if curve.cobb_deg >= 15:
                planned += 1
                near = [
                    c
                    for c in curves
                    if c.convex_side == curve.convex_side and abs(c.cobb_deg - curve.cobb_deg) < 3
                ]
                missed[frontal.subject.als or "healthy"] += not near
        lateral = undrawn(Order(view="lateral", extent="whole", clinic=None), seed)
        measured = {m.name: m.value for m in sagittal_measurements(lateral.landmarks)}
        heads = {"femoral_head_left", "femoral_head_right"} <= set(lateral.landmarks.names)
        for name, value in lateral.angles_deg.items():
            if name in measured and (heads or name not in ("PT", "PI")):
                worst[name] = max(worst.get(name, 0.0), abs(measured[name] - value))
    return {
        "phantoms_of_each_view": count,
        "largest_difference_deg": {k: round(v, 6) for k, v in worst.items()},
        "planned_curves_of_15_degrees": planned,
        "of_these_not_found_within_3_degrees": dict(missed),
    }


def edges(films: int) -> dict[str, Any]:
    """How near the steepest places of noise-free vertebral bodies lie to the true endplates."""
    views: tuple[View, ...] = ("frontal", "lateral")
    return {
        f"{view}, {rows} rows": edges_of(view, rows, films)
        for view in views
        for rows in (768, 1280)
    }


def edges_of(view: View, rows: int, films: int) -> dict[str, Any]:
    """The figures of one view and film height."""
    hits, offsets = [], []
    for seed in range(films):
        phantom = undrawn(Order(view=view, extent="whole", rows=rows, plain=True), seed)
        film = Film(phantom.beam)
        for vertebra in phantom.spine.vertebrae:
            add_body(film, vertebra, 1.0)
        for vertebra in phantom.spine.vertebrae:
            if vertebra.level[0] != "C":
                plates = (vertebra.superior, vertebra.inferior)
                found = [_offset(film, plate, vertebra.centre) for plate in plates]
                offsets += found
                hits.append(max(found) <= 1.0)
    low, high = wilson_interval(sum(hits), len(hits))
    return {
        "films": films,
        "vertebrae": len(hits),
        "both_endplates_within_1_px": round(sum(hits) / len(hits), 4),
        "wilson_95": [round(low, 4), round(high, 4)],
        "median_offset_px": round(float(np.median(offsets)), 3),
        "offset_px_95_percent": round(float(np.quantile(offsets, 0.95)), 3),
    }


def _offset(film: Film, plate: Endplate, inside: np.ndarray) -> float:
    """Distance in pixels from an endplate's steepest place on the film to its true outline.

    The endplate's disc is seen from a little above or below: its outline is a narrow ellipse with
    an outer and an inner edge. Lines run across each at seven places, from outside to inside (the
    point `inside` (3,) tells where that is); their profiles are averaged. The film brightens at
    the outer edge and darkens at the inner one: the steeper of the two is held against its edge.
    """
    rim = film.beam.project(plate.rim(720))
    centre = rim.mean(axis=0)
    _, _, axes = np.linalg.svd(rim - centre, full_matrices=False)
    along, inward = axes
    inward = inward * np.sign((film.beam.project(inside) - centre) @ inward)
    half = float(np.abs((rim - centre) @ along).max())
    steps = np.arange(-4, 4.01, 0.25)
    peaks = []
    for sense in (1, -1):  # the outer edge, then the inner one
        profile = np.zeros_like(steps)
        for share in np.linspace(-0.6, 0.6, 7):
            near = rim[np.abs((rim - centre) @ along - share * half) < 0.02 * half + 0.5]
            place = near[np.argmin(sense * ((near - centre) @ inward))]
            profile += _sampled(film.attenuation, place + steps[:, None] * inward)
        slope = sense * np.gradient(profile)
        peaks.append((float(slope.max()), abs(float(steps[int(np.argmax(slope))]))))
    return max(peaks)[1]


def _sampled(pixels: np.ndarray, xy: np.ndarray) -> np.ndarray:
    """Bilinear values at points (n, 2)."""
    x, y = (xy - 0.5).T
    x = np.clip(x, 0, pixels.shape[1] - 1.001)
    y = np.clip(y, 0, pixels.shape[0] - 1.001)
    c, r = x.astype(int), y.astype(int)
    u, v = x - c, y - r
    top = pixels[r, c] * (1 - u) + pixels[r, c + 1] * u
    bottom = pixels[r + 1, c] * (1 - u) + pixels[r + 1, c + 1] * u
    return np.asarray(top * (1 - v) + bottom * v)


def als_agreement(count: int) -> tuple[dict[str, Any], list[tuple[str, str, float]]]:
    """The rules' verdict against the drawn type; also (drawn, found, margin) of every phantom."""
    rows = []
    for seed in range(count):
        phantom = undrawn(Order(extent="whole", clinic=None), seed)
        subject = phantom.subject
        if subject.als is None or subject.als_margin is None or subject.plan.lumbar != 5:
            continue  # rules name levels as if there were five lumbar vertebrae
        verdict = als_verdict(phantom.landmarks, find_curves(phantom.landmarks))
        rows.append((subject.als, verdict.type or "none", subject.als_margin))
    answered = [r for r in rows if r[1] != "none"]
    by_margin = []
    for low, high in pairwise(MARGINS):
        part = [r for r in rows if low <= r[2] < high]
        right = sum(a == b for a, b, _ in part)
        a, b = wilson_interval(right, len(part))
        by_margin.append(
            {
                "margin": [low, None if high == np.inf else high],
                "phantoms": len(part),
                "agree": round(right / len(part), 4),
                "wilson_95": [round(a, 4), round(b, 4)],
            }
        )
    family = sum(_family(a) == _family(b) for a, b, _ in answered)
    return {
        "phantoms": len(rows),
        "answered": len(answered),
        "agree": sum(a == b for a, b, _ in rows),
        "family_right_of_answered": family,
        "by_margin": by_margin,
        "confusions": {
            f"{a} taken for {b}": n
            for (a, b), n in sorted(Counter((a, b) for a, b, _ in rows if a != b).items())
        },
    }, rows


def _family(als: str) -> str:
    return family_of(als)  # type: ignore[arg-type]


def plot(rows: list[tuple[str, str, float]], target: Path) -> None:
    """Agreement against margin, and who is taken for whom."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    types = sorted({a for a, _, _ in rows})
    names = [*types, "none"]
    table = np.array([[sum(r[:2] == (a, b) for r in rows) for b in names] for a in types])
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
    ordered = sorted(rows, key=lambda r: r[2])
    size = max(20, len(ordered) // 12)
    for start in range(0, len(ordered) - size + 1, size):
        part = ordered[start : start + size]
        k = sum(a == b for a, b, _ in part)
        low, high = wilson_interval(k, len(part))
        middle = float(np.median([m for _, _, m in part]))
        left.errorbar(
            middle,
            k / len(part),
            [[k / len(part) - low], [high - k / len(part)]],
            fmt="o",
            color="tab:blue",
            capsize=3,
        )
    left.set(
        xlabel="margin of the drawn spine (0: on the border of its type)",
        ylabel="rules give the drawn type (Wilson 95 %)",
        ylim=(0, 1.02),
        title=f"{len(rows)} synthetic spines, exact landmarks",
    )
    left.grid(alpha=0.3)
    share = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    right.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for (i, j), n in np.ndenumerate(table):
        if n:
            ink = "w" if share[i, j] > 0.5 else "k"
            right.text(j, i, str(n), ha="center", va="center", color=ink)
    right.set_xticks(range(len(names)), names)
    right.set_yticks(range(len(types)), types)
    right.set(xlabel="rules' verdict", ylabel="drawn type", title="who is taken for whom")
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, dpi=110)


def speed(films: int) -> dict[str, Any]:
    """Seconds a frontal film of 768 rows, with all effects, on one core."""
    draw_phantom(Order(rows=768), 0)
    seconds = []
    for seed in range(1, films + 1):
        began = time.perf_counter()
        draw_phantom(Order(rows=768), seed)
        seconds.append(time.perf_counter() - began)
    return {
        "films": films,
        "median_s": round(float(np.median(seconds)), 3),
        "slowest_s": round(max(seconds), 3),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def main() -> None:
    """Measure all and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--films", type=int, default=20)
    parser.add_argument("--plot", type=Path, help="write the agreement plot here")
    options = parser.parse_args()
    figures: dict[str, Any] = {"speed": speed(options.films)}
    figures["exactness"] = exactness(options.count)
    figures["edges"] = edges(options.films)
    figures["als"], rows = als_agreement(options.count)
    text = json.dumps(figures, indent=1)
    (Path(__file__).parent / "results" / "phantoms.json").write_text(text + "\n", encoding="utf-8")
    print(text)
    if options.plot:
        plot(rows, options.plot)


if __name__ == "__main__":
    main()
