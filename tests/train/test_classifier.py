"""Backbones take grey films as prepared; heads answer; frozen means frozen."""

import logging
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from huggingface_hub import constants

from spinescan.core.errors import DataError
from spinescan.infer.onnx_check import check_onnx
from spinescan.infer.preprocess import InputSpec
from spinescan.infer.session import Session
from spinescan.train import backbones
from spinescan.train.backbones import Backbone
from spinescan.train.classifier import Classifier
from spinescan.train.classify_export import AGREE_LOGIT
from spinescan.train.classify_recipe import SEED_BACKBONES, HeadRecipe
from spinescan.train.export import export_network

SIZE = (64, 48)


def small(kind: Any = "linear", backbone: str = "small_cnn", **options: Any) -> Classifier:
    torch.manual_seed(0)
    return Classifier(Backbone(backbone, SIZE), 3, HeadRecipe(kind, **options))


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("small_cnn", (2, 2)),
        ("mobilenetv2_035", (2, 2)),
        ("test_vit2", (4, 3)),  # tokens, behind some that belong to no place
    ],
)
def test_a_backbone_gives_maps_of_a_grey_film(name: str, layout: tuple[int, int]) -> None:
    backbone = Backbone(name, SIZE)
    maps = backbone(torch.zeros(2, 1, *SIZE))
    assert maps.shape == (2, backbone.width, *layout)


@pytest.mark.parametrize("name", SEED_BACKBONES)
def test_the_notebooks_backbones_are_known_to_timm_with_weights(name: str) -> None:
    config = timm.get_pretrained_cfg(SEED_BACKBONES[name])
    assert config is not None
    assert config.has_weights


def test_grey_becomes_colours_normalised_as_timm_would() -> None:
    seen = []
    backbone = Backbone("mobilenetv2_035", SIZE)
    backbone.body.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    backbone(torch.full((1, 1, *SIZE), 0.5))  # 0.75 of the way from black to white
    mean, std = (torch.tensor(backbone.body.pretrained_cfg[key]) for key in ("mean", "std"))
    assert seen[0].shape == (1, 3, *SIZE)
    torch.testing.assert_close(seen[0][0, :, 0, 0], (0.75 - mean) / std)


def test_weights_made_for_another_normalisation_get_it() -> None:
    seen = []
    backbone = Backbone("mobilenetv2_035", SIZE, mean=0.5, std=0.5, options={"pad_type": "same"})
    backbone.body.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    film = torch.rand(1, 1, *SIZE) * 2 - 1
    backbone(film)
    torch.testing.assert_close(seen[0], film.expand(-1, 3, -1, -1))


@pytest.mark.parametrize(
    ("name", "size", "message"),
    [
        ("resnt50", SIZE, "no backbone 'resnt50'"),
        ("efficientformer_l1", SIZE, "takes no film of 64 x 48 pixels"),
    ],
)
def test_a_backbone_that_cannot_be_used_is_told(
    name: str, size: tuple[int, int], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        Backbone(name, size)


def test_weights_that_cannot_be_downloaded_are_told_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def offline(*_: Any, **__: Any) -> None:
        raise OSError("Name or service not known")

    monkeypatch.setattr(timm, "create_model", offline)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    level = logging.getLogger("huggingface_hub").level
    with pytest.raises(DataError, match=r"'resnet50.tv_in1k' cannot be downloaded.*--weights FILE"):
        Backbone("resnet50", SIZE, pretrained=True)
    assert logging.getLogger("huggingface_hub").level == level


def test_a_hub_that_gives_no_answer_is_asked_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = []

    class Silent:
        def __getattr__(self, name: str) -> Any:
            def ask(*where: Any, **_: Any) -> None:
                asked.append((name, *where))
                raise OSError("Name or service not known")

            return ask

    monkeypatch.setattr(backbones, "get_session", Silent)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    began = time.monotonic()
    with pytest.raises(DataError, match=r"downloaded \(Name or service not known\): .*--weights"):
        Backbone("resnet18", SIZE, pretrained=True)
    assert asked == [("head", constants.ENDPOINT)]
    assert time.monotonic() - began < 20  # its retries take 40 s and more
    assert not constants.HF_HUB_OFFLINE


def test_a_backbone_without_weights_to_download_is_told() -> None:
    with pytest.raises(DataError, match="timm has no weights for 'mobilenetv2_035'"):
        Backbone("mobilenetv2_035", SIZE, pretrained=True)


def test_maps_have_the_logits_as_their_mean() -> None:
    network = small().eval()
    logits, maps = network(torch.rand(2, 1, *SIZE))
    assert network.outputs == ("logits", "maps")
    assert maps.shape == (2, 3, 2, 2)
    torch.testing.assert_close(maps.mean((-2, -1)), logits)


@pytest.mark.parametrize("kind", ["dense", "conv", "spatial"])
def test_other_heads_answer_with_logits_alone(kind: str) -> None:
    network = small(kind).eval()
    answer = network(torch.rand(2, 1, *SIZE))
    assert network.outputs == ("logits",)
    assert [part.shape for part in answer] == [(2, 3)]


def test_a_spatial_head_tells_where_a_feature_lies() -> None:
    features = torch.zeros(1, small().backbone.width, 2, 2)
    features[..., 0, 0] = 1
    for kind, tells in (("linear", False), ("spatial", True)):
        head = small(kind).eval().head
        with torch.inference_mode():
            here, there = head(features)[0], head(features.flip(-1))[0]
        assert torch.allclose(here, there) != tells


def test_the_notebooks_head_has_its_layers() -> None:
    head = small("dense", dropout=0.5).head
    layers = [part for part in head.modules() if isinstance(part, torch.nn.Linear)]
    assert [layer.out_features for layer in layers] == [1024, 512, 256, 128, 3]
    slopes = [part for part in head.modules() if isinstance(part, torch.nn.PReLU)]
    assert [len(part.weight) for part in slopes] == [1024, 512, 256, 128]
    assert all((part.weight == 0).all() for part in slopes)
    assert [part.p for part in head.modules() if isinstance(part, torch.nn.Dropout)] == [0.5] * 4


def test_large_weights_of_hidden_layers_cost() -> None:
    network = small("dense", l2=0.01)
    layers = [part for part in network.head.modules() if isinstance(part, torch.nn.Linear)]
    expected = 0.01 * sum(
        float((layer.weight.detach().double() ** 2).sum()) for layer in layers[:-1]
    )
    assert float(network.penalty().detach()) == pytest.approx(expected, rel=1e-4)
    assert float(small("linear", l2=0.01).penalty()) == 0


@pytest.mark.parametrize("backbone", ["small_cnn", "mobilenetv2_035"])
def test_frozen_means_frozen(backbone: str) -> None:
    network = small(backbone=backbone)
    network.freeze(True)
    network.train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    optimiser = torch.optim.AdamW(network.parameters(), lr=0.1, weight_decay=0.1)
    network(torch.rand(4, 1, *SIZE))[0].square().sum().backward()
    optimiser.step()
    after = network.state_dict()
    for name, value in before.items():  # statistics of batch norms are among them
        assert torch.equal(value, after[name]) == name.startswith("backbone."), name


def test_what_was_frozen_learns_again() -> None:
    network = small()
    network.freeze(True)
    network.freeze(False)
    network.train()
    assert all(part.training for part in network.modules())
    network(torch.rand(4, 1, *SIZE))[0].square().sum().backward()
    assert all(part.grad is not None for part in network.backbone.parameters())


@pytest.mark.parametrize(
    ("backbone", "kind"),
    [
        ("mobilenetv2_035", "dense"),
        ("small_cnn", "conv"),
        ("small_cnn", "spatial"),
        ("test_vit2", "linear"),
    ],
)
def test_what_is_exported_answers_as_torch_does(backbone: str, kind: str, tmp_path: Path) -> None:
    network = small(kind, backbone)
    for _ in range(3):  # moves the statistics of its batch norms
        network(torch.rand(4, 1, *SIZE) * 2 - 1)
    path = tmp_path / "classifier.onnx"
    export_network(network, InputSpec(*SIZE), path, agree=AGREE_LOGIT)
    check_onnx(path.read_bytes())
    session = Session(path)
    assert tuple(session.outputs) == network.outputs
    film = torch.rand(5, 1, *SIZE) * 2 - 1
    with torch.inference_mode():
        expected = network.eval()(film)
    for ours, theirs in zip(expected, session.run(film.numpy()), strict=True):
        assert np.abs(ours.numpy() - theirs).max() < 1e-4
