"""A graph of Keras's layers as a network of the ONNX standard, for films as we prepare them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import onnx
from onnx import helper

from spinescan.infer.classifier_spec import Activation
from spinescan.train.keras_graph import INPUT, Graph, Layer
from spinescan.train.keras_operators import Tensor, Writer

OPSET = 17
_IR_VERSION = 8  # of opset 17's time: onnxruntime refuses versions that are newer than itself


def to_onnx(
    graph: Graph,
    size: tuple[int, int],
    scale: Sequence[float],
    offset: Sequence[float],
    order: Sequence[int],
) -> bytes:
    """The network (n, 1, rows, columns) in [-1, 1] -> `logits` (n, labels), and `maps` if it can.

    The model sees grey * scale + offset in each of its channels. `order` picks its outputs, one for
    each label. Logits are what its last activation, sigmoid or softmax, is applied to. Maps (n,
    labels, h, w), whose mean is the logit, are there where it is a dense layer over global average
    pooling.

    Raises
    ------
    ValueError
        With the reason, if layers and weights do not fit together, or the outputs not `order`.
    """
    writer = Writer()
    rows, columns = size
    channels = graph.size[2]
    factors = [np.asarray(values, np.float32).reshape(1, -1, 1, 1) for values in (scale, offset)]
    if any(values.size != channels for values in factors):
        raise ValueError(f"it sees {channels} channels, and its input range is of {len(scale)}")
    # One grey channel times a factor for each colour is as many channels: ONNX broadcasts.
    film = writer.add("Mul", [Tensor("input", (rows, columns, 1)), factors[0]], (*size, channels))
    made = {INPUT: writer.add("Add", [film, factors[1]], film.shape)}
    for layer in graph.layers[:-1]:
        made[layer.name] = writer.layer(layer, [made[name] for name in layer.inputs])
    end = graph.layers[-1]
    without_end = replace(end, settings={**end.settings, "activation": "linear"})
    logits = writer.layer(without_end, [made[name] for name in end.inputs])
    if len(logits.shape) != 1 or sorted(order) != list(range(logits.shape[0])):
        raise ValueError(f"it answers {logits.shape}, where the task has {len(order)} labels")
    outputs = {"logits": logits}
    if (features := _pooled(graph, made)) is not None:
        outputs["maps"] = writer.maps(_answering(graph), features)
    declared = []
    for name, tensor in outputs.items():
        writer.node("Gather", [tensor.name, writer.constant(np.asarray(order))], name, axis=1)
        sides = [*tensor.shape[-1:], *tensor.shape[:-1]]
        declared.append(
            helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["batch", *sides])
        )
    entrance = helper.make_tensor_value_info(
        "input", onnx.TensorProto.FLOAT, ["batch", 1, rows, columns]
    )
    model = helper.make_model(
        helper.make_graph(writer.nodes, "classifier", [entrance], declared, writer.constants),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=_IR_VERSION,
        producer_name="spinescan",
    )
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def end_activation(graph: Graph) -> Activation:
    """The activation that a graph ends with: "sigmoid" or "softmax".

    Raises
    ------
    ValueError
        If it ends otherwise.
    """
    end = graph.layers[-1]
    activation = end.settings.get("activation") if end.kind in ("Activation", "Dense") else None
    if activation == "sigmoid":
        return "sigmoid"
    if activation == "softmax":
        return "softmax"
    raise ValueError(
        f"it ends with {end.kind} and the activation {activation}; a classifier ends with sigmoid"
        " or softmax"
    )


def _answering(graph: Graph) -> Layer:
    """The last layer but for an activation of its own."""
    by_name = {layer.name: layer for layer in graph.layers}
    end = graph.layers[-1]
    if end.kind == "Activation" and end.inputs[0] != INPUT:
        return by_name[end.inputs[0]]
    return end


def _pooled(graph: Graph, made: Mapping[str, Tensor]) -> Tensor | None:
    """The features whose mean a linear head reads, if it is one."""
    by_name = {layer.name: layer for layer in graph.layers}
    answer = _answering(graph)
    if answer.kind != "Dense" or (
        answer is not graph.layers[-1] and answer.settings["activation"] != "linear"
    ):
        return None
    before = by_name.get(answer.inputs[0])
    while before is not None and before.kind == "Dropout":
        before = by_name.get(before.inputs[0])
    if before is None or before.kind != "GlobalAveragePooling2D" or before.settings["keepdims"]:
        return None
    return made[before.inputs[0]]
