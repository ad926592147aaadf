"""What the networks are taught: films, targets and losses."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from spinescan.core.anatomy import LEVELS
from spinescan.data.sources import read_aasce
from spinescan.infer.decode import find_spine, vertebra_poses
from spinescan.infer.preprocess import InputSpec
from spinescan.train import finder, refiner
from spinescan.train.augment import mirror
from spinescan.train.films import Film, load_films
from spinescan.train.finder import FinderFilms, finder_loss, finder_target, shuffled
from spinescan.train.refiner import ABSENT, LEVELS_PER_FILM, RefinerFilms, disturbed, refiner_loss
from tests.data.layouts import Sheet, write_aasce
from tests.infer.oracle import finder_answer
from tests.train.dots import SIZE, dotted, off_dot, spine_corners

Points = NDArray[np.float64]

FINDER = InputSpec(512, 224, low=0.0, high=100.0)
REFINER = InputSpec(96, 112, low=0.0, high=100.0)
PITCH_PX = 48.0
CORNERS = spine_corners()
IN_INPUT = CORNERS * 0.65 + [25, 5]
"""The corners as they may lie in the finder's input."""


@pytest.fixture(scope="module")
def film() -> Film:
    pixels = dotted(SIZE, CORNERS, sigma=2.0)
    return Film("dots.png", (pixels * 255 + 0.5).astype(np.uint8), CORNERS)


def answer_of(target: NDArray[np.float32]) -> NDArray[np.float32]:
    """A target as the network would answer it: with a logit for the heat."""
    heat = np.clip(target[0], 1e-4, 1 - 1e-4)
    return np.concatenate([np.log(heat / (1 - heat))[None], target[1:]])


def test_a_finders_target_is_read_as_the_spine_that_it_was_made_of() -> None:
    target, weight = finder_target(IN_INPUT, FINDER)
    assert target.shape == (10, 128, 56)
    assert weight.shape == (128, 56)
    assert target[0].min() >= 0
    assert 0.5 < target[0].max() <= 1
    assert ((weight == 0) | (weight > 0.2)).all()
    spine = find_spine(answer_of(target))
    assert spine is not None
    assert spine.names == LEVELS
    assert spine.corners == pytest.approx(IN_INPUT, abs=1.0)  # cells at the rim vote for nothing


def test_a_finders_target_is_what_a_perfect_finder_answers() -> None:
    target, weight = finder_target(IN_INPUT, FINDER)
    perfect = finder_answer(IN_INPUT, (FINDER.rows, FINDER.columns))
    assert target[1:, weight > 0] == pytest.approx(perfect[1:, weight > 0], abs=1e-4)


def test_a_level_that_is_not_on_the_film_has_no_target() -> None:
    some = IN_INPUT.copy()
    some[[6, 10]] = np.nan
    target, weight = finder_target(some, FINDER)
    assert np.isfinite(target).all()
    left_out = IN_INPUT[[6, 10]].mean(axis=1) // 4
    for x, y in left_out.astype(int):
        assert weight[y, x] == 0
        assert target[0, y, x] < 0.2
    spine = find_spine(answer_of(target))
    assert spine is not None
    assert spine.names == LEVELS
    assert np.flatnonzero(spine.heat == 0).tolist() == [6, 10]


def batch(target: NDArray[np.float32]) -> Tensor:
    return torch.from_numpy(target)[None]


def test_the_finders_loss_is_least_at_the_target() -> None:
    target, weight = finder_target(IN_INPUT, FINDER)
    targets = [batch(target), batch(weight)]
    right = finder_loss(batch(answer_of(target)), targets)
    assert right < 0.02
    for channel in (0, 1, 2, 9):
        wrong = answer_of(target)
        wrong[channel] += 1
        assert finder_loss(batch(wrong), targets) > right + 0.02
    beside = answer_of(target)
    beside[1:, weight == 0] += 5  # level and vectors mean nothing there
    assert finder_loss(batch(beside), targets) == pytest.approx(float(right))


def test_the_finders_loss_of_a_film_without_a_spine_is_finite() -> None:
    target, weight = finder_target(np.full((17, 4, 2), np.nan), FINDER)
    answer = torch.zeros(1, *target.shape, requires_grad=True)
    loss = finder_loss(answer, [batch(target), batch(weight)])
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(answer.grad).all()


def test_every_film_comes_once_in_each_round() -> None:
    films = [Film(str(k), np.zeros((1, 1), np.uint8), CORNERS) for k in range(7)]
    names = [shuffled(films, item, seed=3).file for item in range(21)]
    for k in range(0, 21, 7):
        assert len(set(names[k : k + 7])) == 7
    assert names[:7] != names[7:14]
    assert names == [shuffled(films, item, seed=3).file for item in range(21)]


def test_a_films_picture_and_target_fit_together(
    film: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    def only_mirrored(pixels: Any, corners: Any, rng: Any) -> Any:
        return mirror(pixels, corners)

    monkeypatch.setattr(finder, "augment", only_mirrored)
    data = FinderFilms([film], FINDER, items=2, seed=1)
    assert len(data) == 2
    picture, target, weight = (part.numpy() for part in data[0])
    assert (picture.shape, target.shape, weight.shape) == (
        (1, 512, 224),
        (10, 128, 56),
        (128, 56),
    )
    spine = find_spine(answer_of(target))
    assert spine is not None
    for point in spine.corners.reshape(-1, 2):
        assert off_dot(picture[0], point, 4) < 0.6


@pytest.mark.parametrize("kind", [FinderFilms, RefinerFilms])
def test_an_item_depends_on_the_seed_and_its_number_alone(film: Film, kind: Any) -> None:
    small = InputSpec(64, 48)
    size = (PITCH_PX / 2,) if kind is RefinerFilms else ()

    def item(seed: int, k: int) -> list[Tensor]:
        return list(kind([film], small, *size, items=9, seed=seed)[k])

    first = item(1, 4)
    assert all(torch.equal(a, b) for a, b in zip(first, item(1, 4), strict=True))
    assert not torch.equal(first[0], item(1, 5)[0])
    assert not torch.equal(first[0], item(2, 4)[0])


def test_the_refiners_patches_and_corners_fit_together(
    film: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refiner, "spoil", lambda pixels, rng: pixels)
    data = RefinerFilms([film], REFINER, PITCH_PX, items=6, seed=2)
    seen = 0
    for k in range(len(data)):
        pictures, corners, present = (part.numpy() for part in data[k])
        assert pictures.shape == (LEVELS_PER_FILM, 1, 96, 112)
        assert corners.shape == (LEVELS_PER_FILM, 4, 2)
        assert present.sum() == LEVELS_PER_FILM - ABSENT
        for picture, quad in zip(pictures[present == 1, 0], corners[present == 1], strict=True):
            assert quad[:2, 1].max() < quad[2:, 1].min()
            assert quad[0, 0] < quad[1, 0]  # left stays left in a mirrored film
            inside = ((quad > 5) & (quad < [107, 91])).all(axis=1)
            seen += inside.sum()
            assert all(off_dot(picture, point, 5) < 0.6 for point in quad[inside])
        middles = corners.mean(axis=1) - [56, 48]
        assert np.abs(middles[present == 1]).max() < 0.4 * PITCH_PX
    assert seen > 200


def test_a_pose_without_a_vertebra_is_off_every_middle() -> None:
    rng = np.random.default_rng(0)
    poses = vertebra_poses(CORNERS)
    centres = CORNERS.mean(axis=1)
    near, away = [], []
    for k in range(400):
        pose = poses[k % 17]
        for answers, off in ((near, False), (away, True)):
            moved = disturbed(pose, rng, away=off)
            distance = np.linalg.norm(centres - [moved.x, moved.y], axis=1).min()
            answers.append(distance / pose.pitch)
    assert np.median(near) < 0.15
    assert np.median(away) > 0.4
    assert np.quantile(away, 0.05) > np.quantile(near, 0.5)


def targets(n: int = 3) -> tuple[Tensor, Tensor]:
    box = torch.tensor([(32.0, 30.0), (80.0, 30.0), (32.0, 66.0), (80.0, 66.0)])
    return box.repeat(n, 1, 1), torch.ones(n)


def loss_of(points: Tensor, *, logit: float = 20.0, spread: float = 0.0) -> float:
    corners, present = targets(len(points))
    n = len(points)
    answer = (points, torch.full((n, 4), spread), torch.full((n,), logit))
    return float(refiner_loss(answer, [corners, present], PITCH_PX))


def test_the_refiners_loss() -> None:
    corners, _ = targets()
    assert loss_of(corners) == pytest.approx(0, abs=1e-6)
    # A shift costs its distance; to lower one side by as much costs the tilt as well.
    shifted = loss_of(corners + torch.tensor([0.0, 4.8]))
    assert shifted == pytest.approx(0.05, abs=1e-5)
    tilted = corners.clone()
    tilted[:, 1::2, 1] += 4.8
    assert loss_of(tilted) == pytest.approx(0.025 + 0.1, abs=1e-5)
    # Endplates that are tilted to opposite sides leave the mid-line as it is.
    wedge = corners.clone()
    wedge[:, 1, 1] += 4.8
    wedge[:, 3, 1] -= 4.8
    assert loss_of(wedge) == pytest.approx(0.025 + 0.05, abs=1e-5)
    assert loss_of(corners, spread=4.8) == pytest.approx(0.002, abs=1e-5)
    assert loss_of(corners, logit=-3.0) > 0.1


def test_patches_without_a_vertebra_teach_presence_only() -> None:
    corners, present = targets()
    present[1] = 0
    points = corners.clone().requires_grad_()
    logit = torch.zeros(3, requires_grad=True)
    moved = points + torch.tensor([3.0, 1.0])
    refiner_loss((moved, torch.ones(3, 4), logit), [corners, present], PITCH_PX).backward()
    assert points.grad is not None
    assert (points.grad[1] == 0).all()
    assert (points.grad[[0, 2]] != 0).any()
    assert logit.grad is not None
    assert (logit.grad[[0, 2]] < 0).all()
    assert logit.grad[1] > 0


def test_crossed_corners_and_empty_batches_give_a_finite_loss() -> None:
    corners, present = targets()
    crossed = corners[:, [1, 0, 3, 2]]
    answer = (corners, torch.ones(3, 4), torch.zeros(3))
    assert torch.isfinite(refiner_loss(answer, [crossed, present], PITCH_PX))
    assert torch.isfinite(refiner_loss(answer, [corners, present * 0], PITCH_PX))


@pytest.mark.parametrize("rows", [500, 5000])
def test_films_are_reduced_with_their_corners(tmp_path: Path, rows: int) -> None:
    sheet = Sheet(dotted(SIZE, CORNERS, sigma=2.0), CORNERS, "a")
    sources = read_aasce(write_aasce(tmp_path, [sheet, replace(sheet, case="b")]))
    films = load_films(sources, rows)
    assert [f.file for f in films] == ["film_00.png", "film_01.png"]
    assert films[0].pixels.dtype == np.uint8
    assert films[0].pixels.shape[0] == min(rows, SIZE[0])
    picture = films[0].pixels.astype(np.float32) / 255
    for point in films[0].corners.reshape(-1, 2):
        assert off_dot(picture, point, 3) < 0.5
