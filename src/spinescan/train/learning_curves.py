"""A training's figures, epoch by epoch, as a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spinescan.train.epochs import Epoch


def draw_curves(epochs: "Sequence[Epoch]", kept: int, path: Path) -> None:
    """Write loss, validation loss and accuracy against the epoch; the epoch `kept` is marked."""
    from matplotlib.figure import Figure  # no pyplot: it would keep the figures of every training

    numbers = [epoch.epoch for epoch in epochs]
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    losses, shares = figure.subplots(1, 2)
    losses.plot(numbers, [epoch.loss for epoch in epochs], label="training (augmented films)")
    losses.plot(numbers, [epoch.validation_loss for epoch in epochs], label="validation")
    losses.set(xlabel="epoch", ylabel="loss", ylim=(0, None))
    shares.plot(numbers, [epoch.validation_accuracy for epoch in epochs], color="C1")
    shares.set(xlabel="epoch", ylabel="accuracy on validation films", ylim=(0, 1))
    for axes in (losses, shares):
        axes.axvline(kept, color="0.6", linestyle=":", label="kept")
        axes.grid(alpha=0.3)
    losses.legend()
    figure.savefig(path, dpi=110)
