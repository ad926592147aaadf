"""Frozen features: what they are, when they are computed again, and when not."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spinescan.data.manifest import read_manifest
from spinescan.infer.preprocess import InputSpec, prepare
from spinescan.io.read import read_radiograph
from spinescan.train import frozen
from spinescan.train.backbones import Backbone
from spinescan.train.frozen import frozen_features, frozen_maps, weights_digest
from tests.train.discs import write_discs

SPEC = InputSpec(32, 32)


def backbone(seed: int = 1) -> Backbone:
    torch.manual_seed(seed)
    return Backbone("small_cnn", (SPEC.rows, SPEC.columns))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_discs(tmp_path_factory.mktemp("data"), 8)


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many films were prepared at each call."""
    calls: list[int] = []
    original: Callable[..., Any] = frozen.prepare_inputs

    def counted(manifest: Any, films: Any, *args: Any, **more: Any) -> Any:
        calls.append(len(films))
        return original(manifest, films, *args, **more)

    monkeypatch.setattr(frozen, "prepare_inputs", counted)
    return calls


def test_features_are_the_means_of_the_maps(data: Path, tmp_path: Path) -> None:
    manifest = read_manifest(data)
    network = backbone()
    features = frozen_features(
        manifest, manifest.films, network, SPEC, tmp_path, batch=3, workers=0
    )
    assert features.shape == (8, network.width)
    assert features.dtype == np.float32
    network.eval()
    for film, row in zip(manifest.films, features, strict=True):
        inputs = prepare(read_radiograph(manifest.folder / film.image), SPEC)[0]
        with torch.inference_mode():
            maps = network(torch.from_numpy(inputs)[None, None])[0].numpy()
        np.testing.assert_allclose(row, maps.mean((1, 2)), rtol=1e-3, atol=1e-9)
    assert features.std(axis=0).max() > 0


def test_maps_keep_where_a_feature_lies(data: Path, tmp_path: Path) -> None:
    manifest = read_manifest(data)
    network = backbone()
    maps = frozen_maps(manifest, manifest.films, network, SPEC, tmp_path, batch=3, workers=0)
    assert maps.shape == (8, network.width, *network.maps)
    assert maps.dtype == np.float16
    features = frozen_features(manifest, manifest.films, network, SPEC, tmp_path, workers=0)
    np.testing.assert_allclose(maps.astype(np.float32).mean((2, 3)), features, rtol=2e-2, atol=1e-5)
    assert {path.name.split("-")[0] for path in tmp_path.glob("*.npz")} == {"maps", "features"}


def test_features_that_are_there_are_not_computed_again(
    data: Path, tmp_path: Path, prepared: list[int]
) -> None:
    manifest = read_manifest(data)
    first, second = (
        frozen_features(manifest, manifest.films, backbone(), SPEC, tmp_path, workers=0)
        for _ in range(2)
    )
    assert prepared == [8]
    np.testing.assert_array_equal(first, second)


def test_other_films_weights_or_inputs_have_features_of_their_own(
    data: Path, tmp_path: Path, prepared: list[int]
) -> None:
    manifest = read_manifest(data)
    films = manifest.films
    told = [
        frozen_features(manifest, chosen, network, spec, tmp_path, workers=0)
        for chosen, network, spec in (
            (films, backbone(), SPEC),
            (films, backbone(seed=2), SPEC),
            (films, backbone(), replace(SPEC, fit="squash")),
            (films[::-1], backbone(), SPEC),
            (films[:4], backbone(), SPEC),
        )
    ]
    assert prepared == [8, 8, 8, 8, 4]
    for other in told[1:3]:
        assert not np.allclose(told[0], other, rtol=1e-2, atol=0)
    np.testing.assert_allclose(told[0], told[3][::-1], rtol=1e-3, atol=1e-9)
    assert len(list(tmp_path.glob("features-*.npz"))) == 5


def test_one_changed_number_changes_the_digest_of_weights() -> None:
    network = backbone()
    before = weights_digest(network)
    assert weights_digest(backbone()) == before
    with torch.no_grad():
        next(network.parameters()).view(-1)[0] += 1e-6
    assert weights_digest(network) != before


def test_a_file_that_was_cut_off_is_made_again(
    data: Path, tmp_path: Path, prepared: list[int]
) -> None:
    manifest = read_manifest(data)

    def features() -> Any:
        return frozen_features(manifest, manifest.films, backbone(), SPEC, tmp_path, workers=0)

    whole = features()
    (path,) = tmp_path.glob("features-*.npz")
    path.write_bytes(path.read_bytes()[:200])
    np.testing.assert_array_equal(features(), whole)
    assert prepared == [8, 8]
    with np.load(path, allow_pickle=False) as stored:
        assert stored["sha256"].tolist() == [film.sha256 for film in manifest.films]
