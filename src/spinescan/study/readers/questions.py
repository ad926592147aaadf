"""What a reader is asked about a film, and the closed lists of what may be answered.

The form on the screen, the form on paper, and the check of the answers use these lists.
"""

from dataclasses import dataclass
from typing import Any

from spinescan.core.anatomy import LEVELS
from spinescan.core.task import ALS7, SAGITTAL3, TASKS, VIEW, Label, Task

CANNOT_TELL = "cannot_tell"
NO_TYPE = "no_type"
APEXES: tuple[str, ...] = tuple(
    name
    for upper, lower in zip(LEVELS, (*LEVELS[1:], None), strict=True)
    for name in ((upper, f"{upper}/{lower}") if lower else (upper,))
)
"""Where an apex can be: T1, the disc T1/T2, T2, ... L5."""
SIDES = ("left", "right")
CONFIDENCES = ("low", "medium", "high")
VIEWS = ("frontal", "lateral", "other")
MOST_CURVES = 4
SAGITTAL_ANGLES = ("tk_deg", "ll_deg")
REASONS = {
    "quality": "Too dark, too bright or blurred",
    "cut_off": "Part of the spine is not on the film",
    "covered": "Covered by metal, a brace or text",
    "not_spine": "Not a spine film, or another view",
    "other": "Another reason (say it in the remark)",
}
"""Why a film cannot be read."""

_ALS_TEXT = {
    "3CH": "3CH: 3-curve, hip prominent",
    "3CTL": "3CTL: 3-curve, one thoracolumbar curve",
    "3CN": "3CN: 3-curve, hips neutral",
    "3CL": "3CL: 3-curve with a long lumbar curve",
    "4C": "4C: 4-curve, thoracic and lumbar",
    "4CL": "4CL: 4-curve, lumbar",
    "4CTL": "4CTL: 4-curve, thoracolumbar",
}


@dataclass(frozen=True, slots=True)
class Question:
    """A closed question: its `options` are the task's labels and what else may be said.

    `view` is the view of the films that it is asked about, empty for all.
    """

    task: Task
    title: str
    options: tuple[Label, ...]
    view: str = ""

    @property
    def codes(self) -> tuple[str, ...]:
        """The options' codes, in order; `CANNOT_TELL` is the last."""
        return tuple(option.code for option in self.options)

    def family(self, code: str) -> str:
        """The family of an answer; what has none is its own."""
        return self.task.families.get(code, code)

    def to_dict(self) -> dict[str, Any]:
        """What the form needs."""
        return {
            "task": self.task.name,
            "title": self.title,
            "view": self.view,
            "options": [{"code": o.code, "text": o.text or o.code} for o in self.options],
            "families": dict(self.task.families),
        }


def question(name: str) -> Question:
    """The question of a known task.

    Raises
    ------
    ValueError
        The task is not known, or is the view, which is asked anyway.
    """
    if name not in TASKS or name == VIEW.name:
        known = ", ".join(known for known in TASKS if known != VIEW.name)
        raise ValueError(f"no question {name!r}; there are {known}")
    task = TASKS[name]
    last = Label(CANNOT_TELL, "Cannot tell")
    if task is ALS7:
        types = tuple(Label(code, _ALS_TEXT[code]) for code in ALS7.codes)
        none = Label(NO_TYPE, "No ALS type (no curve of 10 degrees or more)")
        return Question(task, "ALS type", (*types, none, last), "frontal")
    if task is SAGITTAL3:
        both = Label("both", "hyperkyphosis and hyperlordosis")
        return Question(task, "Sagittal shape", (*task.labels, both, last), "lateral")
    view = {"kyphosis": "lateral", "lordosis": "lateral", "scoliosis": "frontal"}.get(name, "")
    return Question(task, name.capitalize(), (*task.labels, last), view)


def asks_curves(tasks: tuple[str, ...]) -> bool:
    """Whether curves of frontal films are asked for."""
    return "als7" in tasks or "scoliosis" in tasks


def asks_sagittal(tasks: tuple[str, ...]) -> bool:
    """Whether kyphosis and lordosis of lateral films are asked for, as angles."""
    return any(question(name).view == "lateral" for name in tasks)
