"""What turns a film into feature maps: the seed's four backbones, any of timm's, or a small CNN."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import timm
import torch
from huggingface_hub import constants, get_session
from torch import Tensor, nn

from spinescan.core.errors import DataError
from spinescan.train.classify_recipe import SEED_BACKBONES, SMALL_CNN

_WIDTHS = (24, 48, 96, 160, 224)
_REACH_S = 5.0


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
    """(n, 1, rows, columns) in [-1, 1] -> feature maps (n, `width`, h, w), `maps` being (h, w).

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
        self._layout, self.maps = self._find_layout(size)

    def forward(self, film: Tensor) -> Tensor:
        # One grey channel against three means: the result has three.
        colours = ((film + 1) / 2 - self.mean) / self.std
        return self._maps(self.body(colours))

    def _maps(self, answer: Tensor) -> Tensor:
        """Channels before rows and columns; a transformer's tokens laid out as they were cut."""
        if self._layout == "channels last":
            return answer.permute(0, 3, 1, 2)
        if self._layout == "tokens":
            rows, columns = self.body.patch_embed.grid_size
            tokens = answer[:, -rows * columns :]
            return tokens.transpose(1, 2).reshape(-1, self.width, rows, columns)
        return answer

    def _find_layout(self, size: tuple[int, int]) -> tuple[str, tuple[int, int]]:
        """One empty film through it: what does not fit is told before any training."""
        body = self.body.eval()
        try:
            with torch.inference_mode():
                shape = body(torch.zeros(1, self.mean.shape[1], *size)).shape
        except (RuntimeError, AssertionError) as error:
            raise DataError(
                f"backbone {self.name!r} takes no film of {size[0]} x {size[1]} pixels "
                f"({_first(error)})"
            ) from error
        body.train()
        # Some, such as MobileNetV3, have a convolution of another width after their features.
        widths = (self.width, getattr(body, "head_hidden_size", None))
        if len(shape) == 4 and shape[1] in widths:
            self.width = int(shape[1])
            return "channels first", (shape[2], shape[3])
        if len(shape) == 4 and shape[3] == self.width:
            return "channels last", (shape[1], shape[2])
        if len(shape) == 3 and hasattr(body, "patch_embed"):
            return "tokens", tuple(body.patch_embed.grid_size)
        raise DataError(f"backbone {self.name!r} gives no feature maps to teach a classifier on")


def timm_name(name: str) -> str:
    """The name that timm has for a backbone; for the seed's also that of its weights."""
    return SEED_BACKBONES.get(name, name)


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
    unreachable = None
    try:
        with _hub(pretrained) as unreachable:
            return timm.create_model(
                name, pretrained=pretrained, num_classes=0, global_pool="", **options
            )
    except Exception as error:
        if not pretrained:
            raise DataError(f"backbone {name!r} cannot be made ({_first(error)})") from error
        # The hub's errors and the network's share no base class; all mean that no weights came.
        raise DataError(
            f"the weights of {name!r} cannot be downloaded ({_first(unreachable or error)}): "
            "without a connection give --weights FILE (safetensors with timm's names, copied from "
            "a machine that has one), an earlier run or bundle, or --weights none to start from "
            "scratch"
        ) from error


@contextmanager
def _hub(asked: bool) -> Iterator[Exception | None]:
    """Where weights come from, if `asked` for; yields why it cannot be reached.

    One short question instead of its many retries, of half a minute and more: without an answer it
    gives what it has given before, and nothing else.
    """
    unreachable = None
    if asked and not constants.HF_HUB_OFFLINE:
        try:
            get_session().head(constants.ENDPOINT, timeout=_REACH_S)
        except Exception as error:  # of a network library that changes from release to release
            unreachable = error
    log = logging.getLogger("huggingface_hub")
    level, offline = log.level, constants.HF_HUB_OFFLINE
    log.setLevel(logging.ERROR)  # the error tells what its retries do
    constants.HF_HUB_OFFLINE = offline or unreachable is not None
    try:
        yield unreachable
    finally:
        log.setLevel(level)
        constants.HF_HUB_OFFLINE = offline


def _first(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:160]
