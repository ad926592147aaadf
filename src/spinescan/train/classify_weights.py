"""What a classifier starts from: a file, an earlier training, a bundle."""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from spinescan.core.errors import BundleError, DataError
from spinescan.core.task import Task
from spinescan.infer.bundle import BUNDLE_FILE, CLASSIFIER, Bundle
from spinescan.train.checkpoint import onnx_weights
from spinescan.train.classifier import Classifier
from spinescan.train.classify_run import network_folder, read_note
from spinescan.train.epochs import BEST

_BODY = "backbone.body."
_FINDER = "finder"
_ENCODER = "pyramid.encoder."
_TOP = ("conv_head", "bn2")
"""What timm's networks of the EfficientNet family have behind the last maps of an encoder."""
_COUNTER = "num_batches_tracked"
"""Of a batch norm: unused where its momentum is fixed, and not in ONNX."""


class Stored(NamedTuple):
    """Weights by the names that they have in a `Classifier`, and what their head answers."""

    tensors: Mapping[str, Tensor]
    labels: tuple[str, ...] = ()
    trained_on: tuple[str, ...] = ()
    encoder: bool = False


def load_start(network: Classifier, weights: Path, task: Task) -> tuple[str, tuple[str, ...]]:
    """Start a network from `weights`.

    Returns what was taken, "backbone", "backbone and head" or "encoder", and the sets that these
    weights were taught on, where that is told.

    These are a safetensors file with timm's names for the backbone (the layers that named
    ImageNet's classes are passed over), the folder of an earlier classifier's training or of one of
    its networks, a classifier's bundle, or a landmark bundle, whose finder's encoder is taken: the
    few layers that a backbone has beyond it start anew. A head is taken over where it answers the
    same labels and has the same layers.

    A first layer for three colours becomes one for grey by its sum, and one for grey becomes one
    for three colours by its third: the answer to a grey film stays the same.

    Raises
    ------
    DataError, BundleError
        If there are no such weights, or they are another backbone's.
    """
    if not weights.is_dir():
        found = Stored({_BODY + name: value for name, value in _read_safetensors(weights).items()})
    elif (weights / BUNDLE_FILE).is_file():
        found = _read_bundle(weights)
    else:
        found = _read_run(weights)
    stored = found.tensors
    own = network.state_dict()
    taken = {}
    for name, value in own.items():
        if not name.startswith(_BODY):
            continue
        if name not in stored:
            if name.endswith(_COUNTER) or (found.encoder and name.split(".")[2] in _TOP):
                continue
            raise DataError(
                f"{weights}: no tensor {name.removeprefix(_BODY)!r}; are these weights of another "
                f"backbone than {network.backbone.name!r}?"
            )
        taken[name] = _grey(stored[name], value)
        if taken[name].shape != value.shape:
            raise DataError(
                f"{weights}: tensor {name.removeprefix(_BODY)!r} should have shape "
                f"{tuple(value.shape)}, got {tuple(stored[name].shape)}"
            )
    head = {name: stored.get(name) for name in own if name.startswith("head.")}
    same = found.labels == task.codes and all(
        value is not None and value.shape == own[name].shape for name, value in head.items()
    )
    if same:
        taken |= {name: value for name, value in head.items() if value is not None}
    network.load_state_dict(taken, strict=False)
    taken_over = "encoder" if found.encoder else "backbone"
    return f"{taken_over} and head" if same else taken_over, found.trained_on


def _grey(stored: Tensor, own: Tensor) -> Tensor:
    stored = stored.float() if stored.is_floating_point() else stored
    if stored.ndim == 4 and own.ndim == 4 and stored.shape[1] != own.shape[1]:
        if own.shape[1] == 1:
            return stored.sum(1, keepdim=True)
        if stored.shape[1] == 1:
            return (stored / own.shape[1]).expand(-1, own.shape[1], -1, -1)
    return stored


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        tensors: dict[str, Tensor] = load_file(path)
    except (OSError, ValueError, SafetensorError) as error:
        raise DataError(f"{path}: not a safetensors file that can be read ({error})") from error
    return tensors


def _read_bundle(folder: Path) -> Stored:
    bundle = Bundle.load(folder)
    trained_on = tuple(bundle.provenance.get("trained_on", ()))
    if bundle.classifier is not None:
        arrays = onnx_weights(bundle.networks[CLASSIFIER].path)
        tensors = {name: torch.from_numpy(value.copy()) for name, value in arrays.items()}
        return Stored(tensors, bundle.classifier.task.codes, trained_on)
    if _FINDER not in bundle.networks:
        raise BundleError(f"{folder}: expected a classifier or landmarks, got {bundle.task}")
    tensors = {
        _BODY + name.removeprefix(_ENCODER): torch.from_numpy(value.copy())
        for name, value in onnx_weights(bundle.networks[_FINDER].path).items()
        if name.startswith(_ENCODER)
    }
    return Stored(tensors, trained_on=trained_on, encoder=True)


def _read_run(folder: Path) -> Stored:
    place = network_folder(folder)
    try:
        values = torch.load(place / BEST, map_location="cpu", weights_only=True)["network"]
    except (OSError, RuntimeError, KeyError, pickle.UnpicklingError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{place / BEST}: not a classifier's weights ({reason})") from error
    note = read_note(place.parent)
    return Stored(values, note.task.codes, note.trained_on)
