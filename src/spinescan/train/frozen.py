"""Frozen features: what a backbone that is not taught makes of films.

They are computed once and kept in an .npz file (plain arrays, no pickle) whose name is a digest of
everything that they depend on: other films, weights or another input make another file.
"""

import hashlib
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from spinescan.data.manifest import Manifest, ManifestFilm
from spinescan.infer.preprocess import InputSpec
from spinescan.train.backbones import Backbone
from spinescan.train.classify_films import prepare_inputs
from spinescan.train.progress import bar

Floats = NDArray[np.float32]
Kind = TypeVar("Kind", np.float16, np.float32)

_FEATURES, _MAPS = "features", "maps"


def frozen_features(
    manifest: Manifest,
    films: Sequence[ManifestFilm],
    backbone: Backbone,
    spec: InputSpec,
    folder: Path,
    *,
    batch: int = 32,
    workers: int = 2,
    device: torch.device | str = "cpu",
) -> Floats:
    """float32 (n, `backbone.width`): the mean of the feature maps of each film, in its order.

    Films are prepared as a scan prepares them. Features that lie in `folder` are read from there,
    and the films are not looked at.

    Raises
    ------
    DataError
        If films cannot be read, or are not those that were listed.
    """
    place = folder / f"{_FEATURES}-{features_key(films, backbone, spec)[:32]}.npz"
    empty = np.empty((len(films), backbone.width), np.float32)

    def pooled(maps: torch.Tensor) -> torch.Tensor:
        return maps.mean((-2, -1)).float()

    return _computed(
        place, empty, pooled, manifest, films, backbone, spec, batch, workers, device
    )  # fmt: skip


def frozen_maps(
    manifest: Manifest,
    films: Sequence[ManifestFilm],
    backbone: Backbone,
    spec: InputSpec,
    folder: Path,
    *,
    batch: int = 32,
    workers: int = 2,
    device: torch.device | str = "cpu",
) -> NDArray[np.float16]:
    """float16 (n, `backbone.width`, *`backbone.maps`): the feature maps of each film, in its order.

    As `frozen_features`, but where on the film a feature lies is kept.

    Raises
    ------
    DataError
        As `frozen_features`.
    """
    place = folder / f"{_MAPS}-{features_key(films, backbone, spec)[:32]}.npz"
    empty = np.empty((len(films), backbone.width, *backbone.maps), np.float16)
    return _computed(
        place, empty, torch.Tensor.half, manifest, films, backbone, spec, batch, workers, device
    )  # fmt: skip


def _computed(
    path: Path,
    features: NDArray[Kind],
    taken: Callable[[torch.Tensor], torch.Tensor],
    manifest: Manifest,
    films: Sequence[ManifestFilm],
    backbone: Backbone,
    spec: InputSpec,
    batch: int,
    workers: int,
    device: torch.device | str,
) -> NDArray[Kind]:
    """`features`, filled with what is `taken` of the maps, or read from `path`."""
    stored = _read(path, features)
    if stored is not None:
        return stored
    with bar("films", len(films)) as show:
        inputs = prepare_inputs(manifest, films, spec, workers=workers, on_film=lambda: show("", 1))
    was_training = backbone.training
    backbone.eval().to(device)
    with torch.inference_mode(), bar("features", len(films)) as show:
        for first in range(0, len(films), batch):
            some = torch.from_numpy(inputs[first : first + batch])[:, None]
            maps = backbone(some.to(device))
            features[first : first + batch] = taken(maps).cpu().numpy()
            show("", len(some))
    backbone.train(was_training)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        np.savez(file, features=features, sha256=np.array([film.sha256 for film in films]))
    part.replace(path)
    return features


def features_key(films: Sequence[ManifestFilm], backbone: Backbone, spec: InputSpec) -> str:
    """A digest of what features depend on: the films, the backbone, its weights, the input."""
    about = {
        "films": [film.sha256 for film in films],
        "backbone": backbone.name,
        "weights": weights_digest(backbone),
        "mean": backbone.mean.flatten().tolist(),
        "std": backbone.std.flatten().tolist(),
        "input": asdict(spec),
    }
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


def weights_digest(network: torch.nn.Module) -> str:
    """SHA-256 over a network's tensors: their names, shapes and values."""
    digest = hashlib.sha256()
    for name, value in sorted(network.state_dict().items()):
        array = value.detach().cpu().contiguous().numpy()
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _read(path: Path, like: NDArray[Kind]) -> NDArray[Kind] | None:
    """Stored features; None where there are none, or a file that was cut off."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            features = np.asarray(stored["features"], like.dtype)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    return features if features.shape == like.shape else None
