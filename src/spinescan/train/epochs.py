"""The classifier's training loop: epoch by epoch, on Lightning Fabric.

A folder of a training holds

    last.pt       where it stands, until it is finished
    best.pt       the network of the epoch whose validation loss was lowest
    epochs.jsonl  the figures of every epoch; curves.png shows them, TensorBoard's files too
    fitted.json   once it is finished: which epoch was kept
"""

import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.fabric import Fabric
from lightning.fabric.loggers import TensorBoardLogger
from lightning.fabric.strategies import DDPStrategy
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.lr_scheduler import CosineAnnealingLR, ReduceLROnPlateau
from torch.utils.data import DataLoader

from spinescan.core.errors import DataError
from spinescan.core.task import Task
from spinescan.train.classifier import Classifier
from spinescan.train.classify_films import Batches, PreparedFilms, TrainingFilms, class_weights
from spinescan.train.classify_parts import Part
from spinescan.train.classify_recipe import ClassifyRecipe
from spinescan.train.learning_curves import draw_curves
from spinescan.train.loop import one_thread
from spinescan.train.progress import bar

LAST, BEST, EPOCHS, FITTED, CURVES = (
    "last.pt",
    "best.pt",
    "epochs.jsonl",
    "fitted.json",
    "curves.png",
)

OPTIMISERS = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "rmsprop": torch.optim.RMSprop,
}


@dataclass(frozen=True, slots=True)
class Epoch:
    """An epoch's figures; the losses are balanced between the classes if the recipe says so."""

    epoch: int
    loss: float
    validation_loss: float
    validation_accuracy: float
    learning_rate: float
    seconds: float


def make_fabric(recipe: ClassifyRecipe, *, accelerator: str = "auto", devices: int = 1) -> Fabric:
    """What runs the training: on a GPU in bfloat16 where there is one, unless the recipe says else.

    With several devices each takes a share of every batch; all of them start this program again.
    """
    precision = recipe.precision
    if precision == "auto":
        able = accelerator != "cpu" and torch.cuda.is_available()
        precision = "bf16-mixed" if able and torch.cuda.is_bf16_supported() else "32-true"
    # A frozen backbone has no gradients to wait for.
    unused = recipe.frozen_epochs > 0
    strategy = DDPStrategy(find_unused_parameters=unused) if devices > 1 else "auto"
    fabric = Fabric(
        accelerator=accelerator, devices=devices, strategy=strategy, precision=precision
    )
    fabric.launch()
    return fabric


def fit_epochs(
    fabric: Fabric,
    network: Classifier,
    films: PreparedFilms,
    part: Part,
    task: Task,
    recipe: ClassifyRecipe,
    folder: Path,
    *,
    workers: int = 2,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
) -> list[Epoch]:
    """Train `network` in place on the part's training films, or carry on from `folder`.

    It ends as the network of the best epoch. `workers` are the processes that change films, 0 for
    none; they change no figure. `on_epoch` is called after each epoch and may end the training by
    raising.

    Raises
    ------
    DataError
        If the loss is no longer a number.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / FITTED).is_file():
        network.load_state_dict(_load(folder / BEST)["network"])
        return read_epochs(folder)
    network.to(memory_format=torch.channels_last)
    optimiser = _optimiser(network, recipe)
    model, optimiser = fabric.setup(network, optimiser)
    schedule = make_schedule(optimiser, recipe)
    done: list[Epoch] = []
    if (folder / LAST).is_file():
        stored = _load(folder / LAST)
        network.load_state_dict(stored["network"])
        optimiser.load_state_dict(stored["optimiser"])
        schedule.load_state_dict(stored["schedule"])
        done = [Epoch(**values) for values in stored["epochs"]]
    weights = torch.from_numpy(class_weights(films.truth[list(part.train)], len(task.labels)))
    weights = weights.float().to(fabric.device)
    logger = TensorBoardLogger(folder.parent, name=folder.name, version="")
    left = range(len(done), recipe.epochs)
    batches, steps = _loader(fabric, films, part, task, recipe, left, workers)
    with (
        torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True),
        bar(
            part.name,
            steps * recipe.epochs,
            done=steps * len(done),
            shown=fabric.is_global_zero,
        ) as show,
    ):
        while not _finished(done, recipe):
            number, began = len(done), time.perf_counter()
            torch.manual_seed(1_000_003 * recipe.seed + number)
            network.freeze(number < recipe.frozen_epochs)
            network.train()
            loss = _teach(
                fabric, network, model, optimiser, islice(batches, steps), recipe, weights, show
            )
            logits = predict_logits(model, films, part.validation, recipe.batch, fabric.device)
            truth = films.truth[list(part.validation)]
            # One answer for all devices: sums may differ in the last bit, decisions must not.
            chosen, accuracy = fabric.broadcast(judge(logits, truth, weights, recipe))
            if not (math.isfinite(loss) and math.isfinite(chosen)):
                raise DataError(
                    f"{folder}: the loss of epoch {number} is not a number; try a lower "
                    "learning_rate"
                )
            rate = float(optimiser.param_groups[-1]["lr"])
            seconds = round(time.perf_counter() - began, 2)
            done.append(Epoch(number, loss, chosen, accuracy, rate, seconds))
            if not isinstance(schedule, ReduceLROnPlateau):
                schedule.step()
            elif number >= recipe.frozen_epochs or recipe.frozen_epochs == recipe.epochs:
                schedule.step(chosen)
            if fabric.is_global_zero:
                if best_epoch(done) == done[-1]:
                    _save(folder / BEST, {"network": network.state_dict()})
                _save(
                    folder / LAST,
                    {
                        "network": network.state_dict(),
                        "optimiser": optimiser.state_dict(),
                        "schedule": schedule.state_dict(),
                        "epochs": [asdict(epoch) for epoch in done],
                    },
                )
                _log(folder, done, logger)
            show(f"{part.name}: loss {loss:.3f}, validation {chosen:.3f} ({accuracy:.0%})", 0)
            on_epoch(done[-1])
    logger.finalize("success")
    fabric.barrier()
    network.load_state_dict(_load(folder / BEST)["network"])
    fabric.barrier()  # nobody tidies up while another one reads
    if fabric.is_global_zero:
        draw_curves(done, best_epoch(done).epoch, folder / CURVES)
        note = {"best_epoch": best_epoch(done).epoch, "epochs": len(done)}
        (folder / FITTED).write_text(json.dumps(note) + "\n", encoding="utf-8")
        (folder / LAST).unlink()
    return done


def read_epochs(folder: Path) -> list[Epoch]:
    """The figures of a training's epochs so far."""
    lines = (folder / EPOCHS).read_text(encoding="utf-8").splitlines()
    return [Epoch(**json.loads(line)) for line in lines]


def best_epoch(epochs: list[Epoch]) -> Epoch:
    """The epoch of the lowest validation loss, the first one of equals."""
    return min(epochs, key=lambda epoch: epoch.validation_loss)


def predict_logits(
    network: nn.Module,
    films: PreparedFilms,
    places: tuple[int, ...],
    batch: int,
    device: torch.device | str = "cpu",
) -> NDArray[np.float32]:
    """Logits (n, labels) of films as they were prepared, unchanged."""
    was_training = network.training
    network.eval()
    answers = []
    with torch.inference_mode():
        for first in range(0, len(places), batch):
            inputs = torch.from_numpy(films.inputs[list(places[first : first + batch])])[:, None]
            answers.append(network(inputs.to(device))[0].float().cpu().numpy())
    network.train(was_training)
    return np.concatenate(answers)


def _loader(
    fabric: Fabric,
    films: PreparedFilms,
    part: Part,
    task: Task,
    recipe: ClassifyRecipe,
    epochs: range,
    workers: int,
) -> tuple[Iterator[Any], int]:
    """The training batches of these epochs on end, and how many make an epoch."""
    batches = Batches(
        part.train,
        films.truth,
        batch=recipe.batch,
        epochs=epochs,
        seed=recipe.seed,
        balance=recipe.balance,
        rank=fabric.global_rank,
        world=fabric.world_size,
    )
    loader = DataLoader(
        TrainingFilms(films, recipe.augment, task, recipe.seed),
        batch_sampler=batches,
        num_workers=workers,
        worker_init_fn=one_thread,
        prefetch_factor=4 if workers else None,
        pin_memory=fabric.device.type == "cuda",
    )
    return iter(loader), batches.per_epoch


def _teach(
    fabric: Fabric,
    network: Classifier,
    model: nn.Module,
    optimiser: Any,
    batches: Iterator[Any],
    recipe: ClassifyRecipe,
    weights: Tensor,
    show: Callable[[str, int], None],
) -> float:
    """One epoch; its mean loss."""
    total, steps = torch.zeros((), device=fabric.device), 0
    for batch in batches:
        inputs, truth = fabric.to_device(batch)
        logits = model(inputs.to(memory_format=torch.channels_last))[0]
        each = functional.cross_entropy(logits, truth, reduction="none")
        loss = (each * weights[truth]).mean() if recipe.balance == "weights" else each.mean()
        fabric.backward(loss + network.penalty() if recipe.head.l2 else loss)
        optimiser.step()
        optimiser.zero_grad()
        steps += 1
        total += loss.detach()  # read once an epoch: a GPU need not wait for it
        show("", 1)
    return float(fabric.all_reduce(total / steps))


def judge(
    logits: NDArray[np.float32],
    truth: NDArray[np.int64],
    weights: Tensor,
    recipe: ClassifyRecipe,
) -> tuple[float, float]:
    """Loss and accuracy on validation films; the loss is balanced if that of training is."""
    each = functional.cross_entropy(
        torch.from_numpy(logits), torch.from_numpy(truth), reduction="none"
    )
    share = weights.cpu()[torch.from_numpy(truth)] if recipe.balance != "none" else each * 0 + 1
    loss = float((each * share).sum() / share.sum())
    return loss, float((logits.argmax(1) == truth).mean())


def _finished(done: list[Epoch], recipe: ClassifyRecipe) -> bool:
    if len(done) >= recipe.epochs:
        return True
    # What came before the backbone learned does not count against what comes after.
    if recipe.frozen_epochs < recipe.epochs:
        done = done[recipe.frozen_epochs :]
    return len(done) > 0 and done[-1].epoch - best_epoch(done).epoch >= recipe.stop_patience


def _optimiser(network: Classifier, recipe: ClassifyRecipe) -> torch.optim.Optimizer:
    groups = [
        {
            "params": list(network.backbone.parameters()),
            "lr": recipe.learning_rate * recipe.backbone_rate,
        },
        {"params": list(network.head.parameters()), "lr": recipe.learning_rate},
    ]
    return OPTIMISERS[recipe.optimiser](groups, weight_decay=recipe.weight_decay)


def make_schedule(
    optimiser: torch.optim.Optimizer, recipe: ClassifyRecipe
) -> CosineAnnealingLR | ReduceLROnPlateau:
    """How a recipe's learning rate falls, epoch by epoch."""
    if recipe.schedule == "cosine":
        return CosineAnnealingLR(optimiser, recipe.epochs)
    return ReduceLROnPlateau(
        optimiser, factor=recipe.plateau_factor, patience=recipe.plateau_patience
    )


def _log(folder: Path, done: list[Epoch], logger: TensorBoardLogger) -> None:
    figures = asdict(done[-1])
    logger.log_metrics(figures, step=figures.pop("epoch"))
    lines = "".join(json.dumps(asdict(epoch)) + "\n" for epoch in done)
    (folder / EPOCHS).write_text(lines, encoding="utf-8")


def _save(path: Path, values: dict[str, Any]) -> None:
    # Through a second file, so that a run cut off while it saves keeps the one before.
    draft = path.with_suffix(".tmp")
    torch.save(values, draft)
    draft.replace(path)


def _load(path: Path) -> Any:
    return torch.load(path, map_location="cpu", weights_only=True)
