"""An audit as one self-contained HTML page: no script, nothing fetched, untrusted text escaped."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from jinja2 import Template
from PIL import Image, ImageDraw

from spinescan.audit.confound import COVERED, TOGETHER, Telling, cover, covered_half, properties
from spinescan.audit.found import Audit
from spinescan.audit.sights import Sight
from spinescan.audit.twins import SAME
from spinescan.core.report import RESEARCH_USE
from spinescan.core.task import Task
from spinescan.data.checks import label_of
from spinescan.io.html import embedded_jpeg, page_environment
from spinescan.io.words import product

MOST_PAIRS, MOST_MARKED, MOST_COVERED = 40, 48, 4
"""How many pictures are shown; the last one of each class."""

_TALL_PX = 250
_TEXT, _LINE, _COVER = (255, 205, 90), (255, 92, 92), (38, 48, 60)
_PLOT = (640, 26)  # width of a plot, height of a class in it
_SEVERITY = {"stop": "Stop", "look": "Look", "note": "Note"}


def render_audit(audit: Audit) -> str:
    """The page, as HTML text."""
    marked = [s for s in audit.sights if s.marks.text or s.marks.lines]
    half = covered_half(audit.sights)
    return _template().render(
        audit=audit,
        facts=audit.to_dict(),
        product=product(),
        research_use=RESEARCH_USE,
        severity=_SEVERITY,
        same=SAME,
        pairs=[
            {
                "pair": pair,
                "a": _picture(pair.a),
                "b": _picture(pair.b),
                "labels": [_label(s, audit.task) for s in (pair.a, pair.b)],
            }
            for pair in audit.pairs[:MOST_PAIRS]
        ],
        marked=[(s, _picture(s, marks=True), _label(s, audit.task)) for s in marked[:MOST_MARKED]],
        marked_count=len(marked),
        covered=[
            (code, [(s, _picture(s, hidden=half)) for s in films])
            for code, films in _examples(audit).items()
        ]
        if any(one.what == COVERED for one in audit.tellings)
        else [],
        found_spines=sum(s.spine is not None for s in audit.sights),
        tables=_tables(audit.tellings),
        plot=_plot(audit),
        words={
            TOGETHER: "all of these together",
            COVERED: "the film, its spine covered",
        },
    )


def _label(sight: Sight, task: Task | None) -> str:
    return "" if task is None else label_of(sight.film, task) or ""


def _examples(audit: Audit) -> Mapping[str, Sequence[Sight]]:
    """A few films of each class."""
    films: dict[str, list[Sight]] = {one.code: [] for one in audit.classes}
    for sight in audit.sights:
        if (label := _label(sight, audit.task)) in films and len(films[label]) < MOST_COVERED:
            films[label].append(sight)
    return films


def _picture(sight: Sight, *, marks: bool = False, hidden: float | None = None) -> str:
    """The small film as a data address, with its marks or under its cover."""
    picture = Image.fromarray(sight.small).convert("RGB")
    scale = _TALL_PX / picture.height
    picture = picture.resize((max(1, round(picture.width * scale)), _TALL_PX))
    draw = ImageDraw.Draw(picture)
    width, height = picture.size
    if marks:
        for x0, y0, x1, y1 in sight.marks.text:
            box = (x0 * width - 2, y0 * height - 2, x1 * width + 2, y1 * height + 2)
            draw.rectangle(box, outline=_TEXT)
        for x0, y0, x1, y1 in sight.marks.lines:
            ends = (x0 * width, y0 * height, x1 * width, y1 * height)
            draw.line(ends, fill=_LINE, width=2)
    if hidden is not None:
        low, high = cover(sight, hidden)
        draw.rectangle((low * width, 0, high * width, height), fill=_COVER)
    return embedded_jpeg(picture)


def _tables(tellings: Sequence[Telling]) -> list[tuple[tuple[str, ...], list[Telling]]]:
    """By classes, the classifiers, the best first."""
    return [
        (
            classes,
            sorted((t for t in tellings if t.classes == classes), key=lambda t: -t.balanced),
        )
        for classes in dict.fromkeys(one.classes for one in tellings)
    ]


def _plot(audit: Audit) -> dict[str, Any] | None:
    """The number that tells most of the class, as points (x, y) of every film by class."""
    if audit.task is None or not audit.tellings:
        return None
    sights = [s for s in audit.sights if _label(s, audit.task) in audit.task.codes]
    numbers = {n: v[:, 0] for n, v in properties(sights).items() if v.shape[1] == 1}
    every = audit.tellings[0].classes
    known = [t for t in audit.tellings if t.classes == every and t.what in numbers]
    if not known:
        return None
    what = max(known, key=lambda one: one.balanced).what
    values = numbers[what]
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return None
    rng = np.random.default_rng(0)  # spreads points that lie on each other
    rows = []
    for k, code in enumerate(every):
        chosen = [v for v, s in zip(values, sights, strict=True) if _label(s, audit.task) == code]
        x = (np.array(chosen) - low) / (high - low) * (_PLOT[0] - 12) + 6
        y = (k + 0.5) * _PLOT[1] + rng.uniform(-0.3, 0.3, len(chosen)) * _PLOT[1]
        points = np.column_stack([x, y]).round(1).tolist()
        rows.append({"code": code, "points": points, "middle": (k + 0.5) * _PLOT[1]})
    return {
        "what": what,
        "low": low,
        "high": high,
        "rows": rows,
        "width": _PLOT[0],
        "height": _PLOT[1] * len(every),
    }


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = page_environment("spinescan.audit")
    environment.filters["figure"] = lambda value: f"{value:.2f}"
    environment.filters["short"] = lambda value: f"{value:.4g}"
    return environment.get_template("audit.html")
