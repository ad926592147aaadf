"""One table of codes, whole, short enough for DICOM, and without a meaning told twice."""

import importlib.util
import re
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest
from pydicom.sr.codedict import codes as standard

from spinescan.core.anatomy import LEVELS
from spinescan.core.report import (
    RESEARCH_USE,
    AlsType,
    AxisName,
    EndsBy,
    Meyerding,
    Position,
    Region,
    SagittalLabel,
)
from spinescan.core.task import TASKS
from spinescan.infer.side import Source
from spinescan.io import words
from spinescan.io.sr import codes
from spinescan.measure.sagittal import LATERAL_MEASUREMENTS

ROOT = Path(__file__).parents[3]
ROWS = [(kind, key, *row) for kind, rows in codes.TABLE.items() for key, row in rows.items()]


@pytest.mark.parametrize(("kind", "key", "value", "meaning"), ROWS)
def test_a_code_fits_into_dicom(kind: str, key: str, value: str, meaning: str) -> None:
    assert 0 < len(value) <= 16  # SH
    assert 0 < len(meaning) <= 64  # LO
    for text in (value, meaning):
        assert text == text.strip()
        assert text.isascii()
        assert text.isprintable()
        assert "\\" not in text


def test_no_code_has_two_meanings() -> None:
    meanings = {(value, meaning) for _, _, value, meaning in ROWS}
    assert [v for v, n in Counter(value for value, _ in meanings).items() if n > 1] == []
    assert len(meanings) == len(ROWS)
    assert len(codes.SCHEME) <= 16


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("reason", words.REASONS),
        ("region", get_args(Region)),
        ("als_type", get_args(AlsType)),
        ("sagittal_class", get_args(SagittalLabel)),
        ("position", get_args(Position)),
        ("slip_grade", (*get_args(Meyerding), "none")),
        ("ends_by", get_args(EndsBy)),
        ("side_source", get_args(Source)),
        ("task", words.TASKS),
        ("task", TASKS),
        ("concept", get_args(AxisName)),
        ("measurement", LATERAL_MEASUREMENTS),
    ],
)
def test_everything_that_a_report_may_say_has_a_code(kind: str, keys: tuple[str, ...]) -> None:
    assert set(keys) <= codes.TABLE[kind].keys()


def test_every_label_of_the_known_tasks_has_a_code() -> None:
    for name, task in TASKS.items():
        assert set(task.codes) <= codes.TABLE[codes.LABELS[name]].keys()


def test_no_word_is_too_long_for_its_item() -> None:
    """TEXT items hold any length; what is told of them elsewhere must not be cut."""
    for kind, texts in words.every_word().items():
        for text in texts.values():
            assert 0 < len(text) <= 1024, kind  # ST, as in a capture's description
            assert text.isprintable()


def test_levels_have_the_codes_of_the_standard() -> None:
    for level in LEVELS:
        assert codes.SITES[level] == getattr(standard.SCT, f"{level}Vertebra")
    for upper, lower in zip(LEVELS, (*LEVELS[1:], "S1"), strict=True):
        disc = codes.SITES[f"{upper}/{lower}"]
        assert disc == getattr(standard.SCT, f"{upper}{lower}Disc")
    assert codes.SITES["S1"] == standard.SCT.Sacrum
    assert codes.SITES["C7"] == standard.SCT.C7Vertebra


def test_other_codes_are_those_of_the_standard() -> None:
    assert standard.SCT.CobbAngle == codes.COBB_ANGLE
    assert standard.SCT.PlainRadiography == codes.PLAIN_RADIOGRAPHY
    assert standard.SCT.Left == codes.SIDES["left"]
    assert standard.SCT.Right == codes.SIDES["right"]
    assert standard.UCUM.Degree == codes.unit_code("deg")
    assert standard.UCUM.Percent == codes.unit_code("%")
    assert standard.UCUM.NoUnits == codes.unit_code("ratio")


def test_the_reference_page_is_up_to_date() -> None:
    path = ROOT / "docs" / "generate_dicom_codes.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    page = ROOT / "docs" / "reference" / "dicom-codes.md"
    assert page.read_text("utf-8") == module.reference(), "run `make docs`"
    assert set(module.KINDS) == set(codes.TABLE)


def test_the_printed_sample_has_codes_of_the_table() -> None:
    page = (ROOT / "docs" / "reference" / "dicom-sample.md").read_text("utf-8")
    printed = set(re.findall(rf'\(([^,(]+),{codes.SCHEME},"([^"]+)"\)', page))
    assert len(printed) > 10
    assert printed <= {(value, meaning) for _, _, value, meaning in ROWS}
    assert RESEARCH_USE in page
