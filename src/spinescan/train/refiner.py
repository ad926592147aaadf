"""Teaching the refiner: patches around disturbed poses, their targets and loss.

The refiner sees one vertebra, upright and at a fixed size, where the finder thinks it is. In
training the true pose is shaken by about as much as the finder errs. Some patches show no vertebra
in their middle, so that the refiner also learns to say that none is there.

For lateral films it is shown the sacral endplate, too. Its ends are taught like the upper corners
of a vertebra; that it is none of T1..L5 is taught as well, so that no row is carried on over it.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import Dataset

from spinescan.infer.decode import sacrum_pose, vertebra_poses
from spinescan.infer.preprocess import InputSpec, Pose, patches
from spinescan.train.augment import Shot, mirror, spoil
from spinescan.train.films import Pool

LEVELS_PER_FILM = 16
"""Patches that are taken from one film."""
ABSENT = 2
"""How many of these show no vertebra in their middle."""
SACRUM = ("S1_left", "S1_right")
"""The first of `FRONTAL_POINTS`: the ends of the endplate."""
SACRUM_PATCHES = 2
"""How many more a film with a sacrum has: more angles are measured at it than at any vertebra."""


class RefinerFilms(Dataset[tuple[Tensor, Tensor, Tensor]]):
    """Patches of one film: (k, 1, rows, columns), corners (k, 4, 2), present (k,).

    Corners that are not to be taught are NaN. With `sacrum`, the last patches of a film that shows
    S1's endplate are of that.
    """

    def __init__(
        self, pool: Pool, spec: InputSpec, pitch_px: float, items: int, *, sacrum: bool = False
    ) -> None:
        self.pool, self.spec, self.pitch_px, self.items = pool, spec, pitch_px, items
        self.sacrum = sacrum

    def __len__(self) -> int:
        return self.items

    def __getitem__(self, item: int) -> tuple[Tensor, Tensor, Tensor]:
        film, rng = self.pool.draw(item)
        shot = Shot(film.pixels.astype(np.float32) / np.float32(255), film.corners, film.points)
        if rng.random() < 0.5:
            shot = mirror(shot)
        pixels, corners = spoil(shot.pixels, rng), shot.corners
        visible = np.flatnonzero(np.isfinite(corners).all(axis=(1, 2)))
        chosen = np.sort(rng.permutation(visible)[:LEVELS_PER_FILM])
        present = np.ones(len(chosen), np.float32)
        present[rng.permutation(len(chosen))[:ABSENT]] = 0
        true_poses = vertebra_poses(corners[visible])
        poses = [
            disturbed(true_poses[place], rng, away=not there)
            for place, there in zip(np.searchsorted(visible, chosen), present, strict=True)
        ]
        places = np.where(present[:, None, None] == 1, corners[chosen], np.nan)
        ends = shot.points[: len(SACRUM)]
        if self.sacrum and np.isfinite(ends).all():
            poses += [disturbed(sacrum_pose(*ends), rng) for _ in range(SACRUM_PATCHES)]
            sacrum = np.vstack([ends, np.full((2, 2), np.nan)])
            places = np.concatenate([places, [sacrum] * SACRUM_PATCHES])
            present = np.append(present, np.zeros(SACRUM_PATCHES, np.float32))
        inputs, frames = patches(pixels, poses, self.spec, pitch_px=self.pitch_px)
        truth = np.stack(
            [frame.to_input(place) for place, frame in zip(places, frames, strict=True)]
        )
        return (
            torch.from_numpy(inputs)[:, None],
            torch.from_numpy(truth.astype(np.float32)),
            torch.from_numpy(present),
        )


def disturbed(pose: Pose, rng: np.random.Generator, *, away: bool = False) -> Pose:
    """The pose as the finder might have it, or (`away`) one that is off any vertebra's middle."""
    along, across = rng.normal(0, 0.08, 2)
    if away:
        if rng.random() < 0.5:
            along += rng.choice([-1, 1]) * rng.uniform(0.4, 0.6)
        else:
            across += rng.choice([-1, 1]) * rng.uniform(0.9, 3.0)
    cosine, sine = np.cos(pose.tilt), np.sin(pose.tilt)
    return Pose(
        x=pose.x + pose.pitch * (across * cosine - along * sine),
        y=pose.y + pose.pitch * (across * sine + along * cosine),
        pitch=pose.pitch * float(np.exp(rng.normal(0, 0.08))),
        tilt=pose.tilt + float(np.deg2rad(rng.normal(0, 5))),
    )


def refiner_loss(
    answer: tuple[Tensor, Tensor, Tensor], targets: Sequence[Tensor], pitch_px: float
) -> Tensor:
    """Distance of the corners, error of the endplates' and the mid-line's tilt, and presence.

    The tilt has a term of its own because angles are what the landmarks are for. All are L1, which
    forgives the wrong landmarks that every set of films has. `answer` is the refiner's; `targets`
    are corners (n, 4, 2) in input pixels, NaN for those that are not taught (of the sacrum the
    lower two, of a patch without a vertebra all), and present (n,).
    """
    points, spread, logit = answer
    corners, present = targets
    known = torch.isfinite(corners).all(-1).to(points.dtype)
    taught = known.amax(-1)
    ends = known[:, 1::2] * known[:, ::2]
    corners = corners.nan_to_num()
    error = (points - corners) / pitch_px * known[..., None]
    distance = _mean(error.abs().mean(-1), known)
    width = (corners[:, 1::2, 0] - corners[:, ::2, 0]) / pitch_px
    width = width.clamp_min(0.5)  # narrower ones are crossed corners
    tilt = (error[:, 1::2, 1] - error[:, ::2, 1]) / width * ends
    tilts = (_mean(tilt.abs(), ends) + _mean(tilt, ends).abs()) / 2
    # A narrow heat map is worth having only as far as it is right.
    sharpness = 0.02 * _mean(spread / pitch_px * known, known)
    there = (distance + tilts + sharpness) * taught
    presence = functional.binary_cross_entropy_with_logits(logit.float(), present)
    return there.sum() / taught.sum().clamp_min(1.0) + 0.05 * presence


def _mean(values: Tensor, known: Tensor) -> Tensor:
    """Mean (n,) of values (n, k), which are 0 where they are not known (n, k)."""
    return values.sum(-1) / known.sum(-1).clamp_min(1.0)
