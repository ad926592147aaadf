"""Where a training starts: a bundle gives its weights back."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from spinescan.core.errors import BundleError, DataError
from spinescan.infer.bundle import BUNDLE_FILE, Bundle, file_digest, shipped
from spinescan.infer.preprocess import InputSpec
from spinescan.infer.scanner import FRONTAL_BUNDLE
from spinescan.train.checkpoint import (
    load_bundle_weights,
    load_weights,
    taught_on,
    weights_note,
)
from spinescan.train.export import export_bundle
from spinescan.train.network import Finder, Refiner
from tests.infer.wire import field, model, tensor

BACKBONE, CHANNELS = "mobilenetv2_035", 8
SPEC = InputSpec(32, 40)


def network_of(kind: type[Finder | Refiner], seed: int, channels: int = CHANNELS) -> nn.Module:
    """A network whose batch norms have seen something."""
    torch.manual_seed(seed)
    network = kind(BACKBONE, channels).train()
    network(torch.rand(4, 1, 32, 40))
    return network


def export(folder: Path, **networks: nn.Module) -> Path:
    export_bundle(
        folder,
        {name: (network, SPEC) for name, network in networks.items()},
        name="small",
        version="7",
        task="a task",
        settings={},
        provenance={},
        summary={},
    )
    return folder


def same(first: nn.Module, second: nn.Module) -> bool:
    ours, theirs = first.state_dict(), second.state_dict()
    assert len(ours) > 100
    return all(torch.equal(ours[k], theirs[k]) for k in ours if "num_batches" not in k)


@pytest.mark.parametrize("kind", [Finder, Refiner])
def test_a_bundle_gives_back_the_weights_that_it_was_exported_from(
    kind: type[Finder | Refiner], tmp_path: Path
) -> None:
    source, other = network_of(kind, 0), network_of(kind, 1)
    assert not same(source, other)
    load_weights(other, export(tmp_path / "bundle", part=source), "part")
    assert same(source, other)
    # Equal tensors, such as the batch norms' weights of 1, are stored once.
    graph = onnx.load(tmp_path / "bundle" / "part.onnx").graph
    assert any(node.op_type == "Identity" for node in graph.node)


def test_a_network_with_batch_norms_answers_alike_after_its_way_through_a_bundle(
    tmp_path: Path,
) -> None:
    source, other = network_of(Refiner, 0), network_of(Refiner, 1)
    load_bundle_weights(other, export(tmp_path / "bundle", refiner=source), "refiner")
    picture = torch.rand(2, 1, 32, 40)
    with torch.inference_mode():
        for ours, theirs in zip(source.eval()(picture), other.eval()(picture), strict=True):
            assert torch.equal(ours, theirs)


def test_a_bundle_of_another_network(tmp_path: Path) -> None:
    bundle = export(tmp_path / "bundle", part=network_of(Refiner, 0))
    with pytest.raises(BundleError, match="expected a network 'finder', got part"):
        load_bundle_weights(Finder(BACKBONE, CHANNELS), bundle, "finder")
    with pytest.raises(DataError, match=r"not the weights of this part: .* lacks [0-9]+ \(pyramid"):
        load_bundle_weights(Finder(BACKBONE, CHANNELS), bundle, "part")
    with pytest.raises(DataError, match=r"should have shape \(16, .*differ in channels\?"):
        load_bundle_weights(Refiner(BACKBONE, 16), bundle, "part")


def test_what_a_network_does_not_need_makes_it_another_one(tmp_path: Path) -> None:
    richer = nn.Sequential(nn.Conv2d(1, 1, 3), nn.Conv2d(1, 1, 3))
    bundle = export(tmp_path / "bundle", part=richer)
    with pytest.raises(DataError, match=r"lacks 0, and has 2 others \(1\.weight"):
        load_bundle_weights(nn.Sequential(nn.Conv2d(1, 1, 3)), bundle, "part")


# torch warns that this exporter (by tracing) is its older one.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_bundle_whose_batch_norms_are_folded_away(tmp_path: Path) -> None:
    network = network_of(Refiner, 0).eval()
    bundle = export(tmp_path / "bundle", part=network)
    path = bundle / "part.onnx"
    torch.onnx.export(network, (torch.rand(1, 1, 32, 40),), path, dynamo=False)
    told = json.loads((bundle / BUNDLE_FILE).read_text())
    told["networks"]["part"]["sha256"] = file_digest(path)
    (bundle / BUNDLE_FILE).write_text(json.dumps(told))
    with pytest.raises(DataError, match="batch norms folded away"):
        load_bundle_weights(Refiner(BACKBONE, CHANNELS), bundle, "part")


def test_a_network_whose_tensor_is_cut_short(tmp_path: Path) -> None:
    short = tensor("w", np.ones((2, 2), np.float32), field(1, 3))  # one more side, of 3
    (tmp_path / "part.onnx").write_bytes(model(more_graph=field(5, short)))
    entry = {
        "file": "part.onnx",
        "sha256": file_digest(tmp_path / "part.onnx"),
        "input": asdict(SPEC),
    }
    rest = {"name": "n", "version": "1", "task": "t"}
    rest |= {key: {} for key in ("settings", "provenance", "summary")}
    (tmp_path / BUNDLE_FILE).write_text(json.dumps({**rest, "networks": {"part": entry}}))
    with pytest.raises(BundleError, match=r"part\.onnx: not ONNX that can be read"):
        load_bundle_weights(Refiner(BACKBONE, CHANNELS), tmp_path, "part")


def test_what_is_told_of_the_start(tmp_path: Path) -> None:
    bundle = export(tmp_path / "bundle", part=nn.Conv2d(1, 2, 3))
    digest = file_digest(bundle / BUNDLE_FILE)
    assert weights_note(bundle) == f"bundle small 7, bundle.json {digest}"
    (tmp_path / "run.json").write_text("{}")
    digest = file_digest(tmp_path / "run.json")
    assert weights_note(tmp_path) == f"earlier training, run.json {digest}"
    assert weights_note(Path("somewhere/encoder.safetensors")) == "encoder.safetensors"
    assert weights_note(None) is None


def test_a_start_tells_what_it_was_taught_on(tmp_path: Path) -> None:
    bundle = export(tmp_path / "run" / "bundle", part=nn.Conv2d(1, 2, 3))
    told = json.loads((bundle / BUNDLE_FILE).read_text())
    told["provenance"]["trained_on"] = ["aasce", "phantoms"]
    (bundle / BUNDLE_FILE).write_text(json.dumps(told))
    assert taught_on(bundle) == taught_on(tmp_path / "run") == {"aasce", "phantoms"}
    for start in (None, tmp_path, Path("encoder.safetensors")):
        assert taught_on(start) == frozenset()


def test_the_shipped_model_can_be_carried_on() -> None:
    folder = shipped(FRONTAL_BUNDLE)
    recipe = Bundle.load(folder).provenance["recipe"]
    for kind, name in ((Finder, "finder"), (Refiner, "refiner")):
        network = kind(recipe["backbone"], recipe[name]["channels"])
        load_weights(network, folder, name)
