"""The layers of Keras that are understood, and which of their settings an answer depends on.

A layer's settings are taken one by one: those that only matter while a model learns are left out
unread, and one that is in neither list is refused, so nothing is passed over that could change an
answer. Keras 2 and 3 differ in some names; what comes out is spelt as Keras 3 does.
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from spinescan.train.keras_file import shown

ACTIVATIONS = frozenset(
    {"linear", "relu", "relu6", "sigmoid", "softmax", "tanh", "elu", "selu", "swish", "silu"}
)


class _Needed:
    """The default of a setting that has none."""


class _Rule(NamedTuple):
    read: Callable[[Any], Any]
    default: Any = _Needed


def _count(value: Any) -> int:
    if type(value) is not int or not 1 <= value <= 2**20:
        raise ValueError("is not a count")
    return value


def _whole(value: Any) -> int:
    if type(value) is not int or abs(value) > 2**20:
        raise ValueError("is not a whole number")
    return value


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError("is not a number")
    return float(value)


def _flag(value: Any) -> bool:
    if type(value) is not bool:
        raise ValueError("is neither true nor false")
    return value


def _pair(value: Any) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("is not a pair")
    return _count(value[0]), _count(value[1])


def _only(*allowed: Any) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if not any(type(value) is type(one) and value == one for one in allowed):
            raise ValueError(f"is not one of {', '.join(map(str, allowed))}")
        return value

    return read


def _or_none(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else read(value)


def _last_axis(value: Any) -> int:
    """The channels', which Keras 2 also gives as a list of one."""
    axis = value[0] if isinstance(value, list) and len(value) == 1 else value
    return _whole(axis)


def _margins(value: Any) -> tuple[tuple[int, int], tuple[int, int]]:
    (top, bottom), (left, right) = value
    if any(type(n) is not int or not 0 <= n <= 4096 for n in (top, bottom, left, right)):
        raise ValueError("is not two pairs of counts")
    return (top, bottom), (left, right)


def _axes(value: Any) -> tuple[int, ...]:
    return tuple(map(_whole, [value] if isinstance(value, int) else value))


def _activation(value: Any) -> str:
    if value is None:
        return "linear"
    if not isinstance(value, str) or value not in ACTIVATIONS:
        raise ValueError(f"is none of {', '.join(sorted(ACTIVATIONS))}")
    return value


def _float_type(value: Any) -> None:
    """Any type of numbers that weights can be read in; all is reckoned in float32."""
    name = value.get("config", {}).get("name") if isinstance(value, dict) else value
    if isinstance(value, dict) and value.get("class_name") not in ("Policy", "DTypePolicy"):
        name = value.get("class_name")
    if name not in _FLOAT_TYPES:
        raise ValueError(f"is none of {', '.join(_FLOAT_TYPES)}")


_FLOAT_TYPES = ("float32", "mixed_float16", "mixed_bfloat16", "float16", "bfloat16", "float64")
_BESIDE = re.compile(
    r"name|batch_input_shape|trainable|\w+_(initializer|regularizer|constraint)|seed|momentum"
    r"|renorm_\w+|synchronized"
)
"""Settings that matter while a model learns only, or that are read elsewhere."""
_CHANNELS_LAST = {"data_format": _Rule(_or_none(_only("channels_last")), None)}
_BIAS_ACTIVATION = {"use_bias": _Rule(_flag, True), "activation": _Rule(_activation, "linear")}
_WINDOW = {"padding": _Rule(_only("valid", "same"), "valid"), **_CHANNELS_LAST}
_CONVOLUTION = {
    "kernel_size": _Rule(_pair),
    "strides": _Rule(_pair, (1, 1)),
    "dilation_rate": _Rule(_pair, (1, 1)),
    **_WINDOW,
    **_BIAS_ACTIVATION,
}
_POOLING = {"pool_size": _Rule(_pair), "strides": _Rule(_or_none(_pair), None), **_WINDOW}
_GLOBAL_POOLING = {"keepdims": _Rule(_flag, False), **_CHANNELS_LAST}
_DROPOUT = {"rate": _Rule(_number), "noise_shape": _Rule(lambda _: None, None)}

LAYERS: Mapping[str, Mapping[str, _Rule]] = {
    "Activation": {"activation": _Rule(_activation)},
    "Add": {},
    "Average": {},
    "AveragePooling2D": _POOLING,
    "BatchNormalization": {
        "axis": _Rule(_last_axis, -1),
        "epsilon": _Rule(_number),
        "center": _Rule(_flag, True),
        "scale": _Rule(_flag, True),
        "renorm": _Rule(_only(False), False),
    },
    "Concatenate": {"axis": _Rule(_whole, -1)},
    "Conv2D": {**_CONVOLUTION, "filters": _Rule(_count), "groups": _Rule(_count, 1)},
    "Dense": {
        **_BIAS_ACTIVATION,
        "units": _Rule(_count),
        "quantization_config": _Rule(_only(None), None),
    },
    "DepthwiseConv2D": {
        **_CONVOLUTION,
        "depth_multiplier": _Rule(_count, 1),
        "groups": _Rule(_only(1), 1),
    },
    "Dropout": _DROPOUT,
    "ELU": {"alpha": _Rule(_number, 1.0)},
    "Flatten": _CHANNELS_LAST,
    "GlobalAveragePooling2D": _GLOBAL_POOLING,
    "GlobalMaxPooling2D": _GLOBAL_POOLING,
    "LeakyReLU": {"alpha": _Rule(_number, None), "negative_slope": _Rule(_number, None)},
    "MaxPooling2D": _POOLING,
    "Maximum": {},
    "Multiply": {},
    "PReLU": {"shared_axes": _Rule(_or_none(_axes), None)},
    "ReLU": {
        "max_value": _Rule(_or_none(_number), None),
        "negative_slope": _Rule(_or_none(_number), 0.0),
        "threshold": _Rule(_or_none(_number), 0.0),
    },
    "Rescaling": {"scale": _Rule(_number), "offset": _Rule(_number, 0.0)},
    "SeparableConv2D": {
        **_CONVOLUTION,
        "filters": _Rule(_count),
        "depth_multiplier": _Rule(_count, 1),
        "groups": _Rule(_only(1), 1),
    },
    "Softmax": {"axis": _Rule(_only(-1), -1)},
    "SpatialDropout2D": {"rate": _Rule(_number), **_CHANNELS_LAST},
    "ZeroPadding2D": {"padding": _Rule(_margins), **_CHANNELS_LAST},
}
"""The settings of each layer that its answer depends on."""

_FOREIGN = {
    "Lambda": "a Lambda layer, which is a program",
    "TFOpLambda": "an operation of TensorFlow outside of a layer (preprocess_input in the model?)",
    "SlicingOpLambda": "an operation of TensorFlow outside of a layer",
}


def read_settings(kind: str, name: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a layer that its answer depends on, all of them, checked.

    Raises
    ------
    ValueError
        If the layer or a setting of it is not understood.
    """
    if kind not in LAYERS:
        what = _FOREIGN.get(kind, f"a layer that is not understood: {shown(kind)}")
        raise ValueError(f"{shown(name)} is {what}")
    rules = LAYERS[kind]
    for key, value in config.items():
        try:
            if key == "dtype":
                _float_type(value)
            elif key not in rules and not _BESIDE.fullmatch(key):
                raise ValueError("is not understood")
        except ValueError as error:
            raise _unfit(kind, name, key, value, error) from error
    settings = {}
    for key, rule in rules.items():
        if key not in config and rule.default is _Needed:
            raise ValueError(f"{kind} {shown(name)} lacks {key}")
        try:
            settings[key] = rule.read(config[key]) if key in config else rule.default
        except (ValueError, TypeError) as error:
            raise _unfit(kind, name, key, config[key], error) from error
    return settings


def _unfit(kind: str, name: str, key: str, value: object, error: Exception) -> ValueError:
    return ValueError(f"{kind} {shown(name)}: {shown(key)} {shown(value)} {error}")


def keras3_settings(kind: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The same settings as Keras 3 spells them."""
    unknown_to_some = ("renorm", "quantization_config")  # off, as they were read
    spelt = {key: value for key, value in settings.items() if key not in unknown_to_some}
    if kind in ("DepthwiseConv2D", "SeparableConv2D"):
        del spelt["groups"]
    if kind == "LeakyReLU":
        spelt = {"negative_slope": leaky_slope(settings)}
    if kind == "ReLU":
        spelt |= {key: spelt[key] or 0.0 for key in ("negative_slope", "threshold")}
    return spelt


def leaky_slope(settings: Mapping[str, Any]) -> float:
    """The slope of a LeakyReLU below 0, by whichever of its names it was given."""
    given = [settings[key] for key in ("negative_slope", "alpha") if settings[key] is not None]
    return float(given[0]) if given else 0.3
