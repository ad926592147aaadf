"""One short training loop on Lightning Fabric, for any network and any loss."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from lightning.fabric import Fabric
from rich.console import Console
from rich.progress import Progress
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Subset

from spinescan.train.recipe import StageRecipe

SAVE_EVERY = 100
"""Steps between two checkpoints; a run that was cut off goes on from the last one."""


def fit(
    network: nn.Module,
    films: Dataset[Any],
    loss: Callable[[Any, Any], Tensor],
    stage: StageRecipe,
    folder: Path,
    *,
    name: str,
    workers: int = 2,
) -> None:
    """Train `network` in place for `stage.steps` steps, or carry on from `folder`'s checkpoint.

    `films` yields tuples of an input and its targets; item i belongs to step i // batch. The
    checkpoint is `folder/NAME.pt`; the loss and the time of every step are logged to
    `folder/NAME.jsonl`. `workers` are the processes that prepare films, 0 for none.
    """
    torch.manual_seed(0)
    fabric = Fabric(accelerator="auto", devices=1, precision="bf16-mixed")
    network.to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=stage.learning_rate, weight_decay=stage.weight_decay
    )
    model, optimiser = fabric.setup(network, optimiser)
    warm = max(1, stage.steps // 20)
    schedule = torch.optim.lr_scheduler.SequentialLR(
        optimiser,
        [
            torch.optim.lr_scheduler.LinearLR(optimiser, 0.05, total_iters=warm),
            torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, max(1, stage.steps - warm)),
        ],
        [warm],
    )
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint, log = folder / f"{name}.pt", folder / f"{name}.jsonl"
    done = 0
    if checkpoint.is_file():
        stored = torch.load(checkpoint, weights_only=True)
        network.load_state_dict(stored["network"])
        optimiser.load_state_dict(stored["optimiser"])
        schedule.load_state_dict(stored["schedule"])
        done = int(stored["steps"])
    # Steps after the last checkpoint are done again, and logged again.
    kept = log.read_text(encoding="utf-8").splitlines(keepends=True) if log.is_file() else []
    network.train()
    with (
        Progress(console=Console(stderr=True), refresh_per_second=1) as progress,
        log.open("w", encoding="utf-8") as lines,
    ):
        lines.writelines(kept[:done])
        bar = progress.add_task(name, total=stage.steps, completed=done)
        began = time.perf_counter()
        for step, batch in enumerate(_batches(films, stage, done, workers), start=done + 1):
            inputs, *targets = (fabric.to_device(part) for part in batch)
            inputs = inputs.to(memory_format=torch.channels_last)
            with fabric.autocast():
                answer = model(inputs)
            value = loss(answer, targets)
            fabric.backward(value)
            fabric.clip_gradients(model, optimiser, max_norm=5.0)
            optimiser.step()
            schedule.step()
            optimiser.zero_grad()
            seconds = round(time.perf_counter() - began, 2)
            lines.write(
                json.dumps({"step": step, "loss": round(value.item(), 5), "s": seconds}) + "\n"
            )
            progress.update(bar, completed=step, description=f"{name} {value.item():.3f}")
            if step % SAVE_EVERY == 0 or step == stage.steps:
                lines.flush()
                _save(checkpoint, network, optimiser, schedule, step)


def _save(path: Path, network: nn.Module, optimiser: Any, schedule: Any, steps: int) -> None:
    # Through a second file, so that a run cut off while it saves keeps the checkpoint before.
    draft = path.with_suffix(".tmp")
    torch.save(
        {
            "network": network.state_dict(),
            "optimiser": optimiser.state_dict(),
            "schedule": schedule.state_dict(),
            "steps": steps,
        },
        draft,
    )
    draft.replace(path)


def _batches(films: Dataset[Any], stage: StageRecipe, done: int, workers: int) -> Iterator[Any]:
    rest = Subset(films, range(done * stage.batch, stage.steps * stage.batch))
    return iter(
        DataLoader(
            rest,
            batch_size=stage.batch,
            num_workers=workers,
            collate_fn=stack,
            worker_init_fn=one_thread,
            prefetch_factor=4 if workers else None,
        )
    )


def stack(items: list[tuple[Tensor, ...]]) -> tuple[Tensor, ...]:
    """Join items into a batch; items that are batches themselves (patches) are chained."""
    chained = items[0][0].ndim == 4
    return tuple(
        torch.cat(parts) if chained else torch.stack(parts) for parts in zip(*items, strict=True)
    )


def one_thread(_: int) -> None:
    """What a process that prepares films does first: the others have the other cores."""
    torch.set_num_threads(1)
