"""How much of a bare PyTorch loop's speed the classifier's training keeps; prints JSON.

    python benchmarks/training_speed.py [--backbone resnet50] [--pairs 5]

Both teach the same network on the same films, prepared in the same way by as many processes, with
the same batch, precision and optimiser, and judge the same validation films after each epoch. Ours
also balances, schedules, logs (TensorBoard), keeps checkpoints, draws curves and shows a bar. They
take turns, so that a busy machine slows both; ratios are medians over pairs of runs. Where others
use the machine the ratio by processor time, children included, is the steadier one: what our loop
does besides costs as much whoever else is there.
"""

import argparse
import json
import os
import platform
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader

from spinescan.core.task import Task
from spinescan.data.manifest import ManifestFilm
from spinescan.train.classify import Start, make_network
from spinescan.train.classify_films import PreparedFilms, TrainingFilms
from spinescan.train.classify_parts import Part
from spinescan.train.classify_recipe import ClassifyRecipe
from spinescan.train.epochs import fit_epochs, make_fabric, predict_logits
from spinescan.train.loop import one_thread

TASK = Task.of_codes("speed", ("a", "b", "c"))


def noise(films: int, recipe: ClassifyRecipe) -> PreparedFilms:
    """Films that show nothing: what they show costs no time."""
    rng = np.random.default_rng(0)
    inputs = rng.uniform(-1, 1, (films, recipe.rows, recipe.columns)).astype(np.float32)
    rows = tuple(ManifestFilm(f"{k}.png", f"{k:064x}", f"g{k}") for k in range(films))
    return PreparedFilms(rows, inputs, rng.integers(0, len(TASK.codes), films))


def bare(films: PreparedFilms, part: Part, recipe: ClassifyRecipe, workers: int) -> None:
    """What anybody would write first."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    half = device.type == "cuda" and recipe.precision in ("auto", "bf16-mixed")
    network = make_network(recipe, TASK, Start()).to(device, memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    taught = TrainingFilms(films, recipe.augment, TASK, recipe.seed)
    loader = DataLoader(
        taught,
        batch_size=recipe.batch,
        sampler=[(0, place) for place in part.train],
        num_workers=workers,
        worker_init_fn=one_thread,
        persistent_workers=workers > 0,
    )
    for _ in range(recipe.epochs):
        network.train()
        for inputs, truth in loader:
            inputs = inputs.to(device, memory_format=torch.channels_last)
            with torch.autocast(device.type, torch.bfloat16, enabled=half):
                loss = torch.nn.functional.cross_entropy(network(inputs)[0], truth.to(device))
            loss.backward()
            optimiser.step()
            optimiser.zero_grad()
        with torch.autocast(device.type, torch.bfloat16, enabled=half):
            predict_logits(network, films, part.validation, recipe.batch, device)


def ours(films: PreparedFilms, part: Part, recipe: ClassifyRecipe, workers: int) -> None:
    """The training as the command runs it."""
    with tempfile.TemporaryDirectory() as folder:
        network = make_network(recipe, TASK, Start())
        fabric = make_fabric(recipe)
        fit_epochs(
            fabric, network, films, part, TASK, recipe, Path(folder) / "speed", workers=workers
        )


def told(ratios: list[float]) -> dict[str, float]:
    """The median of several ratios, and between which they lie."""
    return {
        "median": round(statistics.median(ratios), 3),
        "lowest": round(min(ratios), 3),
        "highest": round(max(ratios), 3),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure training throughput; prints JSON.")
    parser.add_argument("--backbone", default="resnet50")
    parser.add_argument("--films", type=int, default=128)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    recipe = replace(
        ClassifyRecipe.of_backbone(options.backbone),
        rows=options.size,
        columns=options.size,
        weights="none",
        epochs=options.epochs,
        batch=options.batch,
        stop_patience=options.epochs,
    )
    films = noise(options.films + options.batch, recipe)
    part = Part("speed", tuple(range(options.films)), tuple(range(options.films, len(films.films))))
    times: dict[str, list[tuple[float, float]]] = {"bare": [], "ours": []}
    loops = (("bare", bare), ("ours", ours))
    for _, loop in loops:  # libraries are loaded, memory is had
        loop(films, part, replace(recipe, epochs=1), options.workers)
    for _ in range(options.pairs):
        for name, loop in loops:
            began, busy = time.perf_counter(), sum(os.times()[:4])
            loop(films, part, recipe, options.workers)
            times[name].append((time.perf_counter() - began, sum(os.times()[:4]) - busy))
    shown = options.films * options.epochs
    wall, work = (
        [b[k] / o[k] for b, o in zip(times["bare"], times["ours"], strict=True)] for k in (0, 1)
    )
    answer = {
        "benchmark": "training_speed",
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        "python": platform.python_version(),
        "torch": torch.__version__,
        **vars(options),
        **{
            f"{name}_films_per_s": round(shown / statistics.median(t for t, _ in pairs), 2)
            for name, pairs in times.items()
        },
        "ours_over_bare": told(wall),
        "ours_over_bare_by_processor_time": told(work),
    }
    print(json.dumps(answer, indent=2))


if __name__ == "__main__":
    main()
