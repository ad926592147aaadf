import pytest

from spinescan.core.task import Label, Task


def test_a_task_keeps_the_order_of_its_labels() -> None:
    labels = (Label("no", "absent"), Label("yes", "present"))
    assert Task("implant", labels).labels == labels


@pytest.mark.parametrize("names", [(), ("only",), ("same", "same")])
def test_a_task_needs_two_different_answers(names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="two or more"):
        Task("implant", tuple(Label(name, name) for name in names))
