"""A bundle is whole, or refused with one line that says why."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spinescan.core.errors import BundleError
from spinescan.infer.bundle import (
    BUNDLE_FILE,
    CARD_FILE,
    Bundle,
    file_digest,
    shipped,
    shipped_bundles,
)
from spinescan.infer.preprocess import InputSpec


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "finder.onnx").write_bytes(b"weights")
    values = {
        "name": "small",
        "version": "3",
        "task": "frontal-landmarks",
        "networks": {
            "finder": {
                "file": "finder.onnx",
                "sha256": file_digest(tmp_path / "finder.onnx"),
                "input": {"rows": 64, "columns": 32, "low": 2.0, "high": 98.0},
            }
        },
        "settings": {"pitch_px": 48},
        "provenance": {"trained_on": ["phantoms"]},
        "summary": {"n": 12},
    }
    (tmp_path / BUNDLE_FILE).write_text(json.dumps(values))
    (tmp_path / CARD_FILE).write_text("# A card, très bien", encoding="utf-8")
    return tmp_path


def change(folder: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    values = json.loads((folder / BUNDLE_FILE).read_text())
    edit(values)
    (folder / BUNDLE_FILE).write_text(json.dumps(values))


def test_a_bundle(folder: Path) -> None:
    bundle = Bundle.load(folder)
    assert (bundle.ref.name, bundle.ref.version, bundle.task) == ("small", "3", "frontal-landmarks")
    assert bundle.networks["finder"].path == folder / "finder.onnx"
    assert bundle.networks["finder"].input == InputSpec(64, 32, 2.0, 98.0)
    assert bundle.settings == {"pitch_px": 48.0}
    assert bundle.provenance == {"trained_on": ["phantoms"]}
    assert bundle.summary == {"n": 12}
    assert bundle.card == "# A card, très bien"


def test_weights_that_were_changed(folder: Path) -> None:
    (folder / "finder.onnx").write_bytes(b"Weights")
    with pytest.raises(BundleError, match=r"finder\.onnx: damaged \(its SHA-256 does not match\)"):
        Bundle.load(folder)


def test_a_digest_that_was_changed(folder: Path) -> None:
    change(folder, lambda v: v["networks"]["finder"].update(sha256="0" * 64))
    with pytest.raises(BundleError, match="SHA-256"):
        Bundle.load(folder)


@pytest.mark.parametrize("file", ["finder.onnx", BUNDLE_FILE])
def test_a_file_that_is_missing(folder: Path, file: str) -> None:
    (folder / file).unlink()
    with pytest.raises(BundleError, match=f"not a bundle .*{file}"):
        Bundle.load(folder)


def test_a_folder_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="not a bundle"):
        Bundle.load(tmp_path / "nowhere")


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe\x00", b"{}"])
def test_a_description_that_is_not_understood(folder: Path, text: bytes) -> None:
    (folder / BUNDLE_FILE).write_bytes(text)
    with pytest.raises(BundleError, match="not understood") as caught:
        Bundle.load(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "key", ["name", "version", "task", "networks", "settings", "provenance", "summary"]
)
def test_a_description_that_lacks_something(folder: Path, key: str) -> None:
    change(folder, lambda v: v.pop(key))
    with pytest.raises(BundleError, match=f"not understood.*{key}"):
        Bundle.load(folder)


@pytest.mark.parametrize(
    "edit",
    [
        lambda v: v["networks"]["finder"].pop("sha256"),
        lambda v: v["networks"]["finder"]["input"].update(rows=0),
        lambda v: v["networks"]["finder"]["input"].update(depth=3),
        lambda v: v["networks"]["finder"].update(file=7),
        lambda v: v.update(networks=["finder.onnx"]),
        lambda v: v["settings"].update(pitch_px="tall"),
        lambda v: v["settings"].update(pitch_px=None),
        lambda v: v.update(settings=[1, 2]),
    ],
)
def test_a_description_that_makes_no_sense(
    folder: Path, edit: Callable[[dict[str, Any]], object]
) -> None:
    change(folder, edit)
    with pytest.raises(BundleError, match="not understood"):
        Bundle.load(folder)


def test_a_card_that_is_missing(folder: Path) -> None:
    (folder / CARD_FILE).unlink()
    with pytest.raises(BundleError, match=CARD_FILE):
        _ = Bundle.load(folder).card


def test_a_name_that_does_not_ship() -> None:
    with pytest.raises(BundleError, match=r"no bundle named 'horses' \(shipped: "):
        shipped("horses")


def test_what_ships_is_whole() -> None:
    folders = shipped_bundles()
    if not folders:
        pytest.skip("no bundle in src/spinescan/bundles of this checkout")
    for folder in folders:
        bundle = Bundle.load(folder)
        assert shipped(bundle.name) == folder
        assert bundle.card.startswith("# ")
        assert bundle.provenance["trained_on"]
