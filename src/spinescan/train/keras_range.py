"""The pixel values that an old model was taught on, which its file does not tell."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Colours = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class PixelRange:
    """What becomes of grey in [-1, 1] before the model sees it: grey * scale + offset.

    `text` says it in words; `preprocessing` is the mode of Keras's own `preprocess_input` that
    makes the same of 0..255, if there is one.
    """

    text: str
    scale: Colours
    offset: Colours
    preprocessing: Literal["caffe", "tf", "torch"] | None = None

    def folded(self, channels: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Scale and offset for each of a model's channels.

        Raises
        ------
        ValueError
            If the model sees neither three colours nor grey, or the range knows no grey.
        """
        grey = len(set(self.scale)) == len(set(self.offset)) == 1
        if channels == 3 or (channels == 1 and grey):
            return self.scale[:channels], self.offset[:channels]
        raise ValueError(f"it sees {channels} channels, which pixels of {self.text} do not fill")


def _all(value: float) -> Colours:
    return (value, value, value)


# ImageNet's colours. Caffe's models (Keras's ResNet50 and ResNet101) see blue first.
_CAFFE_MEAN = (103.939, 116.779, 123.68)
_TORCH_MEAN, _TORCH_SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

RANGES: Mapping[str, PixelRange] = {
    "0-255": PixelRange("0 to 255, as files hold them", _all(127.5), _all(127.5)),
    "0-1": PixelRange("0 to 1 (divided by 255)", _all(0.5), _all(0.5)),
    "-1-1": PixelRange(
        "-1 to 1 (preprocess_input of InceptionV3 and Xception)", _all(1.0), _all(0.0), "tf"
    ),
    "caffe": PixelRange(
        "0 to 255 less ImageNet's means (preprocess_input of ResNet50 and ResNet101)",
        _all(127.5),
        (127.5 - _CAFFE_MEAN[0], 127.5 - _CAFFE_MEAN[1], 127.5 - _CAFFE_MEAN[2]),
        "caffe",
    ),
    "torch": PixelRange(
        "0 to 1 less ImageNet's means, divided by their spread",
        (0.5 / _TORCH_SPREAD[0], 0.5 / _TORCH_SPREAD[1], 0.5 / _TORCH_SPREAD[2]),
        (
            (0.5 - _TORCH_MEAN[0]) / _TORCH_SPREAD[0],
            (0.5 - _TORCH_MEAN[1]) / _TORCH_SPREAD[1],
            (0.5 - _TORCH_MEAN[2]) / _TORCH_SPREAD[2],
        ),
        "torch",
    ),
}
"""By the name that `--input-range` takes."""
