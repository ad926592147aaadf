"""The training loop repeats itself, and a run that was cut off ends like one that was not."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from spinescan.train import loop
from spinescan.train.loop import fit, stack
from spinescan.train.recipe import StageRecipe

STAGE = StageRecipe(
    rows=8, columns=8, steps=10, batch=3, learning_rate=1e-2, weight_decay=1e-2, channels=1
)


class Numbers(Dataset[tuple[Tensor, Tensor]]):
    """Item i depends on i alone; at `cut_at` the power fails."""

    def __init__(self, cut_at: int | None = None) -> None:
        self.cut_at = cut_at

    def __len__(self) -> int:
        return STAGE.steps * STAGE.batch

    def __getitem__(self, item: int) -> tuple[Tensor, Tensor]:
        if item == self.cut_at:
            raise KeyboardInterrupt
        picture = np.random.default_rng(item).standard_normal((1, 8, 8)).astype(np.float32)
        return torch.from_numpy(picture), torch.tensor(picture.max())


def small_network() -> nn.Module:
    torch.manual_seed(5)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 1)
    )


def distance(answer: Tensor, targets: list[Tensor]) -> Tensor:
    return (answer.float()[:, 0] - targets[0]).abs().mean()


def train(folder: Path, *, cut_at: int | None = None, workers: int = 0) -> nn.Module:
    network = small_network()
    fit(network, Numbers(cut_at), distance, STAGE, folder, name="net", workers=workers)
    return network


def log(folder: Path) -> list[tuple[int, float]]:
    lines = [json.loads(line) for line in (folder / "net.jsonl").read_text().splitlines()]
    return [(line["step"], line["loss"]) for line in lines]


def assert_same(first: nn.Module, second: nn.Module) -> None:
    ours, theirs = first.state_dict(), second.state_dict()
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        assert torch.equal(value, theirs[name]), name


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[nn.Module, Path]:
    """A run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    return train(folder), folder


def test_a_run_learns_and_leaves_its_log(whole: tuple[nn.Module, Path]) -> None:
    network, folder = whole
    assert [step for step, _ in log(folder)] == list(range(1, 11))
    losses = [loss for _, loss in log(folder)]
    assert np.isfinite(losses).all()
    assert np.mean(losses[-3:]) < np.mean(losses[:3])
    before = small_network().state_dict()
    assert any(not torch.equal(v, before[k]) for k, v in network.state_dict().items())


def test_the_same_seed_gives_the_same_run(whole: tuple[nn.Module, Path], tmp_path: Path) -> None:
    assert_same(train(tmp_path), whole[0])
    assert log(tmp_path) == log(whole[1])


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_workers_change_nothing(whole: tuple[nn.Module, Path], tmp_path: Path) -> None:
    assert_same(train(tmp_path, workers=2), whole[0])
    assert log(tmp_path) == log(whole[1])


@pytest.mark.parametrize("cut_at", [1, 8, 17, 20, 29])
def test_a_run_that_was_cut_off_ends_like_one_that_was_not(
    whole: tuple[nn.Module, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut_at: int
) -> None:
    monkeypatch.setattr(loop, "SAVE_EVERY", 3)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, cut_at=cut_at)
    saved = cut_at // STAGE.batch // 3 * 3
    assert (tmp_path / "net.pt").is_file() == (saved > 0)
    if saved:
        assert torch.load(tmp_path / "net.pt", weights_only=True)["steps"] == saved
    assert_same(train(tmp_path), whole[0])
    assert log(tmp_path) == log(whole[1])


def test_a_finished_run_is_taken_as_it_is(whole: tuple[nn.Module, Path], tmp_path: Path) -> None:
    first = train(tmp_path)
    checkpoint = (tmp_path / "net.pt").read_bytes()
    assert_same(train(tmp_path, cut_at=0), first)  # no film is asked for
    assert (tmp_path / "net.pt").read_bytes() == checkpoint
    assert log(tmp_path) == log(whole[1])


def test_the_learning_rate_warms_up_and_falls_to_zero(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "SAVE_EVERY", 1)
    rates = []

    def keep(path: Path, network: Any, optimiser: Any, schedule: Any, steps: int) -> None:
        rates.append(optimiser.param_groups[0]["lr"])

    monkeypatch.setattr(loop, "_save", keep)
    stage = StageRecipe(
        rows=8, columns=8, steps=40, batch=1, learning_rate=0.1, weight_decay=0.0, channels=1
    )

    class More(Numbers):
        def __len__(self) -> int:
            return stage.steps

    fit(small_network(), More(), distance, stage, tmp_path, name="net", workers=0)
    assert len(rates) == 40
    peak = int(np.argmax(rates))
    assert rates[peak] == pytest.approx(0.1)
    assert peak <= 3
    assert (np.diff(rates[peak:]) < 0).all()
    assert rates[-1] == pytest.approx(0, abs=1e-4)


def test_items_are_stacked_and_batches_of_patches_chained() -> None:
    one = (torch.zeros(1, 4, 4), torch.tensor(1.0))
    pictures, numbers = stack([one, one, one])
    assert pictures.shape == (3, 1, 4, 4)
    assert numbers.shape == (3,)
    several = (torch.zeros(5, 1, 4, 4), torch.zeros(5, 4, 2), torch.zeros(5))
    assert [part.shape[0] for part in stack([several, several])] == [10, 10, 10]
