"""What is needed to train a classifier again, read from a TOML file."""

import json
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Self, get_args

from spinescan.core.errors import DataError
from spinescan.infer.preprocess import Fit, InputSpec

Kind = Literal["linear", "dense", "conv", "spatial"]
Balance = Literal["none", "weights", "sampler"]
Optimiser = Literal["adam", "adamw", "rmsprop"]
Schedule = Literal["plateau", "cosine"]
Precision = Literal["auto", "32-true", "bf16-mixed", "16-mixed"]

PRETRAINED = "pretrained"
NONE = "none"
"""What `weights` may be beside a file or a folder."""

SMALL_CNN = "small_cnn"
"""The backbone that is taught from scratch."""

SEED_BACKBONES = {
    "inception_v3": "inception_v3.tf_in1k",
    "xception": "legacy_xception.tf_in1k",
    "resnet50": "resnet50.tv_in1k",
    "resnet101": "resnet101.tv_in1k",
}
"""The four backbones of the ALS notebook by the names they have there, and timm's names for them.

The part after the dot names the weights that timm would download, and with them the normalisation.
"""


_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,79}")


@dataclass(frozen=True, slots=True)
class HeadRecipe:
    """What turns feature maps into logits.

    Parameters
    ----------
    kind
        "linear" (one layer over the maps' mean: it also gives class activation maps), "dense" (the
        ALS notebook's: layers of 1024, 512, 256 and 128 units with PReLU), "conv" (that of Spine
        Scan: a convolution of `conv_units`, then a layer of `dense_units`), or "spatial"
        (convolutions of `conv_units` that keep where on the film a feature lies).
    dropout
        Before the linear head's layer, and after the others' hidden ones (0 to 1).
    l2
        Times the squared weights of hidden dense layers, it is added to the loss.
    conv_units
        Channels of the convolutions of "conv" and "spatial".
    dense_units
        Units of the dense layer of "conv".
    """

    kind: Kind = "linear"
    dropout: float = 0.2
    l2: float = 0.0
    conv_units: int = 64
    dense_units: int = 128

    def __post_init__(self) -> None:
        _one_of("head.kind", self.kind, Kind)
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must lie in 0..1, got {self.dropout}")
        _not_negative("l2", self.l2)
        _whole("conv_units", self.conv_units)
        _whole("dense_units", self.dense_units)


@dataclass(frozen=True, slots=True)
class AugmentRecipe:
    """How far a training film may be changed, each draw uniform; by default as in Spine Scan.

    Parameters
    ----------
    rotation_deg
        To either side.
    shift
        As a share of the input's sides.
    shear
        As a slope.
    zoom
        From 1 - zoom to 1 + zoom, the same in both directions, so that it keeps angles.
    brightness
        Lowest and highest factor of the grey values.
    mirror
        Films are mirrored half the time, where the task's labels are known to stay what they are.
    """

    rotation_deg: float = 20.0
    shift: float = 0.2
    shear: float = 0.2
    zoom: float = 0.2
    brightness: tuple[float, float] = (0.8, 1.2)
    mirror: bool = True

    def __post_init__(self) -> None:
        for name in ("rotation_deg", "shift", "shear", "zoom"):
            _not_negative(name, getattr(self, name))
        if self.zoom >= 1:
            raise ValueError(f"zoom must be below 1, got {self.zoom}")
        low, high = self.brightness
        if not 0 < low <= high:
            raise ValueError(f"brightness must rise from above 0, got {self.brightness}")


@dataclass(frozen=True, slots=True)
class ClassifyRecipe:
    """A classifier and its training.

    Parameters
    ----------
    name
        Of the bundle.
    backbone
        By its name in timm, by one of `SEED_BACKBONES`, or "small_cnn", which is taught from
        scratch.
    rows
        Of the network's input, in pixels.
    columns
        Of the network's input, in pixels.
    version
        Of the bundle.
    seed
        Of everything that is drawn.
    weights
        What the backbone starts from: "pretrained" (those that timm names), "none", or a file or
        folder.
    fit
        How films come to the input's size: "letterbox" or "squash".
    epochs
        At most. The epoch of the lowest validation loss is kept.
    frozen_epochs
        Epochs for which the backbone stays as it is.
    batch
        Films in one step.
    optimiser
        Its kind.
    learning_rate
        Of the head.
    backbone_rate
        Learning rate of the backbone as a factor of the head's.
    weight_decay
        Of the optimiser.
    schedule
        "plateau": the rate falls when the validation loss does not; "cosine": along half a cosine
        over all epochs.
    plateau_factor
        By which the rate falls.
    plateau_patience
        Epochs without a lower validation loss after which it does.
    stop_patience
        Epochs without a lower validation loss after which the training ends.
    balance
        Classes are balanced by "weights" in the loss, by how often their films are drawn
        ("sampler"), or not ("none"); in the training part alone.
    validation_share
        Share (0 to 1) of what is not tested that is held out, where the manifest does not say which
        films are.
    precision
        Of the arithmetic; "auto" takes what the device is good at.
    mean
        Replaces that which timm names for the backbone, for weights that were made for another.
    std
        Likewise.
    backbone_options
        Go to `timm.create_model`.
    head
        What turns feature maps into logits.
    augment
        How far training films are changed.
    """

    name: str
    backbone: str
    rows: int
    columns: int
    version: str = "1"
    seed: int = 1
    weights: str = PRETRAINED
    fit: Fit = "letterbox"
    epochs: int = 40
    frozen_epochs: int = 0
    batch: int = 32
    optimiser: Optimiser = "adamw"
    learning_rate: float = 3e-4
    backbone_rate: float = 1.0
    weight_decay: float = 0.0
    schedule: Schedule = "plateau"
    plateau_factor: float = 0.5
    plateau_patience: int = 3
    stop_patience: int = 10
    balance: Balance = "weights"
    validation_share: float = 0.2
    precision: Precision = "auto"
    mean: float | None = None
    std: float | None = None
    backbone_options: Mapping[str, Any] = field(default_factory=dict)
    head: HeadRecipe = field(default_factory=HeadRecipe)
    augment: AugmentRecipe = field(default_factory=AugmentRecipe)

    def __post_init__(self) -> None:
        for text in (self.name, self.version):
            if not _PLAIN.fullmatch(text):
                raise ValueError(
                    f"name and version become those of a bundle: letters, digits, . _ + and -, got "
                    f"{text!r}"
                )
        _one_of("fit", self.fit, Fit)
        _one_of("optimiser", self.optimiser, Optimiser)
        _one_of("schedule", self.schedule, Schedule)
        _one_of("balance", self.balance, Balance)
        _one_of("precision", self.precision, Precision)
        for name in ("rows", "columns", "epochs", "batch", "plateau_patience", "stop_patience"):
            _whole(name, getattr(self, name))
        for name in ("learning_rate", "backbone_rate", "weight_decay"):
            _not_negative(name, getattr(self, name))
        if not 0 <= self.frozen_epochs <= self.epochs:
            raise ValueError(f"frozen_epochs must lie in 0..{self.epochs}")
        if not 0 < self.plateau_factor < 1:
            raise ValueError(f"plateau_factor must lie between 0 and 1, got {self.plateau_factor}")
        if not 0 < self.validation_share < 1:
            raise ValueError("validation_share must lie between 0 and 1")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a recipe.

        Raises
        ------
        DataError
            If the file is missing, is not TOML, lacks or misspells a setting, or a setting makes
            no sense.
        """
        try:
            return cls.from_dict(tomllib.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise DataError(f"{path}: not a classifier's recipe ({error})") from error

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """A recipe from plain types; ValueError or TypeError for what does not belong there."""
        values = dict(values)
        values["head"] = HeadRecipe(**values.get("head", {}))
        augment = dict(values.get("augment", {}))
        if "brightness" in augment:
            low, high = augment["brightness"]
            augment["brightness"] = (low, high)
        values["augment"] = AugmentRecipe(**augment)
        return cls(**values)

    @classmethod
    def of_backbone(cls, backbone: str) -> Self:
        """A sensible recipe for a backbone, with a linear head.

        The ALS notebook's four take films of 299 x 299 as they do there, others of 224 x 224.
        """
        rows = columns = 299 if backbone in SEED_BACKBONES else 224
        return cls(
            name=re.sub(r"[^A-Za-z0-9._+-]", "-", backbone) or "none",
            backbone=backbone,
            rows=rows,
            columns=columns,
            weights=NONE if backbone == SMALL_CNN else PRETRAINED,
        )

    def to_dict(self) -> dict[str, Any]:
        """The recipe as plain types, for a run's note and a bundle's provenance."""
        return asdict(self)

    @property
    def input(self) -> InputSpec:
        """What its network expects."""
        return InputSpec(self.rows, self.columns, fit=self.fit)


def _one_of(name: str, value: object, choices: Any) -> None:
    if value not in get_args(choices):
        raise ValueError(f"{name} must be one of {', '.join(get_args(choices))}, got {value!r}")


def _whole(name: str, value: object) -> None:
    if type(value) is not int or value < 1:
        raise ValueError(f"{name} must be whole and positive, got {value!r}")


def _not_negative(name: str, value: float) -> None:
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{name} must not be negative, got {value!r}")


def to_toml(recipe: ClassifyRecipe) -> str:
    """A recipe as the TOML that `ClassifyRecipe.read` reads."""
    return "\n".join(_toml(recipe.to_dict())) + "\n"


def _toml(values: Mapping[str, Any], table: str = "") -> list[str]:
    """Plain values first, then the tables among them."""
    lines = [f"[{table}]"] if table else []
    tables = {name: value for name, value in values.items() if isinstance(value, Mapping)}
    # What JSON writes for texts, numbers, lists and truth is TOML, too.
    lines += [
        f"{name} = {json.dumps(value)}"
        for name, value in values.items()
        if name not in tables and value is not None
    ]
    for name, inner in tables.items():
        lines += ["", *_toml(inner, f"{table}.{name}" if table else name)]
    return lines
