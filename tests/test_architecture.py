"""What is loaded when, and who may import what. import-linter (`make check`) holds the layers."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import spinescan

SOURCE = Path(spinescan.__file__).parent
HEAVY = [
    *("PIL", "gdcm", "jinja2", "numpy", "onnxruntime", "pydicom", "rich", "torch"),
    *("dicomweb_client", "fastapi", "highdicom", "pynetdicom", "reportlab", "sqlalchemy"),
]
MODULES = sorted(SOURCE.rglob("*.py"))


def loaded_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    return set(run.stdout.splitlines()[-1].split())


def test_importing_spinescan_loads_nothing_heavy() -> None:
    loaded = loaded_after("import spinescan")
    assert "spinescan" in loaded
    assert loaded.isdisjoint([*HEAVY, "click"])


def test_help_loads_nothing_heavy() -> None:
    loaded = loaded_after(
        "from spinescan.app.main import cli\n"
        "def show(command, words):\n"
        "    cli([*words, '--help'], standalone_mode=False)\n"
        "    for name, verb in getattr(command, 'commands', {}).items():\n"
        "        show(verb, [*words, name])\n"
        "show(cli, [])"
    )
    assert "click" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_scanning_loads_no_torch() -> None:
    loaded = loaded_after("import spinescan\nspinescan.Scanner\nspinescan.read_radiograph")
    assert "numpy" in loaded
    assert "torch" not in loaded


@pytest.mark.parametrize("name", [n for n in spinescan.__all__ if not n.startswith("__")])
def test_public_names_can_be_had(name: str) -> None:
    assert getattr(spinescan, name).__name__ == name
    assert name in dir(spinescan)


def test_an_unknown_public_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="spinescan"):
        spinescan.scann  # type: ignore[attr-defined]  # noqa: B018


def third_party(path: Path) -> set[str]:
    """What a module imports, anywhere in it, beside the standard library and SpineScan."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    tops = {name.split(".")[0] for name in names}
    return tops - set(sys.stdlib_module_names) - {"spinescan"}


@pytest.mark.parametrize("room", ["core", "measure", "study"])
def test_rooms_of_pure_functions_know_numpy_only(room: str) -> None:
    pages = SOURCE / "study" / "pages"  # they draw, and need the extra
    for path in (SOURCE / room).rglob("*.py"):
        assert pages in path.parents or third_party(path) <= {"numpy"}, path


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_modules_stay_small(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 400


def test_each_room_says_what_it_is() -> None:
    for path in SOURCE.rglob("__init__.py"):
        assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), path
