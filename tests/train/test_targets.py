"""What the networks are taught: films, targets and losses."""

from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from spinescan.core.anatomy import FRONTAL_POINTS, LEVELS
from spinescan.data.sources import CornerFilm, read_aasce
from spinescan.infer.decode import (
    FACTS,
    FINDER_MAPS,
    POINT_MAPS,
    RIB_MAP,
    find_points,
    find_spine,
    vertebra_poses,
)
from spinescan.infer.preprocess import InputSpec
from spinescan.train import finder, refiner
from spinescan.train.augment import Shot
from spinescan.train.films import Film, Pool, load_films
from spinescan.train.finder import TAUGHT_LAST, FinderFilms, finder_loss, finder_target
from spinescan.train.refiner import (
    ABSENT,
    LEVELS_PER_FILM,
    SACRUM_PATCHES,
    RefinerFilms,
    disturbed,
    refiner_loss,
)
from tests.data.layouts import Sheet, write_aasce, write_picture
from tests.infer.oracle import finder_answer
from tests.train.dots import SIZE, dotted, off_dot, spine_corners

Points = NDArray[np.float64]

FINDER = InputSpec(512, 224, low=0.0, high=100.0)
REFINER = InputSpec(96, 112, low=0.0, high=100.0)
PITCH_PX = 48.0
CORNERS = spine_corners()
POINTS = np.array(
    [
        *[(95.0, 715.0), (150.0, 712.0)],
        *[(40.0, 660.0), (215.0, 650.0)],
        *[(60.0, 740.0), (200.0, 742.0)],
        *[(120.0, 25.0), (225.0, 80.0), (np.nan, np.nan)],
    ]
)
"""`FRONTAL_POINTS` and the letters, of which the R is not there."""
RIBS = (np.arange(17) < 12).astype(float)
IN_INPUT = CORNERS * 0.65 + [25, 5]
"""The corners as they may lie in the finder's input."""
POINTS_IN_INPUT = POINTS * 0.65 + [25, 5]
UNKNOWN = np.full(9, np.nan)


def film_with(pixels: NDArray[np.uint8], name: str = "dots.png", **known: Any) -> Film:
    """A film of which all is known but for what is told here."""
    whole = {
        "corners": CORNERS,
        "points": POINTS,
        "points_known": np.ones(9, bool),
        "ribs": RIBS,
        "facts": np.array([0.0, 1.0, 0.0, 1.0]),
    }
    return Film(name, pixels, **{**whole, **known})


@pytest.fixture(scope="module")
def film() -> Film:
    dots = np.concatenate([CORNERS.reshape(-1, 2), POINTS[:8]])
    pixels = dotted(SIZE, dots, sigma=2.0)
    return film_with((pixels * 255 + 0.5).astype(np.uint8))


def logit(truth: NDArray[np.float32]) -> NDArray[np.float32]:
    heat = np.clip(truth, 1e-4, 1 - 1e-4)
    return np.log(heat / (1 - heat))


def answer_of(target: NDArray[np.float32]) -> NDArray[np.float32]:
    """A target as the network would answer it: with logits."""
    answer = target.copy()
    for maps in (slice(0, 1), slice(RIB_MAP, POINT_MAPS.stop)):
        answer[maps] = logit(np.nan_to_num(target[maps], nan=0.5))
    return answer


def target_of(
    corners: Points = IN_INPUT,
    points: Points = POINTS_IN_INPUT,
    known: Any = True,
    ribs: Points = RIBS,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    return finder_target(corners, points, np.broadcast_to(known, 9), ribs, FINDER)


def test_a_finders_target_is_read_as_the_spine_that_it_was_made_of() -> None:
    target, weight = target_of()
    assert target.shape == (FINDER_MAPS, 128, 56)
    assert weight.shape == (128, 56)
    assert target[0].min() >= 0
    assert 0.5 < target[0].max() <= 1
    assert ((weight == 0) | (weight > 0.2)).all()
    spine = find_spine(answer_of(target))
    assert spine is not None
    assert spine.names == LEVELS
    assert spine.corners == pytest.approx(IN_INPUT, abs=1.0)  # cells at the rim vote for nothing
    assert ((spine.ribs > 0) == (RIBS == 1)).all()


def test_a_finders_target_is_what_a_perfect_finder_answers() -> None:
    target, weight = target_of()
    perfect = finder_answer(IN_INPUT, (FINDER.rows, FINDER.columns))
    vectors = slice(1, RIB_MAP)
    assert target[vectors, weight > 0] == pytest.approx(perfect[vectors, weight > 0], abs=1e-4)


def test_a_finders_target_is_read_as_the_points_that_it_was_made_of() -> None:
    target, _ = target_of()
    points, score = find_points(answer_of(target))
    assert np.linalg.norm(points - POINTS_IN_INPUT, axis=1)[:8].max() < 1.0
    assert (score[:8] > 0.7).all()
    assert score[8] < 0.01  # known not to be there
    assert (target[POINT_MAPS][8] == 0).all()


def test_what_is_not_known_has_no_target() -> None:
    known = np.arange(9) < 7  # the points, not the letters
    target, weight = target_of(known=known, ribs=np.full(17, np.nan))
    letters = slice(POINT_MAPS.start + 7, POINT_MAPS.stop)
    assert np.isnan(target[letters]).all()
    assert np.isnan(target[RIB_MAP, weight > 0]).all()
    rest = np.delete(target, [RIB_MAP, *range(letters.start, letters.stop)], axis=0)
    assert np.isfinite(rest).all()


def test_of_unknown_sacrum_and_neck_it_is_known_where_they_are_not() -> None:
    target, _ = target_of(known=False)
    maps = dict(zip(FRONTAL_POINTS, target[POINT_MAPS], strict=False))
    nowhere = np.nan_to_num(target[POINT_MAPS], nan=0.0)
    assert (nowhere == 0).all()  # nothing is said of where they are
    for name, where in zip(FRONTAL_POINTS, POINTS_IN_INPUT, strict=False):
        x, y = (where // 4).astype(int)
        assert np.isnan(maps[name][y, x])
        if name in ("S1_left", "S1_right", "C7_centre"):
            assert np.isnan(maps[name]).mean() < 0.1
        else:
            assert np.isnan(maps[name]).all()
    without_ends = IN_INPUT.copy()
    without_ends[[0, 16]] = np.nan
    assert np.isnan(target_of(without_ends, known=False)[0][POINT_MAPS]).all()


def test_a_level_that_is_not_on_the_film_has_no_target() -> None:
    some = IN_INPUT.copy()
    some[[6, 10]] = np.nan
    target, weight = target_of(some)
    assert np.isfinite(target).all()
    left_out = IN_INPUT[[6, 10]].mean(axis=1) // 4
    for x, y in left_out.astype(int):
        assert weight[y, x] == 0
        assert target[0, y, x] < 0.2
    spine = find_spine(answer_of(target))
    assert spine is not None
    assert spine.names == LEVELS
    assert np.flatnonzero(spine.heat == 0).tolist() == [6, 10]


def batch(target: NDArray[Any]) -> Tensor:
    return torch.from_numpy(np.asarray(target, np.float32))[None]


TRUE_FACTS = np.array([0.0, 1.0, 0.0, 1.0])


def finders_loss(
    answer: NDArray[np.float32],
    target: tuple[NDArray[np.float32], NDArray[np.float32]],
    facts: Points = TRUE_FACTS,
    true_facts: Points = TRUE_FACTS,
) -> float:
    """The loss of one film's maps and facts (probabilities)."""
    odds = batch(logit(np.nan_to_num(facts, nan=0.5)))
    return float(finder_loss((batch(answer), odds), [*map(batch, target), batch(true_facts)]))


def test_the_finders_loss_is_least_at_the_target() -> None:
    target, weight = target_of()
    right = finders_loss(answer_of(target), (target, weight))
    assert right < 0.02
    for channel in (0, 1, 2, 9, *range(RIB_MAP, FINDER_MAPS)):
        wrong = answer_of(target)
        wrong[channel] = wrong[channel] + 1 if channel < RIB_MAP else -wrong[channel]
        assert finders_loss(wrong, (target, weight)) > right + 0.02, channel
    for fact, name in enumerate(FACTS):
        wrong_facts = TRUE_FACTS.copy()
        wrong_facts[fact] = 1 - wrong_facts[fact]
        lost = finders_loss(answer_of(target), (target, weight), wrong_facts)
        assert (lost == right) if name in TAUGHT_LAST else (lost > right + 0.2)
    beside = answer_of(target)
    beside[1 : POINT_MAPS.start, weight == 0] += 5  # level, vectors and ribs mean nothing there
    assert finders_loss(beside, (target, weight)) == pytest.approx(right)


def test_a_point_that_is_missed_and_one_that_is_dreamt_cost() -> None:
    target, weight = target_of()
    right = finders_loss(answer_of(target), (target, weight))
    missed, dreamt = answer_of(target), answer_of(target)
    missed[POINT_MAPS.start] = -9
    dreamt[POINT_MAPS.stop - 1] = np.roll(answer_of(target)[POINT_MAPS.start], 7, axis=0)
    assert finders_loss(missed, (target, weight)) > right + 0.2
    assert finders_loss(dreamt, (target, weight)) > right + 0.2


def test_what_is_not_known_does_not_move_the_finder() -> None:
    target, weight = target_of(known=False, ribs=np.full(17, np.nan))
    maps = torch.from_numpy(np.random.default_rng(0).normal(0, 3, target.shape))[None].float()
    facts = torch.tensor([[0.5, -2.0, 3.0, 1.0]])
    maps.requires_grad_()
    facts.requires_grad_()
    finder_loss(
        (maps, facts),
        [batch(target), batch(weight), batch(np.array([1.0, np.nan, np.nan, np.nan]))],
    ).backward()
    assert maps.grad is not None
    assert facts.grad is not None
    assert torch.isfinite(maps.grad).all()
    unknown = torch.from_numpy(np.isnan(target))
    assert unknown[RIB_MAP].any()
    assert (maps.grad[0][unknown] == 0).all()
    assert (maps.grad[0, RIB_MAP] == 0).all()
    known = ~unknown
    known[1 : RIB_MAP + 1] = False  # these count near a vertebra only
    assert (maps.grad[0][known] != 0).all()
    assert (facts.grad != 0).tolist() == [[True, False, False, False]]


def test_an_unknown_film_beside_it_does_not_change_what_a_point_costs() -> None:
    """Films of which points are known and films of which not come in one batch."""
    films = [target_of(), target_of(known=False)]
    answers = np.stack([answer_of(target) for target, _ in films])
    target, weight = (np.stack(parts) for parts in zip(*films, strict=True))
    facts = torch.zeros(2, len(FACTS))

    def loss_of_both(wrong: int) -> float:
        maps = answers.copy()
        maps[wrong, POINT_MAPS.stop - 1] = 3.0  # a letter everywhere
        targets = [torch.from_numpy(part) for part in (target, weight)]
        none = torch.full((2, len(FACTS)), torch.nan)
        return float(finder_loss((torch.from_numpy(maps), facts), [*targets, none]))

    assert loss_of_both(1) < 0.02
    assert loss_of_both(0) > 1


@pytest.mark.parametrize("known", [False, True])
def test_the_finders_loss_of_a_film_without_a_spine_is_finite(known: bool) -> None:
    nothing = np.full((17, 4, 2), np.nan)
    target, weight = target_of(nothing, np.full((9, 2), np.nan), known, np.full(17, np.nan))
    maps = torch.zeros(1, *target.shape, requires_grad=True)
    facts = torch.zeros(1, len(FACTS), requires_grad=True)
    no_facts = torch.full((1, len(FACTS)), torch.nan)
    loss = finder_loss((maps, facts), [batch(target), batch(weight), no_facts])
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(maps.grad).all()
    assert (facts.grad == 0).all()


def named(names: str) -> list[Film]:
    return [film_with(np.zeros((1, 1), np.uint8), name) for name in names]


def drawn(pool: Pool, count: int) -> str:
    return "".join(pool.draw(item)[0].file for item in range(count))


def test_every_film_comes_once_in_each_round() -> None:
    pool = Pool(named("abcdefg"), seed=3)
    names = drawn(pool, 21)
    for k in range(0, 21, 7):
        assert set(names[k : k + 7]) == set("abcdefg")
    assert names[:7] != names[7:14]
    assert names == drawn(pool, 21)
    assert names != drawn(Pool(named("abcdefg"), seed=4), 21)


def test_extra_films_come_as_often_as_told() -> None:
    share, count = 0.3, 2000
    pool = Pool(named("abcdefg"), named("xyz"), extra_share=share, seed=3)
    names = drawn(pool, count)
    extra = sum(name in "xyz" for name in names)
    assert abs(extra / count - share) < 4 * np.sqrt(share * (1 - share) / count)
    assert names == drawn(pool, count)
    assert set(names) == set("abcdefgxyz")
    # Among themselves they come as often as each other, and none twice in one of their rounds.
    assert min(map(names.count, "xyz")) > 0.8 * extra / 3
    for k in range(0, count - 2, 3):
        there = [name for name in names[k : k + 3] if name in "xyz"]
        assert len(set(there)) == len(there)


def test_a_pool_of_one_kind_draws_that_kind() -> None:
    films, extra = named("abc"), named("xyz")
    assert set(drawn(Pool(films, extra, extra_share=0.0), 99)) == set("abc")
    assert set(drawn(Pool(films, extra, extra_share=1.0), 99)) == set("xyz")
    assert set(drawn(Pool(films, extra_share=1.0), 99)) == set("abc")


def test_the_generator_of_an_item_is_its_own() -> None:
    pool = Pool(named("abc"), seed=1)
    first, again, other = (pool.draw(item)[1].random() for item in (4, 4, 5))
    assert first == again != other


def test_a_films_picture_and_target_fit_together(
    film: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finder, "augment", lambda shot, rng, surroundings: shot)
    data = FinderFilms(Pool([film], seed=1), FINDER, items=8)
    assert len(data) == 8
    turned = set()
    for k in range(len(data)):
        picture, target, weight, facts = (part.numpy() for part in data[k])
        assert (picture.shape, target.shape) == ((1, 512, 224), (FINDER_MAPS, 128, 56))
        assert (weight.shape, facts.shape) == ((128, 56), (len(FACTS),))
        spine = find_spine(answer_of(target))
        assert spine is not None
        for point in spine.corners.reshape(-1, 2):
            assert off_dot(picture[0], point, 4) < 0.6
        points, score = find_points(answer_of(target))
        for point in points[:8]:
            assert off_dot(picture[0], point, 4) < 1.2
        assert score[8] < 0.01
        assert points[0, 0] < points[1, 0]  # S1's left end stays left
        # The heart changes sides with the letter L; metal is there or not.
        shown_as_it_was = points[7, 0] > 112
        assert facts.tolist() == [float(not shown_as_it_was), 1.0, 0.0, 1.0]
        turned.add(shown_as_it_was)
    assert turned == {True, False}


def test_a_point_that_nobody_can_make_out_stays_unknown_in_a_mirrored_film(
    film: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the left crest is unclear; mirrored it is the right one."""
    monkeypatch.setattr(finder, "augment", lambda shot, rng, surroundings: shot)
    crests = [FRONTAL_POINTS.index(f"iliac_crest_{side}") for side in ("left", "right")]
    points, known = POINTS.copy(), np.arange(9) != crests[0]
    points[crests[0]] = np.nan
    data = FinderFilms(Pool([replace(film, points=points, points_known=known)]), FINDER, items=8)
    unclear = []
    for _, target, _, facts in (data[k] for k in range(len(data))):
        maps = target[POINT_MAPS]
        side = int(facts[0])  # 1 in a mirrored film
        assert maps[crests[side]].isnan().all()
        assert maps[crests[1 - side]].max() > 0.7
        unclear.append(side)
    assert set(unclear) == {0, 1}


def test_a_film_without_corners_teaches_its_points_alone(
    film: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finder, "augment", lambda shot, rng, surroundings: shot)
    nothing = np.full((17, 4, 2), np.nan)
    bare = replace(film, corners=nothing, corners_known=False, ribs=np.full(17, np.nan))
    _, target, weight, facts = FinderFilms(Pool([bare]), FINDER, items=1)[0]
    maps = torch.randn(1, *target.shape, requires_grad=True)
    odds = torch.zeros(1, len(FACTS))
    finder_loss((maps, odds), [part[None] for part in (target, weight, facts)]).backward()
    assert maps.grad is not None
    assert torch.isfinite(maps.grad).all()
    assert (maps.grad[0, : POINT_MAPS.start] == 0).all()
    assert (maps.grad[0, POINT_MAPS] != 0).all()


def test_cropped_films_are_laid_into_larger_ones_more_often(
    film: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares = []

    def noted(shot: Shot, rng: Any, *, surroundings: float) -> Shot:
        shares.append(surroundings)
        return shot

    monkeypatch.setattr(finder, "augment", noted)
    for cropped in (False, True):
        FinderFilms(Pool([replace(film, cropped=cropped)]), FINDER, items=1)[0]
    assert shares[0] < shares[1]


@pytest.mark.parametrize("kind", [FinderFilms, RefinerFilms])
def test_an_item_depends_on_the_seed_and_its_number_alone(film: Film, kind: Any) -> None:
    small = InputSpec(64, 48)
    size = (PITCH_PX / 2,) if kind is RefinerFilms else ()

    def item(seed: int, k: int) -> list[Tensor]:
        parts = kind(Pool([film], seed=seed), small, *size, items=9)[k]
        return [part.nan_to_num(-999) for part in parts]

    first = item(1, 4)
    assert all(torch.equal(a, b) for a, b in zip(first, item(1, 4), strict=True))
    assert not torch.equal(first[0], item(1, 5)[0])
    assert not torch.equal(first[0], item(2, 4)[0])


def test_the_refiners_patches_and_corners_fit_together(
    film: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refiner, "spoil", lambda pixels, rng: pixels)
    data = RefinerFilms(Pool([film], seed=2), REFINER, PITCH_PX, items=6)
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
    corners[1] = torch.nan
    logit = torch.zeros(3, requires_grad=True)
    moved = points + torch.tensor([3.0, 1.0])
    refiner_loss((moved, torch.ones(3, 4), logit), [corners, present], PITCH_PX).backward()
    assert points.grad is not None
    assert (points.grad[1] == 0).all()
    assert (points.grad[[0, 2]] != 0).any()
    assert logit.grad is not None
    assert (logit.grad[[0, 2]] < 0).all()
    assert logit.grad[1] > 0


def test_of_the_sacrum_the_upper_corners_alone_are_taught() -> None:
    corners, present = targets(2)
    points = corners.clone().requires_grad_()
    corners[1, 2:], present[1] = torch.nan, 0
    logit = torch.zeros(2, requires_grad=True)
    moved = points + torch.tensor([3.0, 1.0])
    refiner_loss((moved, torch.ones(2, 4), logit), [corners, present], PITCH_PX).backward()
    assert points.grad is not None
    assert (points.grad[1, :2] != 0).any()
    assert (points.grad[1, 2:] == 0).all()
    assert logit.grad is not None
    assert logit.grad[1] > 0  # it is none of T1..L5
    # To lower one end costs as much as it does on a vertebra whose endplates tilt alike.
    tilted = targets(1)[0]
    tilted[:, 1::2, 1] += 4.8
    answer = (tilted, torch.zeros(1, 4), torch.full((1,), -20.0))
    loss = refiner_loss(answer, [corners[1:], present[1:]], PITCH_PX)
    assert float(loss) == pytest.approx(0.025 + 0.1, abs=1e-5)


def test_the_refiner_is_shown_the_sacrum_of_lateral_films(
    film: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refiner, "spoil", lambda pixels, rng: pixels)
    pool = Pool([film], seed=2)
    data = RefinerFilms(pool, REFINER, PITCH_PX, items=4, sacrum=True)
    plain = RefinerFilms(pool, REFINER, PITCH_PX, items=4)
    for k in range(len(data)):
        pictures, corners, present = (part.numpy() for part in data[k])
        assert len(pictures) == LEVELS_PER_FILM + SACRUM_PATCHES
        assert np.array_equal(pictures[:-SACRUM_PATCHES], plain[k][0].numpy())
        last = slice(-SACRUM_PATCHES, None)
        assert (present[last] == 0).all()
        assert np.isnan(corners[last, 2:]).all()
        for picture, ends in zip(pictures[last, 0], corners[last, :2], strict=True):
            assert ends[0, 0] < ends[1, 0]
            assert np.linalg.norm(ends[1] - ends[0]) == pytest.approx(PITCH_PX, rel=0.4)
            assert all(off_dot(picture, point, 5) < 0.8 for point in ends)
    unseen = replace(film, points=np.full((9, 2), np.nan))
    data = RefinerFilms(Pool([unseen], seed=2), REFINER, PITCH_PX, items=1, sacrum=True)
    assert len(data[0][0]) == LEVELS_PER_FILM


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


class Told(NamedTuple):
    """What a set may tell of its films."""

    points_px: Points | None = None
    letters_px: Points | None = None
    ribs: Points | None = None
    hardware: bool | None = None
    brace: bool | None = None
    unclear: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("told", "known", "facts"),
    [
        (Told(), [0] * 9, [0, np.nan, np.nan, 1]),
        (Told(points_px=POINTS[:7]), [1] * 7 + [0] * 2, [0, np.nan, np.nan, 1]),
        (
            Told(POINTS[:7], unclear=frozenset(["S1_right", "C7_centre"])),
            [1, 0, 1, 1, 1, 1, 0, 0, 0],
            [0, np.nan, np.nan, 1],
        ),
        (Told(letters_px=POINTS[7:], hardware=True), [0] * 7 + [1] * 2, [0, 1, np.nan, 1]),
        (Told(POINTS[:7], POINTS[7:], RIBS, False, True), [1] * 9, [0, 0, 1, 1]),
    ],
)
def test_films_bring_what_their_set_tells(
    tmp_path: Path, told: Told, known: list[int], facts: list[float]
) -> None:
    path = tmp_path / "dots.png"
    dots = np.concatenate([CORNERS.reshape(-1, 2), POINTS[:8]])
    write_picture(path, dotted(SIZE, dots, sigma=2.0))
    source = CornerFilm("dots.png", path, "a", CORNERS, False, "dots", **told._asdict())
    (film,) = load_films([source], rows=500)
    assert film.points.shape == (9, 2)
    assert film.points_known.tolist() == [bool(k) for k in known]
    assert np.array_equal(film.facts, facts, equal_nan=True)
    assert film.ribs.shape == (17,)
    assert np.isnan(film.ribs).all() if told.ribs is None else (film.ribs == RIBS).all()
    there = np.isfinite(film.points).all(axis=1)
    assert there[:8].tolist() == [told.points_px is not None] * 7 + [told.letters_px is not None]
    assert not there[8]
    (sideways,) = load_films([replace(source, view="lateral")], rows=500)
    assert np.array_equal(sideways.facts, [np.nan, *facts[1:3], 0], equal_nan=True)
    lateral = replace(source, view="lateral", faces_left=True)
    (facing,) = load_films([lateral], 500, "lateral")
    assert np.array_equal(facing.facts, [1, *facts[1:3], 1], equal_nan=True)
    assert facing.in_view
    assert film.in_view
    assert not sideways.in_view
    picture = film.pixels.astype(np.float32) / 255
    for point in film.points[there]:
        assert off_dot(picture, point, 3) < 0.5
