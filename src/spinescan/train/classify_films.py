"""Films for a classifier: prepared once, as a scan prepares them, and changed in training alone."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from spinescan.core.errors import DataError, ReadError
from spinescan.core.task import Task
from spinescan.data.checks import first_few, label_of
from spinescan.data.manifest import Manifest, ManifestFilm
from spinescan.infer.preprocess import InputSpec, prepare
from spinescan.io.read import read_radiograph
from spinescan.train.classify_recipe import AugmentRecipe, Balance

Floats = NDArray[np.float32]
Key = tuple[int, int]
"""An epoch and the place of a film: what decides how the film is changed."""


@dataclass(frozen=True, slots=True, eq=False)
class PreparedFilms:
    """Labelled films of a manifest in memory, at the size that the network takes.

    inputs
        float32 (n, rows, columns) in [-1, 1].
    truth
        int64 (n,), the place of each film's label in the task.
    """

    films: tuple[ManifestFilm, ...]
    inputs: Floats
    truth: NDArray[np.int64]

    def groups(self) -> list[str]:
        return [film.group for film in self.films]


def prepare_films(
    manifest: Manifest,
    films: Sequence[ManifestFilm],
    task: Task,
    spec: InputSpec,
    *,
    workers: int = 2,
    on_film: Callable[[], None] = lambda: None,
) -> PreparedFilms:
    """Read labelled films and prepare them, as `prepare_inputs` does."""
    inputs = prepare_inputs(manifest, films, spec, workers=workers, on_film=on_film)
    truth = np.array([task.index(str(label_of(film, task))) for film in films], np.int64)
    return PreparedFilms(tuple(films), inputs, truth)


def prepare_inputs(
    manifest: Manifest,
    films: Sequence[ManifestFilm],
    spec: InputSpec,
    *,
    workers: int = 2,
    on_film: Callable[[], None] = lambda: None,
) -> Floats:
    """Read films and prepare them (`infer.preprocess.prepare`); `on_film` is called after each.

    Returns
    -------
    float32 (n, rows, columns) in [-1, 1].

    Raises
    ------
    DataError
        If films cannot be read, or are not those that were listed: all are tried, the first few
        named.
    """
    inputs = np.empty((len(films), spec.rows, spec.columns), np.float32)

    def read(place: int) -> str:
        film = films[place]
        try:
            picture = read_radiograph(manifest.folder / film.image)
        except ReadError as error:
            return str(error)
        if picture.sha256 != film.sha256:
            return f"{film.image}: another file than was listed (SHA-256)"
        inputs[place] = prepare(picture, spec)[0]
        return ""

    failed = []
    with ThreadPoolExecutor(max(1, workers)) as pool:
        for complaint in pool.map(read, range(len(films))):
            if complaint:
                failed.append(complaint)
            on_film()
    if failed:
        raise DataError(f"{len(failed)} films cannot be used: {first_few(failed)}")
    return inputs


class TrainingFilms(Dataset[tuple[Tensor, Tensor]]):
    """Films of the training part, changed anew in every epoch; what is asked for is a `Key`."""

    def __init__(self, films: PreparedFilms, recipe: AugmentRecipe, task: Task, seed: int) -> None:
        self.films = films
        self.recipe = recipe
        self.may_mirror = recipe.mirror and task.mirror == "keeps"
        self.seed = seed

    def __getitem__(self, key: Key) -> tuple[Tensor, Tensor]:
        epoch, place = key
        rng = np.random.default_rng((self.seed, epoch, place))
        film = augment(self.films.inputs[place], self.recipe, rng, may_mirror=self.may_mirror)
        return torch.from_numpy(film)[None], torch.tensor(self.films.truth[place])


class Batches(Sampler[list[Key]]):
    """The batches of some epochs on end, so that films are prepared across an epoch's end, too.

    Each film comes once in an epoch, in an order of the epoch's own; with `balance` "sampler" the
    classes come equally often instead: films of a small one more than once, some of a large one not
    at all. Batches of an epoch differ by at most one film in size: there is no tiny last one.
    `rank` of `world` processes gets its share of every batch.
    """

    def __init__(
        self,
        places: Sequence[int],
        truth: NDArray[np.int64],
        *,
        batch: int,
        epochs: range,
        seed: int,
        balance: Balance = "none",
        rank: int = 0,
        world: int = 1,
    ) -> None:
        self.places = np.asarray(places)
        self.classes = truth[self.places]
        self.per_epoch = -(-len(self.places) // batch)
        self.epochs, self.seed, self.balance = epochs, seed, balance
        self.rank, self.world = rank, world

    def __len__(self) -> int:
        return self.per_epoch * len(self.epochs)

    def __iter__(self) -> Iterator[list[Key]]:
        for epoch in self.epochs:
            for part in np.array_split(self._order(epoch), self.per_epoch):
                yield [(epoch, int(place)) for place in part[self.rank :: self.world]]

    def _order(self, epoch: int) -> NDArray[np.int64]:
        rng = np.random.default_rng((self.seed, epoch))
        if self.balance != "sampler":
            return rng.permutation(self.places)
        chance = class_weights(self.classes)[self.classes]
        return rng.choice(self.places, len(self.places), p=chance / chance.sum())


def class_weights(truth: NDArray[np.int64], labels: int | None = None) -> NDArray[np.float64]:
    """A weight for each label that makes the labels of these films count alike; their mean is 1.

    The mean is over the films. A label without a film gets 0.
    """
    count = np.bincount(truth, minlength=labels or 0)
    present = max(1, int((count > 0).sum()))
    return np.divide(len(truth) / present, count, out=np.zeros(len(count)), where=count > 0)


def augment(
    film: Floats, recipe: AugmentRecipe, rng: np.random.Generator, *, may_mirror: bool
) -> Floats:
    """A prepared film (rows, columns) turned, moved, sheared, zoomed, mirrored, made brighter.

    What comes from beside the film is -1, as the bands of a letterbox are.
    """
    rows, columns = film.shape
    angle = np.deg2rad(rng.uniform(-recipe.rotation_deg, recipe.rotation_deg))
    shear = rng.uniform(-recipe.shear, recipe.shear)
    zoom = rng.uniform(1 - recipe.zoom, 1 + recipe.zoom)
    shift = rng.uniform(-recipe.shift, recipe.shift, 2) * [columns, rows]
    factor = rng.uniform(*recipe.brightness)
    mirrored = may_mirror and rng.random() < 0.5
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    # From the new film's pixels to the old one's, about the middle.
    linear = np.diag([-1.0 if mirrored else 1.0, 1.0]) @ turn @ [[1.0, shear], [0.0, 1.0]] / zoom
    middle = np.array([columns, rows]) / 2
    matrix = np.column_stack([linear, middle - linear @ (middle + shift)])
    moved = Image.fromarray(film).transform(
        (columns, rows),
        Image.Transform.AFFINE,
        tuple(matrix.ravel()),
        Image.Resampling.BILINEAR,
        fillcolor=-1,
    )
    # Grey values are -1 at black: brightness multiplies their distance from it.
    bright = (np.asarray(moved) + np.float32(1)) * np.float32(factor) - np.float32(1)
    return np.asarray(np.clip(bright, -1, 1))
