"""What turns a film into feature maps: the seed's four backbones, any of timm's, or a small CNN."""

import logging
from collections.abc import Mapping
from typing import Any

import timm
import torch
from torch import Tensor, nn

from spinescan.core.errors import DataError

SMALL_CNN = "small_cnn"
"""The name of the network that is taught from scratch."""

SEED_BACKBONES = {
    "inception_v3": "inception_v3.tf_in1k",
    "xception": "legacy_xception.tf_in1k",
    "resnet50": "resnet50.tv_in1k",
    "resnet101": "resnet101.tv_in1k",
}
"""The four backbones of the ALS notebook by the names they have there, and timm's names for them.

The part after the dot names the weights that timm would download, and with them the normalisation.
"""

_WIDTHS = (24, 48, 96, 160, 224)


class SmallCnn(nn.Sequential):
    """Five scales of two convolutions each, half a million weights: (n, 1, rows, columns) in."""

    num_features = _WIDTHS[-1]

    def __init__(self) -> None:
        scales = []
        before = 1
        for width in _WIDTHS:
            scales += [_convolution(before, width, 2), _convolution(width, width, 1, width // 8)]
            before = width
        super().__init__(*scales)


def _convolution(before: int, width: int, stride: int, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, width, 3, stride, padding=1, groups=groups, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
    )


class Backbone(nn.Module):
    """(n, 1, rows, columns) in [-1, 1] -> feature maps (n, `width`, h, w).

    Grey becomes red, green and blue, and takes the mean and the deviation that the backbone's
    weights were made for, inside: whoever uses the network gives it a film as it was prepared.

    Parameters
    ----------
    name
        One of `SEED_BACKBONES`, `SMALL_CNN`, or any name that timm knows.
    size
        (rows, columns) of the input.
    options
        What `timm.create_model` is told besides, such as `pad_type`.
    mean, std
        What is taken off grey values in [0, 1], and what they are then divided by; by default
        those that timm names for the backbone.
    pretrained
        Whether to download timm's weights.

    Raises
    ------
    DataError
        If there is no such backbone, it takes no film of that size or gives no maps, or the weights
        cannot be had.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        name: str,
        size: tuple[int, int],
        *,
        options: Mapping[str, Any] | None = None,
        mean: float | None = None,
        std: float | None = None,
        pretrained: bool = False,
    ) -> None:
        super().__init__()
        self.name = timm_name(name)
        if name == SMALL_CNN:
            self.body: nn.Module = SmallCnn()
            self.width, means, deviations = SmallCnn.num_features, (0.5,), (0.5,)
        else:
            self.body = _timm_body(self.name, size, dict(options or {}), pretrained)
            self.width = int(self.body.num_features)
            means, deviations = self.body.pretrained_cfg["mean"], self.body.pretrained_cfg["std"]
        for key, told, own in (("mean", mean, means), ("std", std, deviations)):
            values = own if told is None else [told] * len(own)
            buffer = torch.tensor(values, dtype=torch.float32).reshape(1, -1, 1, 1)
            self.register_buffer(key, buffer, persistent=False)
        self._check(size)

    def forward(self, film: Tensor) -> Tensor:
        # One grey channel against three means: the result has three.
        colours = ((film + 1) / 2 - self.mean) / self.std
        return self._maps(self.body(colours))

    def _maps(self, answer: Tensor) -> Tensor:
        """Channels before rows and columns; a transformer's tokens laid out as they were cut."""
        if answer.ndim == 4 and answer.shape[1] == self.width:
            return answer
        if answer.ndim == 4 and answer.shape[3] == self.width:
            return answer.permute(0, 3, 1, 2)
        if answer.ndim == 3 and hasattr(self.body, "patch_embed"):
            rows, columns = self.body.patch_embed.grid_size
            tokens = answer[:, -rows * columns :]
            return tokens.transpose(1, 2).reshape(-1, self.width, rows, columns)
        raise DataError(f"backbone {self.name!r} gives no feature maps to teach a classifier on")

    def _check(self, size: tuple[int, int]) -> None:
        """One empty film through it: what does not fit is told before any training."""
        self.eval()
        try:
            with torch.inference_mode():
                self(torch.zeros(1, 1, *size))
        except (RuntimeError, AssertionError) as error:
            reason = str(error).splitlines()[0]
            raise DataError(
                f"backbone {self.name!r} takes no film of {size[0]} x {size[1]} pixels ({reason})"
            ) from error
        self.train()


def timm_name(name: str) -> str:
    """The name that timm has for a backbone; for the seed's also that of its weights."""
    return SEED_BACKBONES.get(name, name)


def default_size(name: str) -> tuple[int, int]:
    """(rows, columns) that a backbone is used at: the seed's at 299, others at 224."""
    return (299, 299) if name in SEED_BACKBONES else (224, 224)


def _timm_body(
    name: str, size: tuple[int, int], options: dict[str, Any], pretrained: bool
) -> nn.Module:
    if not timm.is_model(name):
        near = ", ".join(timm.list_models(f"*{name.split('.')[0]}*")[:4])
        hint = f"did you mean one of {near}?" if near else "see timm.list_models()"
        raise DataError(f"no backbone {name!r}: neither {SMALL_CNN!r} nor one of timm's; {hint}")
    config = timm.get_pretrained_cfg(name, allow_unregistered=True)
    if config is not None and config.fixed_input_size:
        options.setdefault("img_size", size)
    if pretrained and (config is None or not config.has_weights):
        raise DataError(
            f"timm has no weights for {name!r}: give --weights FILE (safetensors), or --weights "
            "none to start from scratch"
        )
    hub = logging.getLogger("huggingface_hub")
    level = hub.level
    hub.setLevel(logging.ERROR)  # the error below tells what its many retries do
    try:
        return timm.create_model(
            name, pretrained=pretrained, num_classes=0, global_pool="", **options
        )
    except Exception as error:
        if not pretrained:
            raise DataError(f"backbone {name!r} cannot be made ({_first(error)})") from error
        # The hub's errors and the network's share no base class; all mean that no weights came.
        raise DataError(
            f"the weights of {name!r} cannot be downloaded ({_first(error)}): without a connection "
            "give --weights FILE (safetensors with timm's names, copied from a machine that has "
            "one), an earlier run or bundle, or --weights none to start from scratch"
        ) from error
    finally:
        hub.setLevel(level)


def _first(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:160]
