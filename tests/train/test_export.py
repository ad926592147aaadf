"""What is exported answers as it did in torch, or is refused."""

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from spinescan.core.errors import BundleError
from spinescan.infer.bundle import BUNDLE_FILE, Bundle
from spinescan.infer.preprocess import InputSpec
from spinescan.train.checkpoint import onnx_weights
from spinescan.train.export import export_bundle, export_network
from spinescan.train.network import Refiner

SPEC = InputSpec(32, 40, low=2.0, high=97.0)


class Fickle(nn.Module):
    """Never answers the same twice, so that what was exported cannot agree."""

    calls = 0

    def forward(self, picture: Tensor) -> Tensor:
        self.calls += 1
        return picture + self.calls


class Hollow(nn.Module):
    """Answers with what is no number."""

    def forward(self, picture: Tensor) -> Tensor:
        return torch.log(picture - 5)


def export(folder: Path, network: nn.Module) -> None:
    export_bundle(
        folder,
        {"part": (network, SPEC)},
        name="small",
        version="1",
        task="a task",
        settings={"limit": 0.5},
        provenance={"trained_on": ["phantoms"]},
        summary={},
    )


def test_an_exported_network_agrees_whatever_the_batch(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = Refiner("mobilenetv2_035", 8)
    network(torch.rand(4, 1, 32, 40))  # moves the statistics of its batch norms
    path = tmp_path / "refiner.onnx"
    export_network(network, SPEC, path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for batch in (1, 17):
        pictures = torch.rand(batch, 1, 32, 40) * 2 - 1
        with torch.inference_mode():
            expected = network.eval()(pictures)
        answer = session.run(None, {"input": pictures.numpy()})
        for ours, theirs in zip(expected, answer, strict=True):
            assert np.abs(ours.numpy() - theirs).max() < 1e-3


def test_weights_stored_in_half_the_size_are_the_networks_own(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = Refiner("mobilenetv2_035", 8)
    export_network(network, SPEC, tmp_path / "whole.onnx")
    before = {name: value.numpy() for name, value in network.state_dict().items()}
    before = {name: value.copy() for name, value in before.items()}
    export_network(network, SPEC, tmp_path / "half.onnx", half=True)  # agrees, or is refused
    sizes = [(tmp_path / name).stat().st_size for name in ("half.onnx", "whole.onnx")]
    assert sizes[0] < 0.7 * sizes[1]
    stored = onnx_weights(tmp_path / "half.onnx")
    for name, value in network.state_dict().items():
        if name in stored:
            assert np.array_equal(stored[name], value.numpy())
            assert np.allclose(before[name], value.numpy(), rtol=1e-3, atol=1e-7)


@pytest.mark.parametrize("network", [Fickle(), Hollow()])
def test_a_network_that_does_not_agree_is_refused(tmp_path: Path, network: nn.Module) -> None:
    with pytest.raises(BundleError, match=r"net\.onnx: onnxruntime differs from torch by"):
        export_network(network, SPEC, tmp_path / "net.onnx")


def test_a_bundle_is_written_whole(tmp_path: Path) -> None:
    export(tmp_path / "bundle", nn.Conv2d(1, 2, 3))
    bundle = Bundle.load(tmp_path / "bundle")
    assert (bundle.name, bundle.version, bundle.task) == ("small", "1", "a task")
    assert bundle.networks["part"].input == SPEC
    assert bundle.settings == {"limit": 0.5}
    assert bundle.provenance == {"trained_on": ["phantoms"]}
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_a_card_outlives_a_new_export(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    export(folder, nn.Conv2d(1, 2, 3))
    (folder / "CARD.md").write_text("# Small")
    (folder / "old.onnx").write_bytes(b"left over")
    export(folder, nn.Conv2d(1, 3, 3))
    assert Bundle.load(folder).card == "# Small"
    assert not (folder / "old.onnx").exists()


def test_a_refused_export_leaves_the_bundle_before_it(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    export(folder, nn.Conv2d(1, 2, 3))
    before = json.loads((folder / BUNDLE_FILE).read_text())
    with pytest.raises(BundleError):
        export(folder, Fickle())
    assert json.loads((folder / BUNDLE_FILE).read_text()) == before
    Bundle.load(folder)
