"""A Keras `.h5` file, taken as data: its architecture as JSON and its weights as numbers.

Nothing of it is built, imported or unpickled here. HDF5 lets a file point at other files, hold
anything in an attribute, and call plug-ins to unpack itself; Keras writes none of that, so whatever
Keras does not write is refused.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from spinescan.infer.bundle import MAX_NETWORK_BYTES

Weights = Mapping[tuple[str, ...], NDArray[np.float32]]
"""The weights of an outermost layer by their names in parts, such as ("conv1", "kernel")."""

_ROOT_ATTRIBUTES = ("model_config", "training_config", "keras_version", "backend")
_GROUP_ATTRIBUTE = re.compile(r"(layer_names|weight_names)\d*|keras_version|backend")
_VERSION = re.compile(r"[23]\.\d{1,3}(\.\d{1,3})?[\w.+-]{0,20}")
_BACKENDS = ("tensorflow", "jax", "torch")  # Theano's kernels are mirrored
_MAX_OBJECTS = 100_000
_MAX_DEPTH = 32
_MAX_CONFIG_BYTES = 32 * 2**20


@dataclass(frozen=True, slots=True, eq=False)
class KerasFile:
    """What is taken from a file.

    `config` is the architecture as the file has it, not yet judged; `weights` are those of each
    outermost layer, in the file's order; `version` is that of the Keras that wrote it.
    """

    config: dict[str, Any]
    weights: Mapping[str, Weights]
    version: str
    backend: str


def read_keras_file(path: Path) -> KerasFile:
    """Read a model that Keras 2 or 3 saved whole as HDF5.

    Raises
    ------
    ValueError
        With the reason, if it is anything else, or holds more than Keras writes.
    OSError
        If it cannot be read.
    """
    with path.open("rb") as stream:
        start = stream.read(8)
    if start.startswith(b"PK"):
        raise ValueError(
            "it is an archive (Keras's own .keras format?); load it where it was made and save it"
            " as .h5"
        )
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise ValueError(f"it is not HDF5 that can be read ({error})") from error
    with file:
        try:
            _check_contents(file)
            return _read(file)
        except (KeyError, OSError, RuntimeError, TypeError, AttributeError) as error:
            raise ValueError(f"its HDF5 is damaged or unusual ({error!r})") from error


def _read(file: h5py.File) -> KerasFile:
    if "model_config" not in file.attrs:
        raise ValueError(
            "it holds no architecture (weights alone?); save the whole model with model.save(...)"
        )
    version, backend = _text(file.attrs["keras_version"]), _text(file.attrs["backend"])
    if not _VERSION.fullmatch(version):
        raise ValueError(f"it was saved by Keras {shown(version)}; 2 and 3 are understood")
    if backend not in _BACKENDS:
        raise ValueError(f"it was saved with the backend {shown(backend)}")
    text = _text(file.attrs["model_config"])
    if len(text) > _MAX_CONFIG_BYTES:
        raise ValueError("its architecture is too long")
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"its architecture is not JSON ({type(error).__name__})") from error
    if not isinstance(config, dict):
        raise ValueError("its architecture is not a JSON object")
    return KerasFile(config, _read_weights(file["model_weights"]), version, backend)


def _read_weights(group: h5py.Group) -> dict[str, Weights]:
    room = MAX_NETWORK_BYTES
    weights: dict[str, Weights] = {}
    for layer in _names(group, "layer_names"):
        taken: dict[tuple[str, ...], NDArray[np.float32]] = {}
        for name in _names(group[layer], "weight_names"):
            data = group[layer][name]
            if not isinstance(data, h5py.Dataset) or data.dtype.kind != "f":
                raise ValueError(f"weight {shown(name)} is not an array of floating-point numbers")
            room -= 4 * data.size
            if room < 0:
                raise ValueError(f"its weights are larger than {MAX_NETWORK_BYTES} bytes")
            values = np.asarray(data[()], np.float32)
            if not np.isfinite(values).all():
                raise ValueError(f"weight {shown(name)} holds what is no finite number")
            parts = tuple(name.removesuffix(":0").split("/"))
            if taken.setdefault(parts, values) is not values:
                raise ValueError(f"weight {shown(name)} is there twice")
        if layer in weights:
            raise ValueError(f"layer {shown(layer)} is there twice")
        weights[layer] = taken
    return weights


def shown(value: object) -> str:
    """Text from the file, fit for a message: quoted, escaped and short."""
    return ascii(str(value)[:80])


def _check_contents(file: h5py.File) -> None:
    """Look at every object of the file, in no other file, and read none."""
    _check_attributes(file)
    for number, item in enumerate(_walk(file, 0)):
        if number >= _MAX_OBJECTS:
            raise ValueError("it holds too many objects")
        _check_attributes(item)
        if isinstance(item, h5py.Dataset):
            _check_dataset(item)
        elif not isinstance(item, h5py.Group):
            raise ValueError(f"it holds a {type(item).__name__}, which Keras never writes")


def _walk(group: h5py.Group, depth: int) -> Iterator[Any]:
    if depth > _MAX_DEPTH:  # also where a group holds itself
        raise ValueError("its groups are nested too deep")
    for name in group:
        link = group.get(name, getlink=True)
        if isinstance(link, h5py.ExternalLink):
            raise ValueError(f"{shown(name)} is a link to another file")
        if not isinstance(link, h5py.HardLink):
            raise ValueError(f"{shown(name)} is a link")
        item = group[name]
        yield item
        if isinstance(item, h5py.Group):
            yield from _walk(item, depth + 1)


def _check_dataset(data: h5py.Dataset) -> None:
    name = shown(data.name)
    if data.dtype.kind not in "fiu":
        raise ValueError(f"{name} holds {data.dtype}, not numbers")
    if data.external or data.is_virtual:
        raise ValueError(f"the values of {name} lie in another file")
    if data.id.get_create_plist().get_nfilters():
        raise ValueError(f"{name} is compressed, which Keras never does")
    if data.id.get_storage_size() < data.size * data.dtype.itemsize:
        raise ValueError(f"the values of {name} are missing")


def _check_attributes(item: Any) -> None:
    root = item.name == "/"
    for name in item.attrs:
        known = name in _ROOT_ATTRIBUTES if root else _GROUP_ATTRIBUTE.fullmatch(name)
        if not known:
            raise ValueError(
                f"the attribute {shown(name)} of {shown(item.name)} is none of Keras's"
                + (" and looks like a pickle" if _pickled(item, name) else "")
            )
        kind = item.attrs.get_id(name)
        if kind.shape != (0,) and h5py.check_string_dtype(kind.dtype) is None:
            raise ValueError(
                f"the attribute {shown(name)} of {shown(item.name)} is not text"
                + (" and looks like a pickle" if _pickled(item, name) else "")
            )


def _pickled(item: Any, name: str) -> bool:
    """Whether an attribute's bytes start as a pickle of protocol 2 or later; it is not loaded."""
    if item.attrs.get_id(name).dtype.kind not in "VSu":
        return False
    start = np.asarray(item.attrs[name]).tobytes()[:2]
    return len(start) == 2 and start[0] == 0x80 and 2 <= start[1] <= 5


def _names(group: h5py.Group, name: str) -> list[str]:
    """A list of names, which Keras breaks into several attributes where it is long."""
    if name in group.attrs:
        return [_text(value) for value in group.attrs[name]]
    names: list[str] = []
    for part in count():
        if f"{name}{part}" not in group.attrs:
            break
        names += [_text(value) for value in group.attrs[f"{name}{part}"]]
    return names


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if not isinstance(value, str):
        raise ValueError(f"expected text, got {type(value).__name__}")
    return value
