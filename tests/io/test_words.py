import re
from pathlib import Path

import pytest

from spinescan.io.words import REASONS, explain, question

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(
    "page", ["explain/als.md", "explain/landmarks.md", "how-to/use-a-bundle.md"]
)
def test_every_reason_that_is_documented_has_a_sentence(page: str) -> None:
    codes = re.findall(r"^\| `(\w+)`", (DOCS / page).read_text("utf-8"), re.MULTILINE)
    assert len(codes) > 3
    assert set(codes) <= set(REASONS)


def test_a_code_without_a_sentence_is_given_as_it_is() -> None:
    assert explain(["no_spine", "odd_code"]) == (REASONS["no_spine"], "odd_code")


def test_tasks_are_asked_in_words_and_ones_own_by_their_name() -> None:
    assert question("als7") == "ALS type, by image"
    assert question("my_task") == "my task"
