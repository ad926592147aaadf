import inspect
import re
from pathlib import Path

import pytest

from spinescan.io.words import REASONS, explain, measurement, question
from spinescan.measure import change

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(
    "page",
    [
        "explain/als.md",
        "explain/cases.md",
        "explain/landmarks.md",
        "explain/sagittal.md",
        "how-to/use-a-bundle.md",
    ],
)
def test_every_reason_that_is_documented_has_a_sentence(page: str) -> None:
    codes = re.findall(r"^\| `(\w+)`", (DOCS / page).read_text("utf-8"), re.MULTILINE)
    assert len(codes) > 3
    assert set(codes) <= set(REASONS)


def test_every_reason_against_a_follow_up_has_a_sentence() -> None:
    text = inspect.getdoc(change.FollowUp) or ""
    codes = re.findall(r"^(\w+_\w+) {2,}\w", text, re.MULTILINE)
    assert len(codes) > 6
    assert set(codes) <= set(REASONS)


def test_a_code_without_a_sentence_is_given_as_it_is() -> None:
    assert explain(["no_spine", "odd_code"]) == (REASONS["no_spine"], "odd_code")


def test_tasks_are_asked_in_words_and_ones_own_by_their_name() -> None:
    assert question("als7") == "ALS type, by image"
    assert question("my_task") == "my task"


def test_measurements_have_names_that_a_therapist_reads() -> None:
    assert measurement("TK_T4_T12") == "thoracic kyphosis T4 to T12 (TK)"
    assert measurement("LL_against_PI").startswith("lumbar lordosis against what the pelvis")
    assert measurement("PI") == "pelvic incidence (PI)"
    assert measurement("slip_L4_L5") == "slip of L4 on L5"
    assert measurement("TP_to_CSL") == "TP to CSL"
