"""Write the reference of bundles: their description, and those that ship, to standard output."""

import json
from collections.abc import Iterator

from described import as_json, fields_of, line, summary, table, write

from spinescan.core.report import RESEARCH_USE
from spinescan.core.task import Label, Task
from spinescan.infer.bundle import MAX_NETWORK_BYTES, Bundle, Network, shipped_bundles
from spinescan.infer.classifier_spec import Calibration, ClassifierSpec
from spinescan.infer.preprocess import InputSpec
from spinescan.infer.views import SETTINGS

HEADER = f"""\
# Bundles

**{RESEARCH_USE}**

A bundle is a folder with a model: `bundle.json`, its networks as ONNX files, and `CARD.md`, the
model card. How one is used, and what is checked, is in
[Use a model bundle](../how-to/use-a-bundle.md). This page is written by `make docs` from the
bundles and the types that read them.

## Bundles that ship

Read the card before you use an answer. A bundle that is asked "on request" answers only where it is
named (`--bundle NAME`, `--model NAME`). "Taught on" names every set that any part of the weights
has seen, those of an encoder that it started from as well.
"""

NOT_IN_FILE = {"folder", "classifier", "path"}
"""Fields of the types that no file tells."""

KEYS: tuple[tuple[str, str, type, tuple[tuple[str, str], ...]], ...] = (
    ("bundle.json", "", Bundle, ()),
    (
        "Of a classifier",
        "Beside these, at the top level.",
        ClassifierSpec,
        (("labels", "The question: name, labels, kind, mirror and families."),),
    ),
    ("networks.NAME", "", Network, (("file", "Name of the ONNX file in the folder."),)),
    ("networks.NAME.input", "", InputSpec, ()),
    ("labels", "", Task, ()),
    ("labels.labels", "A list of these.", Label, ()),
    ("calibration", "", Calibration, ()),
)


def shipped() -> str:
    """The table of the bundles that ship."""
    rows = []
    for folder in shipped_bundles():
        bundle = Bundle.load(folder)
        asked = bundle.classifier
        sizes = [f"{n.input.rows} x {n.input.columns}" for n in bundle.networks.values()]
        taught = bundle.provenance["trained_on"]
        rows.append(
            (
                f"[{bundle.name}](models/{bundle.name}.md)",
                bundle.version,
                bundle.task if asked is None else ", ".join(asked.task.codes),
                "on request" if asked is not None and asked.on_request else "each scan",
                ", ".join(sizes),
                f"{bundle.size_bytes / 1e6:.1f} MB",
                taught if isinstance(taught, str) else ", ".join(map(str, taught)),
            )
        )
    heads = ("bundle", "version", "answers", "asked", "rows x columns", "size", "taught on")
    return table(heads, rows)


def digests() -> str:
    """The table of their networks."""
    rows = [
        (f"`{network.path.parent.name}/{network.path.name}`", f"`{network.sha256}`")
        for folder in shipped_bundles()
        for network in Bundle.load(folder).networks.values()
    ]
    return table(("network", "SHA-256"), rows)


def keys(kind: type, more: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """The keys of one part of bundle.json, and what they mean."""
    told = {k: words for k, words in fields_of(kind).items() if k not in NOT_IN_FILE}
    if kind is ClassifierSpec:
        del told["task"]  # stands under `labels`
    return {**dict(more), **told}


def sections() -> Iterator[str]:
    """The sections of the page."""
    yield HEADER
    yield shipped()
    yield f"{digests()}\n## The description\n"
    most = MAX_NETWORK_BYTES // 2**20
    yield f"`bundle.json` is JSON of at most 1 MiB, a network has at most {most} MiB.\n"
    for title, words, kind, more in KEYS:
        told = " ".join(part for part in (line(summary(kind)), words) if part)
        rows = ((f"`{key}`", as_json(meaning)) for key, meaning in keys(kind, more).items())
        yield f"### {title}\n\n{told}\n\n" + table(("key", "meaning"), rows)
    rows = ((f"`{name}`", meaning) for name, meaning in SETTINGS.items())
    yield "### settings\n\nOf a landmark model; a classifier has none.\n\n" + table(
        ("key", "meaning"), rows
    )
    yield (
        "### provenance and summary\n\nWritten by the training and by the benchmarks, and not used"
        " by a scan: what the weights were taught on (names of the sets, number and digest of the"
        " films), the recipe, versions, and measured figures with their intervals.\n"
    )


def reference() -> str:
    """The whole page."""
    return "\n".join(sections())


def described_keys() -> dict[str, set[str]]:
    """The keys that the page explains, by its headings, for the tests."""
    found = {title: set(keys(kind, more)) for title, _, kind, more in KEYS}
    return {**found, "settings": set(SETTINGS)}


def shipped_files() -> list[dict[str, object]]:
    """The descriptions of the bundles that ship."""
    return [json.loads((folder / "bundle.json").read_text("utf-8")) for folder in shipped_bundles()]


if __name__ == "__main__":
    write(reference())
