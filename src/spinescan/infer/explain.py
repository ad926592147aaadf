"""Heat maps: where on the film a classifier's answer comes from. No torch.

Where the network gives class activation maps (Zhou et al. 2016, arXiv 1512.04150), what a label's
map has over the mean of all labels' maps; a softmax sees no more than that. Otherwise occlusion
(Zeiler and Fergus 2014, arXiv 1311.2901): how much the label's logit, over the mean of all, falls
when a part of the film is painted over. Only what speaks for the label is kept. A heat map tells
where the network looked, not whether it was right, nor why.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spinescan.core.radiograph import Radiograph
from spinescan.infer.classifier import Classifier
from spinescan.infer.preprocess import Frame, prepare

Floats = NDArray[np.float32]
Method = Literal["class activation", "occlusion"]

CELLS = 12
"""Occlusion: parts along the longer side of the input; two by two of them are covered at a time."""

_BATCH = 16


@dataclass(frozen=True, slots=True, eq=False)
class HeatMap:
    """What speaks for a label, pixel by pixel of the film.

    Parameters
    ----------
    label
        What it speaks for.
    method
        By class activation, where the network tells it, or by covering parts of the film.
    values
        float32 (rows, columns) of the film, in [0, 1]; 1 at the hottest place, 0 everywhere where
        nothing speaks for the label.
    """

    label: str
    method: Method
    values: Floats


def heat_map(film: Radiograph, classifier: Classifier, label: str | None = None) -> HeatMap | None:
    """The heat map of a label (default: that of the highest score) on the film's own geometry.

    None where the network's answer is not finite.

    Raises
    ------
    ValueError
        If the classifier has no such label.
    """
    picture, frame = prepare(film, classifier.input)
    answer = classifier.run(picture[None, None])
    logits = answer.logits[0]
    if not np.isfinite(logits).all():
        return None
    task = classifier.spec.task
    k = int(logits.argmax()) if label is None else task.index(label)
    method: Method = "occlusion"
    if answer.maps is not None and np.isfinite(answer.maps).all():
        method = "class activation"
        heat = answer.maps[0, k] - answer.maps[0].mean(axis=0)
    else:
        heat = _occluded(picture, frame, film, classifier, k)
    return HeatMap(task.codes[k], method, _on_film(heat, picture.shape, frame, film.size))


def _occluded(
    picture: Floats, frame: Frame, film: Radiograph, classifier: Classifier, k: int
) -> Floats:
    """The fall of label k when a cell is covered: float32 (cells down, cells across).

    A cell's heat is the mean over the covers that touched it. Covers are of the film's mean grey,
    and only the film is covered, not the bands beside it.
    """
    rows, columns = picture.shape
    size = max(rows, columns) / CELLS
    down, across = (max(1, round(side / size)) for side in (rows, columns))
    ys, xs = (np.linspace(0, side, n + 1) for side, n in ((rows, down), (columns, across)))
    corners = frame.to_input(np.array([(0.0, 0.0), film.size[::-1]]))
    (left, top), (right, bottom) = corners.round().astype(int).tolist()
    grey = float(picture[top:bottom, left:right].mean())
    covers = [
        (i, j)
        for i in range(-1, down)
        for j in range(-1, across)
        if ys[min(i + 2, down)] > top
        and ys[max(i, 0)] < bottom
        and xs[min(j + 2, across)] > left
        and xs[max(j, 0)] < right
    ]
    total, seen = np.zeros((down, across)), np.zeros((down, across))
    whole = _over_mean(classifier.run(picture[None, None]).logits, k)[0]
    for start in range(0, len(covers), _BATCH):
        batch = covers[start : start + _BATCH]
        inputs = np.repeat(picture[None, None], len(batch), axis=0)
        for covered, (i, j) in zip(inputs[:, 0], batch, strict=True):
            y0, y1 = (int(ys[min(max(n, 0), down)].round()) for n in (i, i + 2))
            x0, x1 = (int(xs[min(max(n, 0), across)].round()) for n in (j, j + 2))
            covered[max(y0, top) : min(y1, bottom), max(x0, left) : min(x1, right)] = grey
        falls = whole - _over_mean(classifier.run(inputs).logits, k)
        for (i, j), fall in zip(batch, falls.tolist(), strict=True):
            part = np.s_[max(i, 0) : i + 2, max(j, 0) : j + 2]
            total[part] += fall
            seen[part] += 1
    return (total / np.maximum(seen, 1)).astype(np.float32)


def _over_mean(logits: Floats, k: int) -> NDArray[np.float64]:
    """What label k has over the mean of all (n,)."""
    exact = logits.astype(np.float64)
    return np.asarray(exact[:, k] - exact.mean(axis=1))


def _on_film(
    heat: Floats, input_size: tuple[int, ...], frame: Frame, size: tuple[int, int]
) -> Floats:
    """A coarse map over the input (h, w), bilinear at each pixel of a film of `size`, in [0, 1]."""
    heat = np.nan_to_num(np.maximum(heat, 0), posinf=0.0).astype(np.float32)
    rows, columns = size
    # From film pixels to the map's own: the frame backwards, then to the map's size.
    origin, x_step, y_step = frame.to_input(np.array([(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)]))
    scale = np.array([heat.shape[1] / input_size[1], heat.shape[0] / input_size[0]])
    (a, d), (b, e), (c, f) = (
        (v * scale).tolist() for v in (x_step - origin, y_step - origin, origin)
    )
    values = np.array(
        Image.fromarray(heat).transform(
            (columns, rows), Image.Transform.AFFINE, (a, b, c, d, e, f), Image.Resampling.BILINEAR
        )
    )
    hottest = float(values.max())
    return np.asarray(np.clip(values / hottest, 0, 1) if hottest > 0 else values, np.float32)
