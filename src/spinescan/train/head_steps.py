"""Teaching a head on frozen feature maps by a budget of gradient steps."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.lr_scheduler import ReduceLROnPlateau

from spinescan.study.learning import Round
from spinescan.train.classifier import make_head
from spinescan.train.classify_films import class_weights
from spinescan.train.classify_parts import Part
from spinescan.train.classify_recipe import ClassifyRecipe
from spinescan.train.epochs import OPTIMISERS, judge, make_schedule

Maps = NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class Budget:
    """The same for every network: steps in all, and after how many validation films are judged."""

    steps: int
    round_steps: int

    @property
    def rounds(self) -> int:
        """How often validation films are judged."""
        return self.steps // self.round_steps


def teach_head(
    maps: Maps,
    truth: NDArray[np.int64],
    part: Part,
    labels: int,
    recipe: ClassifyRecipe,
    budget: Budget,
    *,
    network: str,
    device: torch.device | str = "cpu",
) -> tuple[nn.Module, list[Round]]:
    """A head taught on the part's training films, as it was in its best round; and all rounds.

    The best round is that of the highest validation accuracy, the first of equals. Classes are
    balanced by weights in the loss, of the training films; the learning rate falls by the recipe's
    schedule, a round being an epoch. Batches are of one size throughout.

    Parameters
    ----------
    maps
        float16 (n, width, h, w), of all films.
    truth
        int64 (n,); of films that neither teach nor validate it does not count.
    """
    torch.manual_seed(recipe.seed)
    width, size = maps.shape[1], (maps.shape[2], maps.shape[3])
    head = make_head(width, size, labels, recipe.head).to(device)
    optimiser = OPTIMISERS[recipe.optimiser](
        head.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    schedule = make_schedule(optimiser, replace(recipe, epochs=budget.rounds, frozen_epochs=0))
    weights = torch.from_numpy(class_weights(truth[list(part.train)], labels)).float().to(device)
    batches = _batches(part.train, recipe.batch, recipe.seed)
    rounds: list[Round] = []
    best: dict[str, Tensor] = {}
    seconds = 0.0
    for number in range(1, budget.rounds + 1):
        began, total = time.perf_counter(), 0.0
        head.train()
        for _ in range(budget.round_steps):
            places = next(batches)
            logits = head(_inputs(maps, places, device))[0]
            told = torch.from_numpy(truth[places]).to(device)
            each = functional.cross_entropy(logits, told, reduction="none")
            loss = (each * weights[told]).mean() if recipe.balance == "weights" else each.mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total += float(loss.detach())
        logits_seen = head_logits(head, maps, part.validation, recipe.batch, device)
        validation, accuracy = judge(logits_seen, truth[list(part.validation)], weights, recipe)
        if isinstance(schedule, ReduceLROnPlateau):
            schedule.step(validation)
        else:
            schedule.step()
        seconds += time.perf_counter() - began
        steps = number * budget.round_steps
        if not rounds or accuracy > max(one.validation_accuracy for one in rounds):
            best = {name: value.clone() for name, value in head.state_dict().items()}
        rounds.append(
            Round(
                network=network,
                seed=recipe.seed,
                fold=part.fold,
                steps=steps,
                epochs=round(steps * recipe.batch / len(part.train), 3),
                seconds=round(seconds, 3),
                loss=round(total / budget.round_steps, 5),
                validation_loss=round(validation, 5),
                validation_accuracy=round(accuracy, 5),
            )
        )
    head.load_state_dict(best)
    return head, rounds


def head_logits(
    head: nn.Module,
    maps: Maps,
    places: tuple[int, ...],
    batch: int = 64,
    device: torch.device | str = "cpu",
) -> NDArray[np.float32]:
    """Logits (n, labels) for the films at these places."""
    head.eval()
    parts = [list(places[first : first + batch]) for first in range(0, len(places), batch)]
    with torch.inference_mode():
        told = [head(_inputs(maps, part, device))[0].float().cpu().numpy() for part in parts]
    return np.concatenate(told)


def _inputs(maps: Maps, places: list[int], device: torch.device | str) -> Tensor:
    return torch.from_numpy(maps[places]).to(device).float()


def _batches(places: tuple[int, ...], batch: int, seed: int) -> Iterator[list[int]]:
    """Batches without end: all films in an order of the epoch's own, then all again."""
    rng = np.random.default_rng(seed)
    waiting: list[int] = []
    while True:
        while len(waiting) < batch:
            waiting += rng.permutation(places).tolist()
        yield waiting[:batch]
        waiting = waiting[batch:]
