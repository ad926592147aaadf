"""Trained networks to a bundle; refused unless onnxruntime agrees with torch."""

import json
import shutil
import warnings
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from spinescan.core.errors import BundleError
from spinescan.infer.bundle import BUNDLE_FILE, CARD_FILE, file_digest
from spinescan.infer.preprocess import InputSpec

_AGREE_PX = 0.05
"""Largest difference between torch and onnxruntime, in the output's own unit (pixels, logits)."""


def export_bundle(
    folder: Path,
    networks: Mapping[str, tuple[nn.Module, InputSpec]],
    *,
    name: str,
    version: str,
    task: str,
    settings: Mapping[str, float],
    provenance: Mapping[str, Any],
    summary: Mapping[str, Any],
    more: Mapping[str, Any] | None = None,
    agree: float = _AGREE_PX,
    half: bool = False,
) -> None:
    """Write `folder` with one ONNX file for each network and `bundle.json`; a card in it is kept.

    A network may name its outputs (`outputs`). `more` are keys of `bundle.json` that belong to the
    task, and `agree` is how far onnxruntime may be off, in the outputs' own unit. For `half` see
    `export_network`.

    Raises
    ------
    BundleError
        If an exported network does not answer as the torch one does.
    """
    draft = folder.with_name(folder.name + ".draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    entries = {}
    for key, (network, spec) in networks.items():
        path = draft / f"{key}.onnx"
        export_network(network, spec, path, agree=agree, half=half)
        entries[key] = {
            "file": path.name,
            "sha256": file_digest(path),
            "input": asdict(spec),
        }
    values = {
        "name": name,
        "version": version,
        "task": task,
        **(more or {}),
        "networks": entries,
        "settings": dict(settings),
        "provenance": dict(provenance),
        "summary": dict(summary),
    }
    (draft / BUNDLE_FILE).write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    if (folder / CARD_FILE).is_file():
        shutil.copy(folder / CARD_FILE, draft / CARD_FILE)
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)


def export_network(
    network: nn.Module,
    spec: InputSpec,
    path: Path,
    *,
    agree: float = _AGREE_PX,
    half: bool = False,
) -> None:
    """Write one network as ONNX with a free batch size, and check it against torch.

    With `half` the weights are stored as 16-bit floats, in a file of half the size; the network
    computes in 32 bits all the same. What is rounded is the network itself, before the check.
    """
    network = network.eval().float().to(memory_format=torch.contiguous_format)
    if half:
        for weights in network.parameters():
            if weights.ndim > 1:  # biases and batch norms are small
                weights.data = weights.data.half().float()
    example = torch.rand(2, 1, spec.rows, spec.columns) * 2 - 1
    with warnings.catch_warnings():
        # torch warns that this exporter (by tracing) is its older one.
        warnings.simplefilter("ignore", DeprecationWarning)
        # Sizes become constants, as they are meant to; the check below has another batch.
        warnings.simplefilter("ignore", torch.jit.TracerWarning)
        torch.onnx.export(
            network,
            (example,),
            path,
            input_names=["input"],
            output_names=list(getattr(network, "outputs", ())) or None,
            dynamic_axes={"input": {0: "batch"}},
            dynamo=False,
            # Keeps the batch norms and the tensors' names, so that a training can start from a
            # bundle; onnxruntime folds them itself.
            training=torch.onnx.TrainingMode.PRESERVE,
            do_constant_folding=False,
        )
    if half:
        store_half(path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    probe = torch.rand(3, 1, spec.rows, spec.columns) * 2 - 1
    with torch.inference_mode():
        answer = network(probe)
    expected = answer if isinstance(answer, tuple) else (answer,)
    got = session.run(None, {"input": probe.numpy()})
    for ours, theirs in zip(expected, got, strict=True):
        difference = float(np.abs(ours.numpy() - theirs).max())
        if not difference <= agree:
            raise BundleError(f"{path}: onnxruntime differs from torch by {difference:.4f}")


def store_half(path: Path) -> None:
    """Store an ONNX file's 32-bit weights as 16-bit floats, each widened again as it is loaded."""
    model = onnx.load(path)
    graph, widened = model.graph, []
    for weights in graph.initializer:
        values = numpy_helper.to_array(weights)
        if values.dtype != np.float32 or values.ndim < 2:
            continue
        name, half = weights.name, weights.name + ".half"
        weights.CopyFrom(numpy_helper.from_array(values.astype(np.float16), half))
        widened.append(helper.make_node("Cast", [half], [name], to=TensorProto.FLOAT))
    nodes = [*widened, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.save(model, path)
