"""A bundle: a folder that holds a model's networks and all that must be known to use them.

A bundle may come from anybody, so it is data and nothing else: plain files in one folder, of a
bounded size, whose networks match their digests, hold their own weights and use standard operators.
"""

import hashlib
import json
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from spinescan.core.errors import BundleError
from spinescan.core.report import BundleRef
from spinescan.infer.classifier_spec import ClassifierSpec, line_of_text
from spinescan.infer.onnx_check import check_onnx
from spinescan.infer.preprocess import InputSpec

BUNDLE_FILE = "bundle.json"
CARD_FILE = "CARD.md"
CLASSIFIER = "classifier"
"""The task of a bundle that answers with labels, and the name of its network."""

MAX_NETWORK_BYTES = 512 * 2**20
MAX_TEXT_BYTES = 2**20
MAX_INPUT_PIXELS = 4096
"""What a file, and a side of a network's input, may have at most."""

_SHIPPED = Path(__file__).parents[1] / "bundles"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,79}")
"""Names of bundles, versions and files: they become file names and are printed."""


@dataclass(frozen=True, slots=True)
class Network:
    """One ONNX file of a bundle.

    Parameters
    ----------
    path
        Of the file.
    sha256
        Hexadecimal digest of the file's bytes.
    input
        What the network expects.
    """

    path: Path
    sha256: str
    input: InputSpec


@dataclass(frozen=True, slots=True)
class Bundle:
    """A checked bundle. Its weights match their digests once it is constructed by `load`.

    Parameters
    ----------
    folder
        Where its files are.
    name
        A plain name: letters, digits, ".", "_", "+" and "-".
    version
        A plain name, likewise.
    task
        What it is for: "frontal-landmarks", "lateral-landmarks" or "classifier".
    networks
        Its networks, by their part in the answer: "finder" and "refiner", or "classifier".
    settings
        The numbers that belong to the weights: thresholds, calibration, sizes.
    provenance
        What the weights were trained on, and how.
    summary
        The figures that were measured.
    classifier
        There where the task is "classifier", else None.
    """

    folder: Path
    name: str
    version: str
    task: str
    networks: Mapping[str, Network]
    settings: Mapping[str, float]
    provenance: Mapping[str, Any]
    summary: Mapping[str, Any]
    classifier: ClassifierSpec | None = None

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read and check a bundle.

        Raises
        ------
        BundleError
            If a file is missing, damaged, too large, a link or outside of the folder; a digest
            does not match; a network takes values from other files or operators that are not
            standard; or the description is not understood.
        """
        try:
            values = json.loads(_read(folder / BUNDLE_FILE, MAX_TEXT_BYTES))
            networks = {name: _network(folder, entry) for name, entry in values["networks"].items()}
            classifier = None
            if values["task"] == CLASSIFIER:
                classifier = ClassifierSpec.from_dict(values)
                networks[CLASSIFIER]  # a KeyError if it has none
            return cls(
                folder=folder,
                name=_name(values["name"]),
                version=_name(values["version"]),
                task=line_of_text(values["task"]),
                networks=networks,
                settings={key: float(value) for key, value in values["settings"].items()},
                provenance=values["provenance"],
                summary=values["summary"],
                classifier=classifier,
            )
        except OSError as error:
            raise BundleError(
                f"{folder}: not a bundle ({error.strerror}: {error.filename})"
            ) from error
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise BundleError(f"{folder}: {BUNDLE_FILE} not understood ({error!r})") from error

    @property
    def ref(self) -> BundleRef:
        """Name and version, as a Report tells them."""
        return BundleRef(self.name, self.version)

    @property
    def size_bytes(self) -> int:
        """Of all its networks together."""
        return sum(network.path.stat().st_size for network in self.networks.values())

    @property
    def card(self) -> str:
        """The model card, as Markdown; BundleError if there is none.

        It is anybody's text: escape it where it is shown.
        """
        try:
            return _read(self.folder / CARD_FILE, MAX_TEXT_BYTES).decode("utf-8", "replace")
        except OSError as error:
            raise BundleError(f"{self.folder}: no {CARD_FILE} ({error.strerror})") from error


def _network(folder: Path, entry: Mapping[str, Any]) -> Network:
    spec = InputSpec.from_dict(entry["input"])
    if max(spec.rows, spec.columns) > MAX_INPUT_PIXELS:
        raise ValueError(f"input of {spec.rows} x {spec.columns} pixels is too large")
    path = folder / _name(entry["file"])
    data = _read(path, MAX_NETWORK_BYTES)
    if hashlib.sha256(data).hexdigest() != entry["sha256"]:
        raise BundleError(f"{path}: damaged (its SHA-256 does not match)")
    try:
        check_onnx(data)
    except ValueError as error:
        raise BundleError(f"{path}: refused, because {error}") from error
    return Network(path, entry["sha256"], spec)


def _name(value: object) -> str:
    """A name that is no path, nor anything a terminal or a page would act on."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ValueError(f"not a plain name: {str(value)[:80]!r}")
    return value


def _read(path: Path, most: int) -> bytes:
    """The content of a plain file; links, devices and what is too large are refused unread."""
    # A link that was put in between the look and the opening is refused as well, and a pipe does
    # not wait for its writer.
    flags = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    if path.is_symlink():
        raise BundleError(f"{path}: is a link; a bundle holds its files itself")
    with open(os.open(path, os.O_RDONLY | flags), "rb") as stream:  # noqa: PTH123 (a descriptor)
        info = os.fstat(stream.fileno())
        if not stat.S_ISREG(info.st_mode):
            raise BundleError(f"{path}: is no plain file")
        if info.st_size > most:
            raise BundleError(f"{path}: has {info.st_size} bytes; {most} are allowed")
        return stream.read(most)


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
    for folder in shipped_bundles():
        if folder.name == name:
            return folder
    known = ", ".join(path.name for path in shipped_bundles()) or "none"
    raise BundleError(f"no bundle named {name!r} (shipped: {known})")


def find_bundle(model: str | os.PathLike[str]) -> Path:
    """The folder of a bundle, given by the name of a shipped one or by its own path.

    Raises
    ------
    BundleError
        If there is neither.
    """
    folder = Path(model)
    named = isinstance(model, str) and _NAME.fullmatch(model) is not None
    shipped_names = [path.name for path in shipped_bundles()]
    return (
        shipped(str(model)) if named and (model in shipped_names or not folder.is_dir()) else folder
    )
