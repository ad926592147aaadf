"""How well the class can be told without looking at the spine: what a model could learn instead.

Classifiers (scikit-learn, extra `study`) that never see the picture's content answer from the
file's properties, one by one and all together; another sees the film with the spine covered. They
are judged as a model would be: in a cross-validation by person, repeated, every film answered by
classifiers that have seen neither it nor another film of its person.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinescan.audit.sights import Sight
from spinescan.core.errors import DataError, MissingExtraError
from spinescan.core.intervals import grouped_bootstrap
from spinescan.data.split import repeated_folds

FOLDS, REPEATS = 5, 5
COVERED = "film_without_spine"
TOGETHER = "all_properties"

_GRID = (16, 4)  # rows, columns of each flank
_BANDS = 12
_SPINE = (0.3, 0.7)  # where a spine is looked for that was not found, in shares of the width
_FLANK = 0.06  # at least this share of the width stays on both sides
_HIDE = 0.9  # of the films' spines lie inside the cover
_STEADY = 1e-3

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Telling:
    """How well one classifier tells some classes apart.

    `what` it knows, of which `classes`, on `n` films of `groups` persons, `folds`-fold. Accuracy
    and balanced accuracy (the mean over classes of the share named right) are means over the
    repeats, with 95 % bootstrap intervals over persons; `most_common` is the accuracy of always
    naming the largest class. `auc` is the area under the ROC curve, the mean over classes.
    """

    what: str
    classes: tuple[str, ...]
    n: int
    groups: int
    folds: int
    accuracy: float
    accuracy_interval: tuple[float, float]
    balanced: float
    balanced_interval: tuple[float, float]
    auc: float
    most_common: float

    @property
    def chance(self) -> float:
        """The balanced accuracy of who knows nothing."""
        return 1 / len(self.classes)

    @property
    def tells(self) -> bool:
        """Whether it is better than chance by more than the interval."""
        return self.balanced_interval[0] > self.chance


def need_sklearn() -> None:
    """Raise MissingExtraError if scikit-learn, which brings scipy, is not installed."""
    try:
        import sklearn  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            f"an audit needs the extra 'study' ({error.name} is not installed): "
            "pip install 'spinescan[study]'"
        ) from error


def find_tellings(
    sights: Sequence[Sight],
    labels: Sequence[str],
    columns: Sequence[str] = (),
    *,
    covered: bool = True,
    seed: int = 0,
) -> tuple[Telling, ...]:
    """What tells the class: each property, all together, and the film without the spine.

    All classes, then every pair of them. `columns` of the manifest count as properties, too. What
    does not vary, or is known of no film, is left out; so are classes of fewer than two persons.

    Raises
    ------
    DataError
        If fewer than two classes have two persons.
    """
    persons: dict[str, set[str]] = {}
    for sight, label in zip(sights, labels, strict=True):
        persons.setdefault(label, set()).add(sight.film.group)
    classes = [c for c in sorted(persons) if len(persons[c]) >= 2]
    if len(classes) < 2:
        raise DataError("two classes with films of two persons are needed to compare them")
    matrices = knowledge(sights, columns, covered=covered)
    sets = [tuple(classes)]
    if len(classes) > 2:
        sets += list(combinations(classes, 2))
    return tuple(
        _telling(what, chosen, values, sights, labels, seed)
        for chosen in sets
        for what, values in matrices.items()
    )


def knowledge(
    sights: Sequence[Sight], columns: Sequence[str] = (), *, covered: bool = True
) -> dict[str, Floats]:
    """What each classifier knows, float64 (n, features): a property, all of them, the flanks.

    What does not vary is left out.
    """
    features = properties(sights, columns)
    matrices = {name: values for name, values in features.items() if _varies(values)}
    if len(matrices) > 1:
        matrices[TOGETHER] = np.hstack(list(matrices.values()))
    if covered:
        matrices[COVERED] = flanks(sights)
    return matrices


def properties(sights: Sequence[Sight], columns: Sequence[str] = ()) -> dict[str, Floats]:
    """By property, float64 (n, columns): a number, or one column for each value that occurs."""
    size = np.array([sight.size for sight in sights], dtype=np.float64)
    numbers = {
        "width": size[:, 1],
        "height": size[:, 0],
        "width_to_height": size[:, 1] / size[:, 0],
        "bytes_per_pixel": np.array([s.file_bytes for s in sights]) / size.prod(axis=1),
    }
    words: dict[str, list[str]] = {
        "format": [s.file_format for s in sights],
        "colour": ["colour" if s.colour else "grey" for s in sights],
        "source": [s.film.source or s.data_set for s in sights],
        "view": [s.film.view for s in sights],
        "burned_in_text": ["yes" if s.marks.text else "no" for s in sights],
        "drawn_lines": ["yes" if s.marks.lines else "no" for s in sights],
    }
    found = {name: values[:, None] for name, values in numbers.items()}
    for column in columns:
        cells = [s.film.labels.get(column, "") for s in sights]
        as_number = _numbers(cells)
        if as_number is None:
            words[column] = cells
        else:
            found[column] = as_number[:, None]
    for name, told in words.items():
        answers = sorted(set(told))
        found[name] = np.array([[one == a for a in answers] for one in told], np.float64)
    return found


def flanks(sights: Sequence[Sight]) -> Floats:
    """float64 (n, features): grey and structure of what lies beside a cover over the spine.

    The cover is a straight band over the whole height, equally wide (in shares of the width) on all
    films, so that neither its form nor its width tells of the curve; 90 % of the spines lie inside.
    Where no spine was found it lies in the middle.
    """
    half = covered_half(sights)
    return np.array([_beside(sight, half) for sight in sights])


def covered_half(sights: Sequence[Sight]) -> float:
    """Half the width of the cover, in shares of the film's width."""
    reach = [0.5 * (s.spine[1] - s.spine[0]) for s in sights if s.spine is not None]
    half = float(np.quantile(reach, _HIDE)) if reach else 0.5 * (_SPINE[1] - _SPINE[0])
    return min(half, 0.5 - _FLANK)


def cover(sight: Sight, half: float) -> tuple[float, float]:
    """The covered part, from x to x in shares of the width; some stays on both sides."""
    low, high = sight.spine or _SPINE
    middle = min(max((low + high) / 2, half + _FLANK), 1 - half - _FLANK)
    return middle - half, middle + half


def _beside(sight: Sight, half: float) -> Floats:
    small = sight.small.astype(np.float64) / 255
    columns = small.shape[1]
    low, high = cover(sight, half)
    left = small[:, : max(2, round(low * columns))]
    right = small[:, min(columns - 2, round(high * columns)) :]
    seen = np.concatenate([left.ravel(), right.ravel()])
    mean, spread = float(seen.mean()), float(seen.std()) + _STEADY
    parts = [np.histogram(seen, _BANDS, (0, 1))[0] / len(seen), [mean, spread]]
    for flank in (left, right):
        cells = [
            cell
            for strip in np.array_split(flank, _GRID[0], axis=0)
            for cell in np.array_split(strip, _GRID[1], axis=1)
        ]
        parts.append([((c.mean() if c.size else mean) - mean) / spread for c in cells])
        rough = np.abs(np.diff(flank, axis=0))
        parts.append([float(rough.mean()), float(np.quantile(rough, 0.95))])
    return np.concatenate([np.asarray(part, np.float64) for part in parts])


def _telling(
    what: str,
    classes: tuple[str, ...],
    values: Floats,
    sights: Sequence[Sight],
    labels: Sequence[str],
    seed: int,
) -> Telling:
    chosen = [k for k, label in enumerate(labels) if label in classes]
    truth = np.array([classes.index(labels[k]) for k in chosen])
    groups = [sights[k].film.group for k in chosen]
    names = [classes[t] for t in truth.tolist()]
    persons = min(len({g for g, n in zip(groups, names, strict=True) if n == c}) for c in classes)
    folds = min(FOLDS, persons)
    scores = cross_validated(
        partial(make_classifier, what), values[chosen], truth, names, groups, folds, seed
    )
    hits = (scores.argmax(axis=2) == truth).mean(axis=0)  # by film, over the repeats
    rows = np.column_stack([truth, hits])
    return Telling(
        what=what,
        classes=classes,
        n=len(chosen),
        groups=len(set(groups)),
        folds=folds,
        accuracy=round(float(hits.mean()), 4),
        accuracy_interval=_interval(rows, groups, lambda r: float(r[:, 1].mean())),
        balanced=round(_balanced(rows), 4),
        balanced_interval=_interval(rows, groups, _balanced),
        auc=round(float(np.mean([_auc(truth, one) for one in scores])), 4),
        most_common=round(float(np.bincount(truth).max() / len(truth)), 4),
    )


def cross_validated(
    make: Callable[[int], Any],
    values: Floats,
    truth: NDArray[np.int64],
    names: Sequence[str],
    groups: Sequence[str],
    folds: int,
    seed: int,
) -> Floats:
    """float64 (repeats, n, classes): what classifiers say that have not seen the film's person."""
    scores = np.empty((REPEATS, len(truth), int(truth.max()) + 1))
    for repeat, parts in enumerate(repeated_folds(names, groups, folds, REPEATS, seed)):
        for part in parts:
            rest = np.setdiff1d(np.arange(len(truth)), part)
            model = make(repeat).fit(values[rest], truth[rest])
            scores[repeat, part] = model.predict_proba(values[part])
    return scores


def make_classifier(what: str, seed: int) -> Any:
    """A scikit-learn classifier for one entry of `knowledge`, not yet taught."""
    return _MODELS.get(what, _tree)(seed)


def _tree(seed: int) -> Any:
    """A few questions to one property."""
    from sklearn.tree import DecisionTreeClassifier

    return DecisionTreeClassifier(
        max_leaf_nodes=6, min_samples_leaf=5, class_weight="balanced", random_state=seed
    )


def _forest(seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(
        50, min_samples_leaf=3, class_weight="balanced", random_state=seed, n_jobs=1
    )


def _linear(seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(
        StandardScaler(),
        LogisticRegression(C=0.03, class_weight="balanced", max_iter=2000, random_state=seed),
    )


_MODELS = {TOGETHER: _forest, COVERED: _linear}


def _balanced(rows: Floats) -> float:
    return float(np.mean([rows[rows[:, 0] == c, 1].mean() for c in np.unique(rows[:, 0])]))


def _interval(
    rows: Floats, groups: Sequence[Hashable], statistic: Callable[[Floats], float]
) -> tuple[float, float]:
    low, high = grouped_bootstrap(rows, groups, statistic, samples=1000)
    return round(low, 4), round(high, 4)


def _auc(truth: NDArray[np.int64], scores: Floats) -> float:
    """The area under the ROC curve of each class against the rest, the mean of them."""
    from sklearn.metrics import roc_auc_score

    classes = range(scores.shape[1])
    return float(np.mean([roc_auc_score(truth == c, scores[:, c]) for c in classes]))


def _numbers(cells: Sequence[str]) -> Floats | None:
    """The cells as numbers, an unknown one as -1; None if some are words."""
    try:
        return np.array([float(cell) if cell else -1.0 for cell in cells])
    except ValueError:
        return None


def _varies(values: Floats) -> bool:
    return bool((values != values[0]).any())
