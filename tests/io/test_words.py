import re
from pathlib import Path

import pytest

from spinescan.io.words import REASONS, explain

EXPLAINED = Path(__file__).parents[2] / "docs" / "explain"


@pytest.mark.parametrize("page", ["als.md", "landmarks.md"])
def test_every_reason_that_is_documented_has_a_sentence(page: str) -> None:
    codes = re.findall(r"^\| `(\w+)`", (EXPLAINED / page).read_text("utf-8"), re.MULTILINE)
    assert len(codes) > 3
    assert set(codes) <= set(REASONS)


def test_a_code_without_a_sentence_is_given_as_it_is() -> None:
    assert explain(["no_spine", "odd_code"]) == (REASONS["no_spine"], "odd_code")
