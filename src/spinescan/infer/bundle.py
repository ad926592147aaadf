"""A bundle: a folder that holds a model's networks and all that must be known to use them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from spinescan.core.errors import BundleError
from spinescan.core.report import BundleRef
from spinescan.infer.preprocess import InputSpec

BUNDLE_FILE = "bundle.json"
CARD_FILE = "CARD.md"
_SHIPPED = Path(__file__).parents[1] / "bundles"


@dataclass(frozen=True, slots=True)
class Network:
    """One ONNX file of a bundle, its digest and what it expects."""

    path: Path
    sha256: str
    input: InputSpec


@dataclass(frozen=True, slots=True)
class Bundle:
    """A checked bundle. Its weights match their digests once it is constructed by `load`.

    `task` is the question that it answers, and `networks` are keyed by their part in the answer.
    `settings` are the numbers that belong to the weights: thresholds, calibration, sizes.
    `provenance` tells what the weights were trained on and how; `summary` holds the figures that
    were measured.
    """

    folder: Path
    name: str
    version: str
    task: str
    networks: Mapping[str, Network]
    settings: Mapping[str, float]
    provenance: Mapping[str, Any]
    summary: Mapping[str, Any]

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read and check a bundle.

        Raises
        ------
        BundleError
            If a file is missing or damaged, or a digest does not match.
        """
        try:
            values = json.loads((folder / BUNDLE_FILE).read_text(encoding="utf-8"))
            networks = {
                name: Network(
                    path=folder / entry["file"],
                    sha256=entry["sha256"],
                    input=InputSpec.from_dict(entry["input"]),
                )
                for name, entry in values["networks"].items()
            }
            for network in networks.values():
                if file_digest(network.path) != network.sha256:
                    raise BundleError(f"{network.path}: damaged (its SHA-256 does not match)")
            return cls(
                folder=folder,
                name=values["name"],
                version=values["version"],
                task=values["task"],
                networks=networks,
                settings={key: float(value) for key, value in values["settings"].items()},
                provenance=values["provenance"],
                summary=values["summary"],
            )
        except OSError as error:
            raise BundleError(
                f"{folder}: not a bundle ({error.strerror}: {error.filename})"
            ) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BundleError(f"{folder}: {BUNDLE_FILE} not understood ({error!r})") from error

    @property
    def ref(self) -> BundleRef:
        return BundleRef(self.name, self.version)

    @property
    def card(self) -> str:
        """The model card, as Markdown; BundleError if there is none."""
        try:
            return (self.folder / CARD_FILE).read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise BundleError(f"{self.folder}: no {CARD_FILE} ({error.strerror})") from error


def file_digest(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def shipped_bundles() -> tuple[Path, ...]:
    """The folders of the bundles that come with SpineScan."""
    return tuple(sorted(path.parent for path in _SHIPPED.glob(f"*/{BUNDLE_FILE}")))


def shipped(name: str) -> Path:
    """The folder of one shipped bundle.

    Raises
    ------
    BundleError
        If there is none of that name.
    """
    folder = _SHIPPED / name
    if not (folder / BUNDLE_FILE).is_file():
        known = ", ".join(path.name for path in shipped_bundles()) or "none"
        raise BundleError(f"no bundle named {name!r} (shipped: {known})")
    return folder
