"""The two networks of the landmark model: one encoder from timm, one feature pyramid, two heads."""

from pathlib import Path
from typing import Any

import timm
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from timm.layers import Conv2dSame, pad_same
from torch import Tensor, nn
from torch.nn import functional

from spinescan.core.errors import DataError
from spinescan.infer.decode import FACTS, FINDER_MAPS, POINT_MAPS, STRIDE

REFINER_CORNERS = 4


class QuickStride(Conv2dSame):
    """A strided depthwise convolution, trained as a dense one of which every second value is kept.

    The numbers are the same; oneDNN's bfloat16 backward pass of the strided form is many times
    slower.
    """

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        x = pad_same(x, self.kernel_size, self.stride)
        dense = functional.conv2d(x, self.weight, self.bias, groups=self.groups)
        return dense[..., :: self.stride[0], :: self.stride[1]]


class Pyramid(nn.Module):
    """An encoder and a top-down path that ends at stride 4 with `channels` maps.

    It takes one grey channel, and also gives the encoder's deepest maps (`deepest` of them).
    `depth` is the number of the encoder's scales that are used, from stride 4 on.
    """

    def __init__(self, backbone: str, channels: int, depth: int) -> None:
        super().__init__()
        options: dict[str, Any] = {"pad_type": "same"} if "mobilenet" in backbone else {}
        self.encoder = timm.create_model(
            backbone,
            features_only=True,
            in_chans=1,
            out_indices=tuple(range(1, depth + 1)),
            **options,
        )
        if hasattr(self.encoder, "blocks"):  # timm keeps the blocks below the last scale asked for
            del self.encoder.blocks[self.encoder.feature_info.info[depth]["stage"] :]
        for part in self.encoder.modules():
            if isinstance(part, Conv2dSame) and part.groups > 1 and part.stride != (1, 1):
                part.__class__ = QuickStride
        widths = self.encoder.feature_info.channels()
        self.deepest = widths[-1]
        self.lateral = nn.ModuleList(nn.Conv2d(width, channels, 1) for width in widths)
        self.smooth = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(channels, channels, 3, padding=1, bias=False),
                nn.BatchNorm2d(channels),
                nn.ReLU(inplace=True),
            )
            for _ in self.lateral
        )

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        top: Tensor | None = None
        features = self.encoder(picture)
        for feature, lateral, smooth in reversed(
            list(zip(features, self.lateral, self.smooth, strict=True))
        ):
            here = lateral(feature)
            if top is not None:
                here = here + functional.interpolate(top, size=here.shape[-2:], mode="nearest")
            top = smooth(here)
        assert top is not None
        return top, features[-1]


class Finder(nn.Module):
    """(n, 1, rows, columns) in [-1, 1] -> maps (n, 20, rows / 4, columns / 4), facts (n, 4).

    `spinescan.infer.decode` tells what they mean; heats and facts are logits.
    """

    def __init__(self, backbone: str, channels: int) -> None:
        super().__init__()
        self.pyramid = Pyramid(backbone, channels, depth=4)
        self.head = nn.Conv2d(channels, FINDER_MAPS, 1)
        self.facts = nn.Linear(2 * self.pyramid.deepest, len(FACTS))
        nn.init.constant_(self.head.bias[:1], -4.0)  # centres and points are rare
        nn.init.constant_(self.head.bias[POINT_MAPS], -4.0)

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        top, deepest = self.pyramid(picture)
        return self.head(top), self.facts(_pooled(deepest))

    def pooled(self, picture: Tensor) -> Tensor:
        """What `facts` is given: mean and maximum of the encoder's deepest maps (n, 2 deepest)."""
        return _pooled(self.pyramid.encoder(picture)[-1])


def _pooled(maps: Tensor) -> Tensor:
    return torch.cat([maps.mean((-2, -1)), maps.amax((-2, -1))], -1)


class Refiner(nn.Module):
    """(n, 1, rows, columns) -> corners (n, 4, 2), spread (n, 4), presence logit (n,).

    A corner is the mean of its heat map (a soft argmax: finer than a cell, and it has a gradient),
    its spread the map's standard deviation; both in input pixels.
    """

    def __init__(self, backbone: str, channels: int) -> None:
        super().__init__()
        self.pyramid = Pyramid(backbone, channels, depth=3)
        self.heat = nn.Conv2d(channels, REFINER_CORNERS, 1)
        self.presence = nn.Linear(channels, 1)

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        features, _ = self.pyramid(picture)
        heat = self.heat(features).float()
        count, corners, rows, columns = heat.shape
        weight = torch.softmax(heat.reshape(count, corners, rows * columns), -1)
        weight = weight.reshape(count, corners, rows, columns)
        y = (torch.arange(rows, device=heat.device, dtype=torch.float32) + 0.5) * STRIDE
        x = (torch.arange(columns, device=heat.device, dtype=torch.float32) + 0.5) * STRIDE
        across, down = weight.sum(-2), weight.sum(-1)
        mean_x, mean_y = (across * x).sum(-1), (down * y).sum(-1)
        variance = (across * x**2).sum(-1) - mean_x**2 + (down * y**2).sum(-1) - mean_y**2
        spread = variance.clamp_min(1e-4).sqrt()
        present = self.presence(features.float().mean((-2, -1))).squeeze(-1)
        return torch.stack([mean_x, mean_y], -1), spread, present


def load_encoder(network: Finder | Refiner, weights: Path | None) -> None:
    """Start the encoder from ImageNet weights (safetensors, timm's names), or from scratch.

    The weights of the three colours are summed, because a grey film is the same in all three.

    Raises
    ------
    DataError
        If the file does not hold the encoder's weights.
    """
    if weights is None:
        return
    try:
        stored = load_file(weights)
    except (OSError, ValueError, SafetensorError) as error:
        raise DataError(f"{weights}: not a safetensors file that can be read ({error})") from error
    own = network.pyramid.encoder.state_dict()
    taken = {}
    for name, value in own.items():
        source = stored.get(name)
        if source is None:
            raise DataError(
                f"{weights}: no tensor {name!r}; are these weights of another backbone?"
            )
        source = source.float() if source.is_floating_point() else source
        if source.shape != value.shape and source.ndim == 4:
            source = source.sum(1, keepdim=True)
        if source.shape != value.shape:
            raise DataError(
                f"{weights}: tensor {name!r} should have shape {tuple(value.shape)}, "
                f"got {tuple(source.shape)}"
            )
        taken[name] = source
    network.pyramid.encoder.load_state_dict(taken)
