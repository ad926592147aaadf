"""The weights that a training starts from: an encoder's, an earlier training's, or a bundle's."""

import hashlib
import pickle
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper

from spinescan.core.errors import BundleError, DataError
from spinescan.infer.bundle import BUNDLE_FILE, Bundle
from spinescan.train.network import Finder, Refiner, load_encoder

RUN_FILE = "run.json"
"""What an earlier training notes of itself in its folder."""

_COUNTER = "num_batches_tracked"
"""Of a batch norm: unused where its momentum is fixed, and not in ONNX."""


def load_weights(network: Finder | Refiner, weights: Path | None, name: str) -> None:
    """Start the network that is called `name` from `weights`.

    These are a file (`load_encoder`), the folder of a bundle (`load_bundle_weights`), or the folder
    of an earlier training, which holds `NAME.pt`. None leaves the network as it is.

    Raises
    ------
    BundleError
        If a bundle is damaged.
    DataError
        If there are no such weights, or they are another network's.
    """
    if weights is None or not weights.is_dir():
        load_encoder(network, weights)
    elif (weights / BUNDLE_FILE).is_file():
        load_bundle_weights(network, weights, name)
    else:
        _load_checkpoint(network, weights / f"{name}.pt", name)


def load_bundle_weights(network: torch.nn.Module, bundle: Path, name: str) -> None:
    """Take the weights of a bundle's network: its ONNX file bears the names of the torch one.

    Raises
    ------
    BundleError
        If the bundle is damaged or has no network of that name.
    DataError
        If the network is another one, or was exported with its batch norms folded away.
    """
    networks = Bundle.load(bundle).networks
    if name not in networks:
        raise BundleError(f"{bundle}: expected a network {name!r}, got {', '.join(networks)}")
    path = networks[name].path
    stored = onnx_weights(path)
    own = {key: value for key, value in network.state_dict().items() if _COUNTER not in key}
    lacking = [key for key in own if key not in stored]
    surplus = [key for key in stored if key not in own and "::" not in key]  # "::": folded by torch
    if lacking or surplus:
        raise DataError(
            f"{path}: not the weights of this {name}: of {len(own)} tensors it lacks {len(lacking)}"
            f"{_such_as(lacking)}, and has {len(surplus)} others{_such_as(surplus)}; is it of "
            "another recipe, or exported with its batch norms folded away?"
        )
    for key, value in own.items():
        if stored[key].shape != tuple(value.shape):
            raise DataError(
                f"{path}: tensor {key!r} should have shape {tuple(value.shape)}, got "
                f"{stored[key].shape}; does the recipe differ in channels?"
            )
    tensors = {key: torch.from_numpy(stored[key].copy()) for key in own}
    network.load_state_dict(tensors, strict=False)  # but for the counters, nothing is missing


def weights_note(weights: Path | None) -> str | None:
    """What a bundle's provenance tells of the weights that its training started from."""
    if weights is None:
        return None
    if not weights.is_dir():
        return weights.name
    if (weights / BUNDLE_FILE).is_file():
        bundle = Bundle.load(weights)
        return f"bundle {bundle.name} {bundle.version}, {_digest(weights / BUNDLE_FILE)}"
    return f"earlier training, {_digest(weights / RUN_FILE)}"


def taught_on(weights: Path | None) -> frozenset[str]:
    """The sets that the weights of a bundle or of an earlier training were taught on.

    A model that was carried on has seen them too.
    """
    if weights is None or not weights.is_dir():
        return frozenset()
    for folder in (weights, weights / "bundle"):
        if (folder / BUNDLE_FILE).is_file():
            return frozenset(Bundle.load(folder).provenance.get("trained_on", ()))
    return frozenset()


def _load_checkpoint(network: torch.nn.Module, path: Path, name: str) -> None:
    try:
        network.load_state_dict(torch.load(path, weights_only=True)["network"])
    except (OSError, RuntimeError, KeyError, pickle.UnpicklingError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path}: not a checkpoint of this {name} ({reason})") from error


def onnx_weights(path: Path) -> dict[str, NDArray[np.generic]]:
    """The tensors of an ONNX file by name.

    torch stores tensors that are equal once, and gives the others as `Identity` of the first. What
    is stored as 16-bit floats is widened by a `Cast`.
    """
    try:
        graph = onnx.load(path, load_external_data=False).graph
        tensors = {part.name: numpy_helper.to_array(part) for part in graph.initializer}
    except Exception as error:  # protobuf's and onnx's errors share no base class
        raise BundleError(f"{path}: not ONNX that can be read ({error})") from error
    same = {
        node.output[0]: tensors[node.input[0]]
        for node in graph.node
        if node.op_type == "Identity" and node.input[0] in tensors
    }
    wide = {
        node.output[0]: tensors[node.input[0]].astype(np.float32)
        for node in graph.node
        if node.op_type == "Cast" and node.input[0] in tensors
    }
    return tensors | same | wide


def _such_as(names: list[str]) -> str:
    return f" ({names[0]}, ...)" if names else ""


def _digest(path: Path) -> str:
    """Name and SHA-256 of a file that notes what is beside it."""
    note = path.read_bytes() if path.is_file() else b""
    return f"{path.name} {hashlib.sha256(note).hexdigest()}"
