"""The two networks, and the weights that they start from."""

from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file
from timm.layers import Conv2dSame
from torch import Tensor, nn

from spinescan.core.errors import DataError
from spinescan.infer.decode import FACTS, FINDER_MAPS, POINT_MAPS
from spinescan.train.network import Finder, QuickStride, Refiner, load_encoder

BACKBONE = "mobilenetv2_035"


@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("size", [(8, 8), (9, 12), (7, 5)])
def test_a_quick_stride_is_a_strided_convolution(kernel: int, size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    strided = Conv2dSame(6, 6, kernel, stride=2, groups=6)
    quick = Conv2dSame(6, 6, kernel, stride=2, groups=6)
    quick.load_state_dict(strided.state_dict())
    quick.__class__ = QuickStride
    picture = torch.randn(2, 6, *size)
    ours, theirs = (picture.clone().requires_grad_() for _ in range(2))
    answer, expected = quick.train()(ours), strided.train()(theirs)
    assert torch.allclose(answer, expected, atol=1e-6)
    weight = torch.randn_like(expected)
    (answer * weight).sum().backward()
    (expected * weight).sum().backward()
    assert torch.allclose(ours.grad, theirs.grad, atol=1e-5)
    assert torch.allclose(quick.weight.grad, strided.weight.grad, atol=1e-5)
    assert torch.allclose(quick.bias.grad, strided.bias.grad, atol=1e-5)
    assert torch.equal(quick.eval()(picture), strided.eval()(picture))


def test_the_encoder_takes_its_strides_quickly() -> None:
    strided = [
        part
        for part in Finder(BACKBONE, 8).pyramid.encoder.modules()
        if isinstance(part, nn.Conv2d) and part.groups > 1 and part.stride != (1, 1)
    ]
    assert strided
    assert all(type(part) is QuickStride for part in strided)


@pytest.mark.parametrize("size", [(64, 32), (96, 112), (36, 44)])
def test_the_finder_answers_at_a_quarter_of_the_resolution(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    network = Finder(BACKBONE, 8).eval()
    with torch.inference_mode():
        maps, facts = network(torch.rand(2, 1, *size) * 2 - 1)
    assert maps.shape == (2, FINDER_MAPS, size[0] // 4, size[1] // 4)
    assert facts.shape == (2, len(FACTS))
    assert maps[:, 0].mean() < -2  # before any training it sees no vertebra
    assert (maps[:, POINT_MAPS].mean((0, 2, 3)) < -2).all()  # and no point


def test_the_facts_are_those_of_the_whole_film() -> None:
    """Where on the film something lies changes the maps, and not the facts."""
    torch.manual_seed(0)
    network = Finder(BACKBONE, 8).eval()
    deepest = torch.rand(1, network.pyramid.deepest, 4, 2)
    network.pyramid.forward = lambda picture: (picture, deepest)
    network.head = nn.Identity()
    picture = torch.rand(1, 1, 8, 8)
    _, facts = network(picture)
    deepest = deepest.flip(-1, -2)
    assert torch.allclose(network(picture)[1], facts, atol=1e-6)
    deepest = deepest + torch.rand(1, network.pyramid.deepest, 1, 1)
    assert not torch.allclose(network(picture)[1], facts, atol=1e-3)


class Planted(nn.Module):
    """Heat maps that are high in one cell each, (row, column)."""

    cells = ((2, 3), (0, 0), (7, 9), (5, 1))

    def forward(self, features: Tensor) -> Tensor:
        heat = torch.zeros(features.shape[0], 4, *features.shape[2:])
        for corner, (row, column) in enumerate(self.cells):
            heat[:, corner, row, column] = 30.0
        return heat


def test_a_corner_lies_in_the_middle_of_its_hot_cell() -> None:
    network = Refiner(BACKBONE, 8).eval()
    network.heat = Planted()
    with torch.inference_mode():
        corners, spread, presence = network(torch.zeros(3, 1, 32, 40))
    assert (corners.shape, spread.shape, presence.shape) == ((3, 4, 2), (3, 4), (3,))
    expected = torch.tensor([(4 * c + 2.0, 4 * r + 2.0) for r, c in Planted.cells])
    assert torch.allclose(corners[1], expected, atol=1e-3)
    assert spread.max() < 0.1


def test_a_flat_heat_map_means_the_middle_and_a_wide_spread() -> None:
    network = Refiner(BACKBONE, 8).eval()
    nn.init.zeros_(network.heat.weight)
    with torch.inference_mode():
        corners, spread, _ = network(torch.rand(1, 1, 32, 40))
    assert torch.allclose(corners[0], torch.tensor([20.0, 16.0]).expand(4, 2), atol=1e-3)
    # A uniform distribution over 40 x 32 pixels in steps of 4.
    assert spread[0] == pytest.approx([(((40**2 + 32**2) - 2 * 4**2) / 12) ** 0.5] * 4, rel=1e-3)


@pytest.fixture(scope="module")
def colours() -> dict[str, Tensor]:
    """An encoder for colours with all its classes, as timm gives it; large tensors are halves."""
    torch.manual_seed(1)
    encoder = timm.create_model(BACKBONE, pad_type="same", num_classes=3)
    return {
        name: value.half() if value.is_floating_point() and value.ndim == 4 else value
        for name, value in encoder.state_dict().items()
    }


def write(path: Path, tensors: dict[str, Tensor]) -> Path:
    save_file({name: value.contiguous() for name, value in tensors.items()}, path)
    return path


@pytest.mark.parametrize("kind", [Finder, Refiner])
def test_an_encoder_starts_from_a_file(
    kind: type[Finder | Refiner], colours: dict[str, Tensor], tmp_path: Path
) -> None:
    network = kind(BACKBONE, 8)
    load_encoder(network, write(tmp_path / "weights.safetensors", colours))
    own = network.pyramid.encoder.state_dict()
    assert own["conv_stem.weight"].shape[1] == 1
    grey, red_green_blue = torch.rand(1, 1, 9, 9), colours["conv_stem.weight"].float()
    assert torch.allclose(
        nn.functional.conv2d(grey, own["conv_stem.weight"]),
        nn.functional.conv2d(grey.expand(-1, 3, -1, -1), red_green_blue),
        atol=1e-5,
    )
    others = [name for name in own if name != "conv_stem.weight"]
    assert len(others) > 50
    for name in others:
        assert torch.equal(own[name], colours[name].to(own[name].dtype)), name


def test_without_a_file_an_encoder_starts_from_scratch() -> None:
    network = Refiner(BACKBONE, 8)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    load_encoder(network, None)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_weights_of_another_backbone(colours: dict[str, Tensor], tmp_path: Path) -> None:
    renamed = {f"body.{name}": value for name, value in colours.items()}
    path = write(tmp_path / "other.safetensors", renamed)
    with pytest.raises(DataError, match=r"other\.safetensors: no tensor 'conv_stem\.weight'"):
        load_encoder(Refiner(BACKBONE, 8), path)


def test_weights_of_another_width(colours: dict[str, Tensor], tmp_path: Path) -> None:
    wider = {**colours, "bn1.weight": torch.ones(64)}
    path = write(tmp_path / "wide.safetensors", wider)
    with pytest.raises(DataError, match=r"'bn1\.weight' should have shape \(16,\), got \(64,\)"):
        load_encoder(Refiner(BACKBONE, 8), path)


@pytest.mark.parametrize("content", [None, b"", b"no weights at all", b"\xff" * 64])
def test_a_file_that_holds_no_weights(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "weights.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match="not a safetensors file") as caught:
        load_encoder(Refiner(BACKBONE, 8), path)
    assert "\n" not in str(caught.value)
