from pathlib import Path

import pytest
from click.testing import CliRunner

from spinescan.app.main import cli
from tests.app.fakes import write_bundle
from tests.infer.classifiers import write_classifier


@pytest.fixture(autouse=True)
def bundles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, ...]:
    folders = tuple(write_bundle(tmp_path / name) for name in ("first", "second"))
    monkeypatch.setattr("spinescan.infer.bundle.shipped_bundles", lambda: folders)
    return folders


def test_models_are_listed_with_version_task_and_figures() -> None:
    result = CliRunner().invoke(cli, ["models"])
    assert result.exit_code == 0
    first = result.stdout.splitlines()[:2]
    assert first[0] == "first 1.2.3 (frontal-landmarks, 0.0 MB)"
    assert "smape_percent 9.5" in first[1]
    assert "\nsecond 1.2.3" in result.stdout


def test_a_card_is_printed() -> None:
    result = CliRunner().invoke(cli, ["models", "show", "second"])
    assert result.exit_code == 0
    assert result.stdout.startswith("# second\n")
    assert "Its card." in result.stdout


def test_an_unknown_model_is_wrong_usage_that_names_the_known() -> None:
    result = CliRunner().invoke(cli, ["models", "show", "third"])
    assert result.exit_code == 2
    assert "first, second" in result.stderr


def test_a_damaged_bundle_is_one_line(bundles: tuple[Path, ...]) -> None:
    (bundles[0] / "bundle.json").write_text("{")
    result = CliRunner().invoke(cli, ["models"])
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1


def test_classifiers_are_listed_with_task_views_and_calibration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = (write_classifier(tmp_path / "light", views=["frontal"]),)
    monkeypatch.setattr("spinescan.infer.bundle.shipped_bundles", lambda: folders)
    lines = CliRunner().invoke(cli, ["models"]).stdout.splitlines()
    assert lines[0].startswith("light 1 (classifier, ")
    assert lines[1] == (
        "  task light3: upper, middle, lower; views: frontal; calibration: synthetic"
    )
    assert "accuracy 1.0 (n = 3)" in lines[2]


def test_a_classifier_that_answers_on_request_says_how_to_ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = (write_classifier(tmp_path / "light", on_request=True),)
    monkeypatch.setattr("spinescan.infer.bundle.shipped_bundles", lambda: folders)
    lines = CliRunner().invoke(cli, ["models"]).stdout.splitlines()
    assert lines[2] == "  answers only where named: --bundle light"


def test_a_share_is_told_with_its_count_and_interval(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = {"count": 3, "n": 7, "share": 0.4286, "interval_95": [0.1429, 0.8571]}
    folder = write_classifier(tmp_path / "light", summary={"test_accuracy": share, "films": 7})
    monkeypatch.setattr("spinescan.infer.bundle.shipped_bundles", lambda: (folder,))
    lines = CliRunner().invoke(cli, ["models"]).stdout.splitlines()
    assert lines[2] == ("  test_accuracy 42.9% (3 of 7, 95 % interval 14.3% to 85.7%), films 7")
