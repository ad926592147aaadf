"""The trainings of the generalist study: which films teach, choose and test, and for how long."""

import math
from dataclasses import dataclass

from spinescan.core.task import SAGITTAL3, Task
from spinescan.data.checks import check_folds
from spinescan.data.manifest import Manifest
from spinescan.study.generalist_films import BOTH, fold_of, truth_of
from spinescan.study.generalist_protocol import GENERALIST, NETWORKS, Settings
from spinescan.train.classify_parts import Part, hold_out_some
from spinescan.train.classify_recipe import ClassifyRecipe
from spinescan.train.head_steps import Budget


@dataclass(frozen=True, slots=True)
class Lesson:
    """One training: a network, a seed and a fold."""

    network: str
    seed: int
    part: Part

    @property
    def task(self) -> Task:
        """What the network is asked."""
        return NETWORKS[self.network]

    @property
    def name(self) -> str:
        """Of its folder."""
        return f"{self.network}-seed-{self.seed}-fold-{self.part.fold}"


def lessons_of(films: Manifest, settings: Settings) -> list[Lesson]:
    """All trainings. In a fold the three networks share training, validation and test films.

    A specialist is taught and chosen on those of its two classes; all are asked about all test
    films. Films that are both teach and choose nothing.

    Raises
    ------
    DataError
        If a part lacks a class.
    """
    rows = films.films
    lessons = []
    for fold in settings.tested_folds:
        rest = [
            k for k, film in enumerate(rows) if fold_of(film) != fold and truth_of(film) != BOTH
        ]
        taught, validation = hold_out_some(
            rows, SAGITTAL3, rest, settings.validation_share, settings.split_seed + fold
        )
        labels = [str(truth_of(film)) for film in rows]
        check_folds([taught, validation], labels, SAGITTAL3)
        test = tuple(k for k, film in enumerate(rows) if fold_of(film) == fold)
        for network, task in NETWORKS.items():
            part = Part(
                f"fold-{fold}",
                tuple(k for k in taught if labels[k] in task.codes),
                tuple(k for k in validation if labels[k] in task.codes),
                test,
                fold,
            )
            lessons += [Lesson(network, seed, part) for seed in settings.seeds]
    return lessons


def budget_of(lessons: list[Lesson], recipe: ClassifyRecipe) -> Budget:
    """As many steps as the recipe's epochs take the generalist; a round is one of its epochs."""
    most = max(len(one.part.train) for one in lessons if one.network == GENERALIST)
    per_epoch = math.ceil(most / recipe.batch)
    return Budget(recipe.epochs * per_epoch, per_epoch)
