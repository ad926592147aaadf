"""The versions that CI runs, against the Pythons that the project takes."""

import tomllib
from importlib.metadata import distributions

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.release.conftest import ROOT


def test_they_can_be_installed_on_the_oldest_python() -> None:
    """Debian 12 has Python 3.11.2: where a package asks for 3.11.5, nothing can be tested."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (bound,) = SpecifierSet(project["requires-python"])
    pins = (ROOT / "constraints.txt").read_text().splitlines()
    asked = {
        f"{canonicalize_name(found.name)}=={found.version}": found.metadata.get("Requires-Python")
        for found in distributions()
    }
    checked = {pin: SpecifierSet(asked[pin] or "") for pin in pins if pin in asked}
    assert checked
    refused = [pin for pin, pythons in checked.items() if Version(bound.version) not in pythons]
    assert refused == []
