"""The classifier network: a backbone and one of four heads."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from spinescan.train.backbones import Backbone
from spinescan.train.classify_recipe import HeadRecipe

_DENSE_UNITS = (1024, 512, 256, 128)


class LinearHead(nn.Module):
    """Logits, and maps (n, labels, h, w) of which they are the mean (while it is not taught)."""

    def __init__(self, width: int, labels: int, recipe: HeadRecipe) -> None:
        super().__init__()
        self.dropout = nn.Dropout(recipe.dropout)
        self.answer = nn.Linear(width, labels)

    def forward(self, features: Tensor) -> tuple[Tensor, ...]:
        logits = self.answer(self.dropout(features.mean((-2, -1))))
        if self.training:
            return (logits,)
        weight = self.answer.weight[:, :, None, None]
        return logits, functional.conv2d(features, weight, self.answer.bias)


class DenseHead(nn.Sequential):
    """The head of the ALS notebook, over the maps' mean."""

    def __init__(self, width: int, labels: int, recipe: HeadRecipe) -> None:
        layers: list[nn.Module] = [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        for units in _DENSE_UNITS:
            layers += [
                nn.Linear(width, units),
                nn.PReLU(units, init=0.0),  # as Keras starts it
                nn.Dropout(recipe.dropout),
            ]
            width = units
        super().__init__(*layers, nn.Linear(width, labels))

    def forward(self, features: Tensor) -> tuple[Tensor, ...]:
        return (super().forward(features),)


class ConvHead(nn.Sequential):
    """The small convolutional head of Spine Scan."""

    def __init__(self, width: int, labels: int, recipe: HeadRecipe) -> None:
        super().__init__(
            nn.Conv2d(width, recipe.conv_units, 3, padding=1),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(recipe.conv_units, recipe.dense_units),
            nn.ReLU(),
            nn.Dropout(recipe.dropout),
            nn.Linear(recipe.dense_units, labels),
        )

    def forward(self, features: Tensor) -> tuple[Tensor, ...]:
        return (super().forward(features),)


class SpatialHead(nn.Sequential):
    """A head that knows where on the film a feature lies, which a mean over the maps forgets.

    Two convolutions, then a depthwise one as large as the maps (global depthwise convolution, Chen
    et al. 2018, MobileFaceNets).
    """

    def __init__(self, width: int, labels: int, recipe: HeadRecipe, maps: tuple[int, int]) -> None:
        units = recipe.conv_units
        super().__init__(
            *_normed(nn.Conv2d(width, units, 1, bias=False)),
            *_normed(nn.Conv2d(units, units, 3, padding=1, bias=False)),
            *_normed(nn.Conv2d(units, units, 3, padding=1, bias=False)),
            nn.Conv2d(units, units, maps, groups=units),
            nn.ReLU(),
            nn.Flatten(),
            nn.Dropout(recipe.dropout),
            nn.Linear(units, labels),
        )

    def forward(self, features: Tensor) -> tuple[Tensor, ...]:
        return (super().forward(features),)


def _normed(convolution: nn.Conv2d) -> tuple[nn.Module, ...]:
    return convolution, nn.BatchNorm2d(convolution.out_channels), nn.ReLU()


def make_head(width: int, maps: tuple[int, int], labels: int, recipe: HeadRecipe) -> nn.Module:
    """The head of a recipe, for maps (n, `width`, *`maps`); it answers a tuple, logits first."""
    if recipe.kind == "spatial":
        return SpatialHead(width, labels, recipe, maps)
    heads = {"linear": LinearHead, "dense": DenseHead, "conv": ConvHead}
    head: nn.Module = heads[recipe.kind](width, labels, recipe)
    return head


class Classifier(nn.Module):
    """(n, 1, rows, columns) in [-1, 1] -> logits (n, labels), and maps where the head has them."""

    def __init__(self, backbone: Backbone, labels: int, head: HeadRecipe) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = make_head(backbone.width, backbone.maps, labels, head)
        self.l2 = head.l2
        self.frozen = False

    def forward(self, film: Tensor) -> tuple[Tensor, ...]:
        # No gradient leaves a frozen backbone, so that no optimiser touches it.
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            features = self.backbone(film)
        answer: tuple[Tensor, ...] = self.head(features)
        return answer

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of what it answers when it is not taught."""
        return ("logits", "maps") if isinstance(self.head, LinearHead) else ("logits",)

    def freeze(self, frozen: bool) -> None:
        """Keep the backbone as it is, its batch norms' statistics included, or teach it too."""
        self.frozen = frozen
        self.train(self.training)

    def train(self, mode: bool = True) -> "Classifier":
        super().train(mode)
        if self.frozen:
            self.backbone.eval()
        return self

    def penalty(self) -> Tensor:
        """What the head's large weights cost: `l2` times the sum of their squares."""
        layers = [part for part in self.head.modules() if isinstance(part, nn.Linear)]
        # The last layer answers; the notebook lets it grow as it likes.
        squares = [part.weight.square().sum() for part in layers[:-1]]
        return self.l2 * torch.stack(squares).sum() if squares else torch.zeros(())
