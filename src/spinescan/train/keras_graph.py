"""The architecture of a Keras file as one flat list of layers, models within models unfolded."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinescan.train.keras_file import KerasFile, Weights, shown
from spinescan.train.keras_layers import keras3_settings, read_settings

Size = tuple[int | None, int | None, int]
"""Rows, columns, channels; None where the model takes any."""

_MODELS = ("Functional", "Model", "Sequential")
_MOST_LAYERS = 5000
_DEEPEST = 8


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One layer at work: what it is, what it reads, and its weights by their names.

    `path` is its own name, behind those of the models that it is in, and `name` all of them
    ("resnet50/conv1"); `inputs` are names of other layers, or of the `Graph`'s input.
    """

    kind: str
    path: tuple[str, ...]
    settings: Mapping[str, Any]
    inputs: tuple[str, ...]
    weights: Mapping[str, NDArray[np.float32]]

    @property
    def name(self) -> str:
        return "/".join(self.path)


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """The layers in an order in which they can be reckoned; the last one answers.

    `config` is the architecture once more, nested as it was, with nothing left in it that was not
    understood: what Keras may be given to build.
    """

    size: Size
    layers: tuple[Layer, ...]
    config: dict[str, Any]


INPUT = ""
"""The name of a graph's input."""


def read_graph(file: KerasFile) -> Graph:
    """Unfold the architecture of a file.

    Raises
    ------
    ValueError
        With the reason, if a part of it is not understood, or its weights do not belong to it.
    """
    walk = _Walk(file)
    try:
        config, answer = walk.model(file.config, INPUT, (), None, 0)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"its architecture is not as Keras writes it ({error!r})") from error
    if walk.size is None or not walk.layers:
        raise ValueError("its architecture lacks an input, or layers")
    if walk.layers[-1].name != answer:
        raise ValueError("its last layer is not the one that answers")
    left = {id(values) for group in file.weights.values() for values in group.values()}
    left -= {id(values) for layer in walk.layers for values in layer.weights.values()}
    if left:
        raise ValueError(f"{len(left)} of its weights belong to no layer")
    return Graph(walk.size, tuple(walk.layers), config)


@dataclass(slots=True)
class _Walk:
    """Goes through models within models; collects the layers in order."""

    file: KerasFile
    layers: list[Layer] = field(default_factory=list)
    size: Size | None = None

    def model(
        self,
        entry: Mapping[str, Any],
        source: str,
        path: tuple[str, ...],
        weights: Weights | None,
        depth: int,
    ) -> tuple[dict[str, Any], str]:
        """A model that reads `source`: its config, cleaned, and the name of what answers."""
        kind, config = entry["class_name"], entry["config"]
        if kind not in _MODELS:
            raise ValueError(f"it is a {shown(kind)}, not a Sequential or functional model")
        if depth > _DEEPEST:
            raise ValueError("its models are nested too deep")
        if not isinstance(config, dict) or not isinstance(config["layers"], list):
            raise ValueError("it is of a Keras that is too old")
        names = [_name(inner) for inner in config["layers"]]
        if len(set(names)) < len(names):
            raise ValueError("two layers of a model have one name")
        unfold = self._sequential if kind == "Sequential" else self._functional
        layers, more, answer = unfold(config, source, path, weights, depth)
        cleaned = {"name": str(config["name"]), "layers": layers, **more}
        return {"class_name": _model_class(kind), "config": cleaned}, answer

    def _sequential(
        self,
        config: Mapping[str, Any],
        source: str,
        path: tuple[str, ...],
        weights: Weights | None,
        depth: int,
    ) -> tuple[list[dict[str, Any]], dict[str, Any], str]:
        cleaned: list[dict[str, Any]] = []
        entries = config["layers"]
        if entries[0]["class_name"] != "InputLayer":
            shape = _shape(entries[0]["config"]) or config.get("build_input_shape")
            if shape is None and not path and entries[0]["class_name"] in _MODELS:
                shape = _inner_shape(entries[0])
            entries = [_input_layer(shape, "input_of_" + str(config["name"])), *entries]
        for number, entry in enumerate(entries):
            if entry["class_name"] == "InputLayer" and number:
                raise ValueError("an input lies within a Sequential model")
            inner, source = self._layer(entry, (source,), path, weights, depth)
            cleaned.append(inner)
        return cleaned, {}, source

    def _functional(
        self,
        config: Mapping[str, Any],
        source: str,
        path: tuple[str, ...],
        weights: Weights | None,
        depth: int,
    ) -> tuple[list[dict[str, Any]], dict[str, Any], str]:
        (entrance,), (end,) = _ends(config["input_layers"]), _ends(config["output_layers"])
        waiting = {_name(entry): entry for entry in config["layers"]}
        reads = {name: tuple(_calls(entry)) for name, entry in waiting.items()}
        cleaned: dict[str, dict[str, Any]] = {}
        made: dict[str, str] = {}
        while waiting:
            ready = [name for name in waiting if all(one in made for one in reads[name])]
            if not ready:
                raise ValueError("its layers read each other in a circle, or what is not there")
            for name in ready:
                entry = waiting.pop(name)
                if (entry["class_name"] == "InputLayer") != (name == entrance):
                    raise ValueError("it must have one input, and be its only one")
                inputs = tuple(made[one] for one in reads[name]) or (source,)
                if name != entrance and not reads[name]:
                    raise ValueError(f"{shown(name)} reads nothing")
                cleaned[name], made[name] = self._layer(entry, inputs, path, weights, depth)
                cleaned[name] |= {"name": name, "inbound_nodes": _nodes(reads[name])}
        unread = set(made) - {one for inputs in reads.values() for one in inputs} - {end}
        if unread:
            raise ValueError(f"nothing reads {shown(min(unread))}")
        ends = {"input_layers": [entrance, 0, 0], "output_layers": [end, 0, 0]}
        return [cleaned[_name(entry)] for entry in config["layers"]], ends, made[end]

    def _layer(
        self,
        entry: Mapping[str, Any],
        inputs: tuple[str, ...],
        path: tuple[str, ...],
        weights: Weights | None,
        depth: int,
    ) -> tuple[dict[str, Any], str]:
        """One layer, or model, that reads `inputs`: cleaned, and the name of what it makes."""
        kind, name, config = entry["class_name"], _name(entry), entry["config"]
        if kind == "InputLayer":
            return self._entrance(name, _shape(config)), inputs[0]
        if weights is None:
            weights = self.file.weights.get(name, {})
        if kind in _MODELS:
            if len(inputs) != 1:
                raise ValueError(f"the model {shown(name)} reads several layers")
            return self.model(entry, inputs[0], (*path, name), weights, depth + 1)
        if entry.get("registered_name") not in (None, kind) or not str(
            entry.get("module", "keras.layers")
        ).startswith("keras."):
            raise ValueError(f"{shown(name)} is a layer of one's own: {shown(kind)}")
        settings = read_settings(kind, name, config)
        if kind == "Softmax":
            kind, settings = "Activation", {"activation": "softmax"}
        renamed = {"depthwise_kernel": "kernel"} if kind == "DepthwiseConv2D" else {}  # in Keras 3
        own = {
            renamed.get(parts[-1], parts[-1]): values
            for parts, values in weights.items()
            if not path or (len(parts) > 1 and parts[-2] == name)
        }
        layer = Layer(kind, (*path, name), settings, inputs, own)
        self.layers.append(layer)
        if len(self.layers) > _MOST_LAYERS:
            raise ValueError("it has too many layers")
        cleaned = {
            "name": name,
            "dtype": "float32",
            **keras3_settings(kind, settings),
        }
        return {"class_name": kind, "config": cleaned}, layer.name

    def _entrance(self, name: str, shape: Any) -> dict[str, Any]:
        if not isinstance(shape, list | tuple) or len(shape) != 4:
            raise ValueError(f"its input is no picture: {shown(shape)}")
        rows, columns, channels = shape[1:]
        for side in (rows, columns):
            if side is not None and (type(side) is not int or not 1 <= side <= 4096):
                raise ValueError(f"its input has an unfit size: {shown(shape)}")
        if type(channels) is not int or channels < 1:
            raise ValueError(f"its input has no fixed channels: {shown(shape)}")
        if self.size is None:
            self.size = (rows, columns, channels)
        return _input_layer([None, rows, columns, channels], name)


def _name(entry: Mapping[str, Any]) -> str:
    name = entry.get("name") or entry["config"]["name"]
    if not isinstance(name, str) or not name or len(name) > 200:
        raise ValueError(f"a layer's name is not text: {shown(name)}")
    return name


def _model_class(kind: str) -> str:
    return "Sequential" if kind == "Sequential" else "Functional"


def _input_layer(shape: Any, name: str) -> dict[str, Any]:
    config = {"name": name, "batch_shape": shape, "dtype": "float32"}
    return {"class_name": "InputLayer", "config": config}


def _shape(config: Mapping[str, Any]) -> Any:
    return config.get("batch_shape") or config.get("batch_input_shape")


def _inner_shape(entry: Mapping[str, Any]) -> Any:
    """The input of a model's first input layer, which is also that of the model around it."""
    first = entry["config"]["layers"][0]
    return _shape(first["config"]) if first["class_name"] == "InputLayer" else None


def _ends(value: Any) -> list[str]:
    """Names of a model's inputs or outputs: [[name, 0, 0], ...], or one alone in Keras 3."""
    ends = [value] if isinstance(value[0], str) else value
    if len(ends) != 1:
        raise ValueError("it has several inputs or outputs")
    return [str(end[0]) for end in ends]


def _calls(entry: Mapping[str, Any]) -> Iterator[str]:
    """The names of the layers that a layer of a functional model reads."""
    nodes = entry["inbound_nodes"]
    if len(nodes) > 1:
        raise ValueError(f"{shown(_name(entry))} is used more than once")
    for node in nodes:
        if isinstance(node, dict):
            _check_options(entry, node["kwargs"])
            parts = node["args"]
            if len(parts) != 1:
                raise ValueError(f"{shown(_name(entry))} is called in an unusual way")
            tensors = parts[0] if isinstance(parts[0], list) else parts
            sources = [tensor["config"]["keras_history"] for tensor in tensors]
        else:
            sources = [node] if isinstance(node[0], str) else node
        for source in sources:
            if source[2] != 0:
                raise ValueError(f"{shown(_name(entry))} reads a second output")
            if len(source) > 3:
                _check_options(entry, source[3])
            yield str(source[0])


def _check_options(entry: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    """A layer may be told that the model learns, or not; an import always answers."""
    unusual = {key: value for key, value in options.items() if value is not None}
    if not unusual.keys() <= {"training"} or unusual.get("training"):
        raise ValueError(f"{shown(_name(entry))} is called with {shown(unusual)}")


def _nodes(reads: tuple[str, ...]) -> list[Any]:
    """The one call of a layer, as Keras 2 wrote it: Keras 3 reads it too."""
    return [[[name, 0, 0, {}] for name in reads]] if reads else []
