"""The documents say what the program does."""

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import click
import numpy as np
import pytest

from spinescan.app.main import cli
from spinescan.infer.bundle import Bundle, file_digest
from spinescan.io.words import REASONS
from spinescan.phantom.film import Order
from spinescan.phantom.sample import SAGITTAL_CLASSES
from spinescan.phantom.set_recipe import ALS_NAMES
from tests.infer.classifiers import write_classifier

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference" / "cli.md"


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def commands(command: click.Command, path: str = "spinescan") -> dict[str, click.Command]:
    below = command.commands if isinstance(command, click.Group) else {}
    found = {path: command}
    for name, sub in below.items():
        found |= commands(sub, f"{path} {name}")
    return found


def test_the_command_line_reference_is_up_to_date() -> None:
    assert REFERENCE.read_text("utf-8") == load(ROOT / "docs" / "generate_cli.py").reference()


def test_the_conformance_statement_is_up_to_date() -> None:
    pytest.importorskip("pynetdicom", reason="needs the extra dicom")
    page = ROOT / "docs" / "reference" / "dicom-conformance.md"
    assert page.read_text("utf-8") == load(ROOT / "docs" / "generate_conformance.py").statement()


@pytest.mark.parametrize(("path", "command"), commands(cli).items())
def test_every_option_is_in_the_reference(path: str, command: click.Command) -> None:
    text = REFERENCE.read_text("utf-8")
    assert f"\n## {path}\n" in text
    section = text.split(f"\n## {path}\n")[1].split("\n## ")[0]
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{path} {parameter.name} has no help"
            for option in parameter.opts:
                assert option in section


def test_the_figures_are_those_of_the_result_files() -> None:
    figures = load(ROOT / "docs" / "generate_figures.py")
    for page in figures.PAGES:
        text = page.read_text("utf-8")
        assert text == figures.with_figures(text, page), f"{page.name}: run `make docs`"
    for path in figures.SUMMARIES:
        bundle = path.read_text("utf-8")
        assert bundle == figures.with_summary(bundle, path), f"{path}: run `make docs`"


def test_make_help_names_every_target() -> None:
    text = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", text, re.MULTILINE)) - {"help", "clean"}
    assert set(re.findall(r'@echo "make ([a-z-]+)', text)) == targets


def test_the_contact_sheet_shows_every_type_and_class() -> None:
    sheet = load(ROOT / "docs" / "draw_contact_sheet.py")
    orders = [cell.order for cell in sheet.CELLS]
    assert {o.als for o in orders if o.view == "frontal"} == set(ALS_NAMES)
    assert {o.sagittal for o in orders if o.view == "lateral"} == set(SAGITTAL_CLASSES)
    assert len(sheet.CELLS) == 4 * sheet.COLUMNS
    assert "Synthetic" in sheet.TITLE


def test_the_contact_sheet_can_be_drawn() -> None:
    sheet = load(ROOT / "docs" / "draw_contact_sheet.py")
    orders = (Order(als="4C", rows=96, plain=True), Order(view="lateral", rows=96, plain=True))
    picture = sheet.draw_sheet(tuple(sheet.Cell(order, 1) for order in orders))
    width, height = sheet.CELL
    assert picture.width > sheet.COLUMNS * width
    assert height < picture.height < 2 * height
    grey = np.asarray(picture.convert("L"))[60 : 60 + height]
    assert grey[:, :width].std() > 20  # a film
    assert grey[:, 3 * width :].std() < 1  # an empty place


def test_the_description_of_a_bundle_in_the_documents_is_understood(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "how-to" / "use-a-bundle.md").read_text("utf-8")
    values = json.loads(text.split("```json\n")[1].split("```")[0])
    write_classifier(tmp_path)  # for its network
    digest = file_digest(tmp_path / "classifier.onnx")
    values["networks"]["classifier"]["sha256"] = digest
    (tmp_path / "bundle.json").write_text(json.dumps(values))
    bundle = Bundle.load(tmp_path)
    assert bundle.classifier is not None
    assert bundle.classifier.calibration.gives_sets


def test_every_reason_that_a_classifier_gives_is_in_the_documents() -> None:
    text = (ROOT / "docs" / "how-to" / "use-a-bundle.md").read_text("utf-8")
    source = (ROOT / "src" / "spinescan" / "infer" / "classifier.py").read_text("utf-8")
    given = set(re.findall(r'"(\w+)"', source)) & set(REASONS)
    assert len(given) == 9
    for code in given:
        assert f"| `{code}` |" in text
