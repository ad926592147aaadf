"""What Dockerfile, .dockerignore and compose.yaml say, for the rehearsal and the tests.

As much of their languages as this project's files use; anything else is an error.
"""

import fnmatch
import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]

INSTRUCTIONS = frozenset(
    "ARG CMD COPY ENV EXPOSE FROM HEALTHCHECK LABEL RUN USER WORKDIR".split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction: `options` are its words that begin with --, `text` the rest of the line."""

    name: str
    text: str
    options: dict[str, str] = field(default_factory=dict)

    @property
    def words(self) -> list[str]:
        """The words of `text`, of its JSON form or as a shell takes them apart."""
        if self.text.startswith("["):
            words: list[str] = json.loads(self.text)
            return words
        return shlex.split(self.text)

    @property
    def pairs(self) -> dict[str, str]:
        """NAME=VALUE of ARG, ENV and LABEL."""
        return {name: value for name, _, value in (word.partition("=") for word in self.words)}


@dataclass(frozen=True, slots=True)
class Stage:
    """What is done after one FROM."""

    base: str
    name: str
    steps: tuple[Step, ...]

    def last(self, name: str) -> Step:
        """The instruction that holds: the last of its kind."""
        return [step for step in self.steps if step.name == name][-1]

    @property
    def environment(self) -> dict[str, str]:
        """All that ENV sets."""
        pairs: dict[str, str] = {}
        for step in self.steps:
            if step.name == "ENV":
                pairs |= step.pairs
        return pairs


def read_stages(dockerfile: Path) -> list[Stage]:
    """The stages of a Dockerfile, in order.

    Raises
    ------
    ValueError
        An instruction that this reader does not know.
    """
    kept = [line for line in dockerfile.read_text("utf-8").splitlines() if line[:1] != "#"]
    lines = re.sub(r"\\\n", " ", "\n".join(kept)).splitlines()
    found: list[tuple[str, str, list[Step]]] = []
    for line in filter(str.strip, lines):
        name, _, text = line.strip().partition(" ")
        if name not in INSTRUCTIONS:
            raise ValueError(f"{dockerfile.name}: no instruction {name!r} is known here")
        options: dict[str, str] = {}
        while match := re.match(r"\s*--(\S+?)=(\S+)\s+", text):
            options[match[1]] = match[2]
            text = text[match.end() :]
        if name == "FROM":
            base, *alias = text.split()
            found.append((base, alias[1] if alias else "", []))
        else:
            found[-1][2].append(Step(name, text.strip(), options))
    return [Stage(base, name, tuple(steps)) for base, name, steps in found]


def needed(stages: list[Stage], target: str) -> list[Stage]:
    """The stages that an image is made of, in order, itself last: those that it copies from."""
    (image,) = [stage for stage in stages if stage.name == target]
    sources = {step.options["from"] for step in image.steps if "from" in step.options}
    return [stage for stage in stages if stage.name in sources] + [image]


def context_files(root: Path) -> list[Path]:
    """The files that .dockerignore lets through, relative to `root`, in order.

    As Docker reads it: of the lines that match a file or a folder above it, the last one decides.
    """
    lines = (root / ".dockerignore").read_text("utf-8").splitlines()
    rules = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return sorted(
        path
        for path in (found.relative_to(root) for found in _walk(root))
        if not _ignored(path, rules)
    )


def _walk(root: Path) -> list[Path]:
    skipped = {".git", ".venv"}
    found: list[Path] = []
    for entry in root.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            found += [] if entry.name in skipped else _walk(entry)
        else:
            found.append(entry)
    return found


def _ignored(path: Path, rules: list[str]) -> bool:
    ignored = False
    parts = [Path(*path.parts[: n + 1]) for n in range(len(path.parts))]
    for rule in rules:
        pattern = rule.removeprefix("!")
        if any(_matches(part, pattern) for part in parts):
            ignored = not rule.startswith("!")
    return ignored


def _matches(path: Path, pattern: str) -> bool:
    if pattern.startswith("**/"):
        return fnmatch.fnmatchcase(path.name, pattern[3:])
    names, patterns = path.parts, Path(pattern).parts
    return len(names) == len(patterns) and all(map(fnmatch.fnmatchcase, names, patterns))


def read_services(compose: Path) -> dict[str, dict[str, Any]]:
    """The services of a compose file by name, with the defaults of its variables put in."""
    import yaml

    text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", compose.read_text("utf-8"))
    services: dict[str, dict[str, Any]] = yaml.safe_load(text)["services"]
    return services
