"""A bundle is whole, or refused with one line that says why."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spinescan.core.errors import BundleError
from spinescan.core.radiograph import View
from spinescan.infer.bundle import (
    BUNDLE_FILE,
    CARD_FILE,
    Bundle,
    file_digest,
    find_bundle,
    shipped,
    shipped_bundles,
)
from spinescan.infer.preprocess import InputSpec
from tests.infer.classifiers import network, spec, write_classifier
from tests.infer.wire import model, node


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "finder.onnx").write_bytes(model())
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
    (folder / "finder.onnx").write_bytes(model(node("Identity", ["input"], ["output"])))
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


@pytest.mark.parametrize(
    "file", ["../finder.onnx", "/etc/passwd", "sub/finder.onnx", "..", "", ".hidden", "a\\b", "C:x"]
)
def test_a_path_out_of_the_folder(folder: Path, file: str) -> None:
    (folder.parent / "finder.onnx").write_bytes(model())
    change(folder, lambda v: v["networks"]["finder"].update(file=file))
    with pytest.raises(BundleError, match="not a plain name"):
        Bundle.load(folder)
    (folder.parent / "finder.onnx").unlink()


@pytest.mark.parametrize("file", ["finder.onnx", BUNDLE_FILE])
def test_a_link(folder: Path, tmp_path_factory: pytest.TempPathFactory, file: str) -> None:
    there = tmp_path_factory.mktemp("elsewhere") / file
    (folder / file).rename(there)
    (folder / file).symlink_to(there)
    with pytest.raises(BundleError, match=rf"{file}: is a link"):
        Bundle.load(folder)


def test_a_card_that_is_a_link(folder: Path) -> None:
    (folder / CARD_FILE).unlink()
    (folder / CARD_FILE).symlink_to("/etc/passwd")
    with pytest.raises(BundleError, match="is a link"):
        _ = Bundle.load(folder).card


@pytest.mark.skipif(os.name == "nt", reason="no such pipes")
@pytest.mark.parametrize("file", ["finder.onnx", BUNDLE_FILE])
def test_a_file_that_is_none(folder: Path, file: str) -> None:
    (folder / file).unlink()
    os.mkfifo(folder / file)  # reading it would wait for ever
    with pytest.raises(BundleError, match="is no plain file"):
        Bundle.load(folder)


@pytest.mark.parametrize(
    ("limit", "file"), [("MAX_NETWORK_BYTES", "finder.onnx"), ("MAX_TEXT_BYTES", BUNDLE_FILE)]
)
def test_a_file_that_is_too_large(
    folder: Path, monkeypatch: pytest.MonkeyPatch, limit: str, file: str
) -> None:
    size = (folder / file).stat().st_size
    monkeypatch.setattr(f"spinescan.infer.bundle.{limit}", size)
    Bundle.load(folder)
    monkeypatch.setattr(f"spinescan.infer.bundle.{limit}", size - 1)
    with pytest.raises(BundleError, match=rf"{file}: has {size} bytes; {size - 1} are allowed"):
        Bundle.load(folder)


def test_a_network_with_more_than_a_network_in_it(folder: Path) -> None:
    (folder / "finder.onnx").write_bytes(model(domain="com.evil"))
    digest = file_digest(folder / "finder.onnx")
    change(folder, lambda v: v["networks"]["finder"].update(sha256=digest))
    with pytest.raises(BundleError, match=r"finder\.onnx: refused, because it uses operators of"):
        Bundle.load(folder)


@pytest.mark.parametrize("key", ["name", "version"])
@pytest.mark.parametrize("value", ["", "../up", "\x1b[2J", "a b", "x" * 81, "<b>", "line\n", 7])
def test_a_name_that_is_not_plain(folder: Path, key: str, value: object) -> None:
    change(folder, lambda v: v.update({key: value}))
    with pytest.raises(BundleError, match="not a plain name") as caught:
        Bundle.load(folder)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("value", ["\x1b[2J", "two\nlines", "x" * 201, 7, None])
def test_a_task_that_is_no_line_of_text(folder: Path, value: object) -> None:
    change(folder, lambda v: v.update(task=value))
    with pytest.raises(BundleError, match="not understood") as caught:
        Bundle.load(folder)
    assert str(caught.value).isprintable()


def test_a_description_that_is_nested_too_deep(folder: Path) -> None:
    (folder / BUNDLE_FILE).write_text("[" * 200_000)
    with pytest.raises(BundleError, match="not understood"):
        Bundle.load(folder)


def test_an_input_that_would_fill_the_memory(folder: Path) -> None:
    change(folder, lambda v: v["networks"]["finder"]["input"].update(rows=10**9))
    with pytest.raises(BundleError, match="too large"):
        Bundle.load(folder)


def test_a_classifier(tmp_path: Path) -> None:
    bundle = Bundle.load(write_classifier(tmp_path, views=["frontal"]))
    assert bundle.classifier == spec(views=(View.FRONTAL,))
    assert bundle.size_bytes == len(network())
    assert Bundle.load(write_classifier(tmp_path)).classifier == spec()


@pytest.mark.parametrize(
    "edit",
    [
        lambda v: v.pop("labels"),
        lambda v: v.pop("calibration"),
        lambda v: v["labels"]["labels"].pop(),
        lambda v: v["labels"]["labels"].clear(),
        lambda v: v["labels"].update(kind="any_of"),
        lambda v: v["labels"].update(kind="none_of"),
        lambda v: v["labels"].update(mirror="maybe"),
        lambda v: v["labels"]["labels"][0].update(code="\x1b[31mupper"),
        lambda v: v["labels"]["labels"][0].update(code="x" * 201),
        lambda v: v["labels"]["labels"][0].update(code=3),
        lambda v: v["calibration"].update(origin="imagined"),
        lambda v: v["calibration"].update(origin="none"),
        lambda v: v["calibration"].update(temperature=0.0),
        lambda v: v["calibration"].update(temperature=float("nan")),
        lambda v: v["calibration"].update(coverage=90),
        lambda v: v["calibration"]["thresholds"].pop("upper"),
        lambda v: v["calibration"]["thresholds"].update(upper=float("nan")),
        lambda v: v["calibration"]["n"].update(upper=-1),
        lambda v: v["calibration"].pop("n"),
        lambda v: v.update(views=["from above"]),
        lambda v: v.update(activation="none"),
        lambda v: v.update(networks={"finder": v["networks"]["classifier"]}),
    ],
)
def test_a_classifier_that_makes_no_sense(
    tmp_path: Path, edit: Callable[[dict[str, Any]], object]
) -> None:
    change(write_classifier(tmp_path), edit)
    with pytest.raises(BundleError, match="not understood") as caught:
        Bundle.load(tmp_path)
    assert str(caught.value).isprintable()


def test_a_model_is_found_by_its_name_or_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ships = write_classifier(tmp_path / "ships" / "light")
    own = write_classifier(tmp_path / "own" / "light")
    monkeypatch.setattr("spinescan.infer.bundle._SHIPPED", ships.parent)
    monkeypatch.chdir(own.parent)
    assert find_bundle("light") == ships  # though there is a folder of that name
    assert find_bundle("./light") == Path("./light")
    assert find_bundle(own) == own
    with pytest.raises(BundleError, match=r"no bundle named 'dark' \(shipped: light\)"):
        find_bundle("dark")
    own.rename(own.with_name("dark"))
    assert find_bundle("dark") == Path("dark")


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
