"""Pages and files of the site that are kept elsewhere, so that nothing is written twice."""

from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

SOURCE = Path(__file__).parents[1] / "src" / "spinescan"
SCHEMA = SOURCE / "core" / "report.schema.json"


def cards() -> dict[str, str]:
    """The cards of the models that ship, by the models' names."""
    folders = sorted(path.parent for path in (SOURCE / "bundles").glob("*/bundle.json"))
    return {folder.name: (folder / "CARD.md").read_text("utf-8") for folder in folders}


def on_files(files: Files, config: MkDocsConfig, **_: Any) -> Files:
    """Add the models' cards and the schema of a Report."""
    for name, card in cards().items():
        page = f"reference/models/{name}.md"
        files.append(File.generated(config, page, content=card))
    where = "reference/report.schema.json"
    files.append(File.generated(config, where, content=SCHEMA.read_text("utf-8")))
    return files
