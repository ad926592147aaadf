"""Every page is run from its first block to its last."""

import importlib.util
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.docs.pages import name_of, read_page, run_pages
from tests.docs.props import Props
from tests.docs.scene import Scene, Stage, scenes

MODULES = {
    "web": ("fastapi", "sqlalchemy", "uvicorn"),
    "dicom": ("dicomanonymizer", "dicomweb_client", "highdicom", "pynetdicom", "requests"),
    "pdf": ("reportlab",),
    "study": ("matplotlib", "sklearn"),
    "train": ("torch", "lightning", "timm"),
    "keras": ("torch", "h5py", "keras"),
    "notebook": ("torch", "nbclient", "ipykernel"),
    "automl": ("torch", "tpot"),
    "cluster": ("ray",),
}
"""What each extra brings, by which it is known to be there."""


def missing(scene: Scene) -> list[str]:
    found = [m for extra in scene.extras for m in MODULES[extra] if not _is_there(m)]
    return found + [name for name in scene.programs if shutil.which(name) is None]


def _is_there(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def cases() -> Sequence[object]:
    """A case for each page with a scene; without torch, none for those that need it."""
    found = []
    for path in run_pages():
        scene = scenes().get(name_of(path))
        if scene is None:
            continue
        trains = any("torch" in MODULES[extra] for extra in scene.extras)
        if trains and not _is_there("torch"):
            continue
        marks = [pytest.mark.slow] + [pytest.mark.training] * trains
        found.append(pytest.param(path, scene, id=name_of(path), marks=marks))
    return found


@pytest.mark.parametrize(("path", "scene"), cases())
def test_page(path: Path, scene: Scene, tmp_path: Path, props: Props) -> None:
    lacking = missing(scene)
    if lacking:
        pytest.skip(f"{scene.page} needs {', '.join(lacking)}")
    folder = tmp_path / "page"
    folder.mkdir()
    Stage(scene, folder, props).play(read_page(path))
