"""What each layer of Keras is in operators of the ONNX standard.

Keras keeps channels last and ONNX first; shapes here are Keras's, without the batch: (rows,
columns, channels) or (features,).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from spinescan.train.keras_file import shown
from spinescan.train.keras_graph import Layer
from spinescan.train.keras_layers import leaky_slope

_MOST_VALUES = 2**26
"""Of one tensor, for one film: more is a mistake, or an attack."""


class Tensor(NamedTuple):
    """A value on its way: its name in the network, and its shape as Keras sees it."""

    name: str
    shape: tuple[int, ...]


@dataclass(slots=True)
class Writer:
    """Collects operators and constants."""

    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)

    def constant(self, values: NDArray[Any]) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, kind: str, inputs: Sequence[str], output: str, **options: Any) -> None:
        self.nodes.append(helper.make_node(kind, inputs, [output], **options))

    def add(
        self,
        kind: str,
        inputs: Sequence[Tensor | NDArray[Any]],
        shape: tuple[int, ...],
        **options: Any,
    ) -> Tensor:
        """One operator; arrays among its inputs become constants."""
        if min(shape) < 1 or math.prod(shape) > _MOST_VALUES:
            raise ValueError(f"a layer would make values of the shape {shape}")
        names = [x.name if isinstance(x, Tensor) else self.constant(x) for x in inputs]
        made = Tensor(f"t{len(self.nodes)}", shape)
        self.node(kind, names, made.name, **options)
        return made

    def layer(self, layer: Layer, inputs: list[Tensor]) -> Tensor:
        """What a layer makes of its inputs.

        Raises
        ------
        ValueError
            If its inputs or weights do not fit it.
        """
        try:
            if layer.kind not in _MERGES and len(inputs) != 1:
                raise ValueError(f"reads {len(inputs)} layers")
            taken: set[str] = set()

            def weight(name: str, *shape: int) -> NDArray[np.float32]:
                values = layer.weights.get(name)
                if values is None:
                    raise ValueError(f"has no weight {name}")
                if values.shape != shape:
                    raise ValueError(f"weight {name} is {values.shape}, should be {shape}")
                taken.add(name)
                return values

            made = _WRITERS[layer.kind](self, layer.settings, inputs, weight)
            if left := set(layer.weights) - taken:
                raise ValueError(f"has a weight {shown(min(left))} too many")
        except ValueError as error:
            raise ValueError(f"{layer.kind} {shown(layer.name)}: {error}") from error
        return made

    def activation(self, name: str, x: Tensor) -> Tensor:
        if name == "linear":
            return x
        if name == "softmax":
            return self.add("Softmax", [x], x.shape, axis=1)  # the channels, or features
        if name == "relu6":
            return self.clip(x, 6.0)
        if name in ("swish", "silu"):
            return self.add("Mul", [x, self.add("Sigmoid", [x], x.shape)], x.shape)
        return self.add(_ACTIVATIONS[name], [x], x.shape)

    def clip(self, x: Tensor, top: float) -> Tensor:
        """Values within 0 and `top`."""
        limits: list[NDArray[Any]] = [np.array(limit, np.float32) for limit in (0.0, top)]
        return self.add("Clip", [x, *limits], x.shape)

    def maps(self, answer: Layer, features: Tensor) -> Tensor:
        """A dense layer's answer at each place of the features whose mean it reads."""
        kernel = answer.weights["kernel"].T[:, :, None, None]
        inputs: list[Tensor | NDArray[Any]] = [features, kernel]
        if answer.settings["use_bias"]:
            inputs.append(answer.weights["bias"])
        return self.add("Conv", inputs, (*features.shape[:2], len(kernel)))


Weight = Callable[..., NDArray[np.float32]]
Settings = Mapping[str, Any]
_ACTIVATIONS = {
    "elu": "Elu",
    "relu": "Relu",
    "selu": "Selu",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
}


def _picture(x: Tensor) -> tuple[int, int, int]:
    if len(x.shape) != 3:
        raise ValueError(f"reads {x.shape}, no picture")
    rows, columns, channels = x.shape
    return rows, columns, channels


def _window(
    shape: tuple[int, int, int],
    kernel: tuple[int, int],
    strides: tuple[int, int],
    padding: str,
    dilation: tuple[int, int] = (1, 1),
) -> tuple[tuple[int, int], dict[str, Any]]:
    """The size of what a sliding window makes, and the window in ONNX's words.

    "same" is TensorFlow's: as many values as strides fit, with the odd margin below and right.
    """
    sides, before, after = [], [], []
    for side, width, stride, gap in zip(shape[:2], kernel, strides, dilation, strict=True):
        reach = (width - 1) * gap + 1
        made = -(-side // stride) if padding == "same" else (side - reach) // stride + 1
        margin = max((made - 1) * stride + reach - side, 0) if padding == "same" else 0
        if made < 1:
            raise ValueError(f"a window of {reach} does not fit into {side}")
        sides.append(made)
        before.append(margin // 2)
        after.append(margin - margin // 2)
    options = {"kernel_shape": kernel, "strides": strides, "pads": [*before, *after]}
    return (sides[0], sides[1]), options


def _convolve(
    writer: Writer,
    settings: Settings,
    x: Tensor,
    kernel: NDArray[np.float32],
    groups: int,
    bias: NDArray[np.float32] | None,
) -> Tensor:
    """A convolution with a kernel (outputs, inputs / groups, rows, columns)."""
    size, options = _window(
        _picture(x),
        settings["kernel_size"],
        settings["strides"],
        settings["padding"],
        settings["dilation_rate"],
    )
    inputs: list[Tensor | NDArray[Any]] = [x, kernel]
    if bias is not None:
        inputs.append(bias)
    shape = (*size, len(kernel))
    return writer.add(
        "Conv", inputs, shape, dilations=settings["dilation_rate"], group=groups, **options
    )


def _conv2d(writer: Writer, settings: Settings, inputs: list[Tensor], weight: Weight) -> Tensor:
    channels, groups = _picture(inputs[0])[2], settings["groups"]
    if channels % groups or settings["filters"] % groups:
        raise ValueError(f"{channels} channels do not make {groups} groups")
    kernel = weight("kernel", *settings["kernel_size"], channels // groups, settings["filters"])
    bias = weight("bias", settings["filters"]) if settings["use_bias"] else None
    made = _convolve(writer, settings, inputs[0], kernel.transpose(3, 2, 0, 1), groups, bias)
    return writer.activation(settings["activation"], made)


def _depthwise(kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    """(rows, columns, channels, multiplier) as ONNX's kernel with a group for each channel."""
    rows, columns, channels, multiplier = kernel.shape
    return kernel.transpose(2, 3, 0, 1).reshape(channels * multiplier, 1, rows, columns)


def _depthwise_conv2d(
    writer: Writer, settings: Settings, inputs: list[Tensor], weight: Weight
) -> Tensor:
    channels, multiplier = _picture(inputs[0])[2], settings["depth_multiplier"]
    kernel = weight("kernel", *settings["kernel_size"], channels, multiplier)
    bias = weight("bias", channels * multiplier) if settings["use_bias"] else None
    made = _convolve(writer, settings, inputs[0], _depthwise(kernel), channels, bias)
    return writer.activation(settings["activation"], made)


def _separable_conv2d(
    writer: Writer, settings: Settings, inputs: list[Tensor], weight: Weight
) -> Tensor:
    channels, multiplier = _picture(inputs[0])[2], settings["depth_multiplier"]
    filters = settings["filters"]
    depthwise = weight("depthwise_kernel", *settings["kernel_size"], channels, multiplier)
    made = _convolve(writer, settings, inputs[0], _depthwise(depthwise), channels, None)
    kernel = weight("pointwise_kernel", 1, 1, channels * multiplier, filters)
    mixing: list[Tensor | NDArray[Any]] = [made, kernel.transpose(3, 2, 0, 1)]
    if settings["use_bias"]:
        mixing.append(weight("bias", filters))
    mixed = writer.add("Conv", mixing, (*made.shape[:2], filters))
    return writer.activation(settings["activation"], mixed)


def _dense(writer: Writer, settings: Settings, inputs: list[Tensor], weight: Weight) -> Tensor:
    (x,) = inputs
    if len(x.shape) != 1:
        raise ValueError(f"reads {x.shape}, which is not flat")
    units = settings["units"]
    operands: list[Tensor | NDArray[Any]] = [x, weight("kernel", *x.shape, units)]
    if settings["use_bias"]:
        operands.append(weight("bias", units))
    return writer.activation(settings["activation"], writer.add("Gemm", operands, (units,)))


def _batch_norm(writer: Writer, settings: Settings, inputs: list[Tensor], weight: Weight) -> Tensor:
    (x,) = inputs
    if settings["axis"] not in (-1, len(x.shape)):
        raise ValueError(f"axis {settings['axis']} is not that of the channels")
    width = x.shape[-1]
    scale = weight("gamma", width) if settings["scale"] else np.ones(width, np.float32)
    centre = weight("beta", width) if settings["center"] else np.zeros(width, np.float32)
    spread = weight("moving_variance", width)
    if settings["epsilon"] < 0 or spread.min() < 0:
        raise ValueError("its variance is negative")
    operands: list[Tensor | NDArray[Any]] = [x, scale, centre, weight("moving_mean", width), spread]
    return writer.add("BatchNormalization", operands, x.shape, epsilon=settings["epsilon"])


def _prelu(writer: Writer, settings: Settings, inputs: list[Tensor], weight: Weight) -> Tensor:
    (x,) = inputs
    shared = settings["shared_axes"] or ()
    shape = [1 if axis + 1 in shared else side for axis, side in enumerate(x.shape)]
    slope = weight("alpha", *shape)
    if slope.ndim == 3:
        slope = slope.transpose(2, 0, 1)
    return writer.add("PRelu", [x, slope], x.shape)


def _relu(writer: Writer, settings: Settings, inputs: list[Tensor], weight: Weight) -> Tensor:
    (x,) = inputs
    top, slope = settings["max_value"], settings["negative_slope"] or 0.0
    if settings["threshold"]:
        raise ValueError("a threshold other than 0 is not understood")
    if top is None:
        return writer.add("LeakyRelu", [x], x.shape, alpha=slope)
    if slope:
        raise ValueError("a slope below 0 with a largest value is not understood")
    return writer.clip(x, top)


def _leaky(writer: Writer, settings: Settings, inputs: list[Tensor], weight: Weight) -> Tensor:
    return writer.add("LeakyRelu", inputs, inputs[0].shape, alpha=leaky_slope(settings))


def _elu(writer: Writer, settings: Settings, inputs: list[Tensor], weight: Weight) -> Tensor:
    return writer.add("Elu", inputs, inputs[0].shape, alpha=settings["alpha"])


def _activation(writer: Writer, settings: Settings, inputs: list[Tensor], weight: Weight) -> Tensor:
    return writer.activation(settings["activation"], inputs[0])


def _same(writer: Writer, settings: Settings, inputs: list[Tensor], weight: Weight) -> Tensor:
    return inputs[0]


def _flatten(writer: Writer, settings: Settings, inputs: list[Tensor], weight: Weight) -> Tensor:
    (x,) = inputs
    if len(x.shape) == 3:
        x = writer.add("Transpose", [x], x.shape, perm=[0, 2, 3, 1])
    return writer.add("Flatten", [x], (math.prod(x.shape),))


def _pool(kind: str) -> "LayerWriter":
    def write(writer: Writer, settings: Settings, inputs: list[Tensor], weight: Weight) -> Tensor:
        strides = settings["strides"] or settings["pool_size"]
        shape = _picture(inputs[0])
        size, options = _window(shape, settings["pool_size"], strides, settings["padding"])
        return writer.add(kind, inputs, (*size, shape[2]), **options)

    return write


def _global_pool(kind: str) -> "LayerWriter":
    def write(writer: Writer, settings: Settings, inputs: list[Tensor], weight: Weight) -> Tensor:
        channels = _picture(inputs[0])[2]
        made = writer.add(kind, inputs, (1, 1, channels))
        return made if settings["keepdims"] else writer.add("Flatten", [made], (channels,))

    return write


def _merge(kind: str) -> "LayerWriter":
    """Sums and their like: two layers or more, of one shape or (1, 1, channels)."""

    def write(writer: Writer, settings: Settings, inputs: list[Tensor], weight: Weight) -> Tensor:
        if len(inputs) < 2 or len({len(x.shape) for x in inputs}) > 1:
            raise ValueError(f"reads {[x.shape for x in inputs]}")
        shape = tuple(map(int, np.broadcast_shapes(*(x.shape for x in inputs))))
        if kind in ("Mean", "Max"):
            return writer.add(kind, inputs, shape)
        made = inputs[0]
        for x in inputs[1:]:
            made = writer.add(kind, [made, x], shape)
        return made

    return write


def _concatenate(
    writer: Writer, settings: Settings, inputs: list[Tensor], weight: Weight
) -> Tensor:
    if settings["axis"] not in (-1, len(inputs[0].shape)):
        raise ValueError(f"axis {settings['axis']} is not that of the channels")
    if len({x.shape[:-1] for x in inputs}) > 1:
        raise ValueError(f"reads {[x.shape for x in inputs]}")
    shape = (*inputs[0].shape[:-1], sum(x.shape[-1] for x in inputs))
    return writer.add("Concat", inputs, shape, axis=1)


def _zero_padding(
    writer: Writer, settings: Settings, inputs: list[Tensor], weight: Weight
) -> Tensor:
    rows, columns, channels = _picture(inputs[0])
    (top, bottom), (left, right) = settings["padding"]
    pads = np.array([0, 0, top, left, 0, 0, bottom, right])
    shape = (rows + top + bottom, columns + left + right, channels)
    return writer.add("Pad", [inputs[0], pads], shape)


def _rescaling(writer: Writer, settings: Settings, inputs: list[Tensor], weight: Weight) -> Tensor:
    (x,) = inputs
    scaled = writer.add("Mul", [x, np.array([settings["scale"]], np.float32)], x.shape)
    return writer.add("Add", [scaled, np.array([settings["offset"]], np.float32)], x.shape)


LayerWriter = Callable[[Writer, Settings, list[Tensor], Weight], Tensor]
_MERGES = ("Add", "Average", "Concatenate", "Maximum", "Multiply")
_WRITERS: Mapping[str, LayerWriter] = {
    "Activation": _activation,
    "Add": _merge("Add"),
    "Average": _merge("Mean"),
    "AveragePooling2D": _pool("AveragePool"),
    "BatchNormalization": _batch_norm,
    "Concatenate": _concatenate,
    "Conv2D": _conv2d,
    "Dense": _dense,
    "DepthwiseConv2D": _depthwise_conv2d,
    "Dropout": _same,
    "ELU": _elu,
    "Flatten": _flatten,
    "GlobalAveragePooling2D": _global_pool("GlobalAveragePool"),
    "GlobalMaxPooling2D": _global_pool("GlobalMaxPool"),
    "LeakyReLU": _leaky,
    "MaxPooling2D": _pool("MaxPool"),
    "Maximum": _merge("Max"),
    "Multiply": _merge("Mul"),
    "PReLU": _prelu,
    "ReLU": _relu,
    "Rescaling": _rescaling,
    "SeparableConv2D": _separable_conv2d,
    "SpatialDropout2D": _same,
    "ZeroPadding2D": _zero_padding,
}
