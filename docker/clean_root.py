"""The Dockerfile carried out in clean roots, which debootstrap makes."""

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlparse

from image_steps import ROOT, Stage, Step, context_files

PYTHON = "python3,python3-venv"
LENT_CERTIFICATES = "var/lent-certificates.pem"


def report(what: str, found: str) -> None:
    """One line of the answer."""
    print(f"{what}: {found}", flush=True)


def size(folder: Path) -> str:
    """What it takes on the disk."""
    taken = subprocess.run(["du", "-sh", folder], capture_output=True, text=True, check=True)
    return taken.stdout.split()[0]


def build(stages: list[Stage], place: Path) -> Path:
    """Carry out the last of these stages, and before it those that it copies from.

    Returns the root that comes out: a folder in `place`, named as the stage is.
    """
    context = place / "context"
    if not context.exists():
        for path in context_files(ROOT):
            (context / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, context / path)
        report("context", f"{size(context)}, {len(context_files(ROOT))} files")
    roots: dict[str, Path] = {}
    for stage in stages:
        root = roots[stage.name] = place / stage.name
        program("cp", "-a", base_root(stage.base, place), root)
        variables = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}
        for step in stage.steps:
            if step.name == "ARG":
                variables |= step.pairs
            elif step.name == "COPY":
                source = roots[step.options["from"]] if "from" in step.options else context
                copy(step, source, root, moving="from" in step.options)
            elif step.name == "RUN":
                began = time.monotonic()
                with packages_within_reach(root) as reach:
                    inside = ["chroot", root, "/bin/sh", "-c", step.text]
                    subprocess.run(inside, env=variables | reach, check=True)
                report("ran", f"{step.text} ({time.monotonic() - began:.0f} s)")
    for stage in stages[:-1]:
        shutil.rmtree(roots[stage.name])
    return root


def base_root(image: str, place: Path) -> Path:
    """A root that holds what this image from a registry stands for; made once."""
    found = re.fullmatch(r"(?:python:3\.11-slim-(\w+)|debian:(\w+)-slim)", image)
    if found is None:
        sys.exit(f"rehearse: no root is known for {image}")
    root = place / f"base-{image.partition(':')[0]}"
    if not root.exists():
        began = time.monotonic()
        codename = found[1] or found[2]
        wanted = [f"--include={PYTHON}"] if found[1] else []
        program("debootstrap", "--variant=minbase", *wanted, codename, root, mirror(codename))
        report(f"clean root for {image}", f"{size(root)}, {time.monotonic() - began:.0f} s")
    return root


def program(*words: object) -> None:
    """A program that is silent unless it fails."""
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"rehearse: {words[0]} failed\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def mirror(codename: str) -> str:
    """Where this machine's apt takes the Debian of that name from."""
    form = "$(CODENAME) $(LABEL) $(REPO_URI)"
    words = ["apt-get", "indextargets", "--format", form, "Created-By: Packages"]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    for line in told.splitlines():
        name, label, address = line.split(maxsplit=2)
        if (name, label) == (codename, "Debian"):
            return address
    sys.exit(f"rehearse: apt knows no source of Debian {codename}")


def copy(step: Step, source: Path, root: Path, *, moving: bool) -> None:
    """COPY: a folder's contents, or files into a folder. A stage's work is moved: it is large."""
    *names, target = step.words
    place = root / target.lstrip("/")
    for name in names:
        found = source / name.lstrip("/")
        if moving:
            place.parent.mkdir(parents=True, exist_ok=True)
            found.rename(place)
        elif found.is_dir():
            shutil.copytree(found, place, dirs_exist_ok=True)
        else:
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy2(found, place)


@contextmanager
def packages_within_reach(root: Path) -> Iterator[dict[str, str]]:
    """Lend the root this machine's ways to packages, and pip's settings; nothing of them stays.

    What is lent cannot be written to from inside: a package's script that rewrites certificates or
    addresses must not reach this machine's own.
    """
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    )
    variables = {}
    folders = set()
    made: list[Path] = []
    for line in listed.stdout.splitlines():
        name, _, value = line.partition("=")
        value = value.strip("'\"").replace("\\n", " ")
        if name.endswith(".cert"):
            if not (root / LENT_CERTIFICATES).exists():
                made.append(Path(shutil.copy(value, root / LENT_CERTIFICATES)))
            value = f"/{LENT_CERTIFICATES}"
        variables["PIP_" + name.split(".")[-1].upper().replace("-", "_")] = value
        paths = [urlparse(word).path for word in value.split() if word.startswith(("/", "file:"))]
        # A package index may point at files beside it.
        folders |= {Path(*Path(path).parts[:3]) for path in paths if Path(path).exists()}
    folders |= {Path("/etc/resolv.conf"), Path("/etc/hosts")}
    lent: list[Path] = []
    try:
        program("mount", "-t", "proc", "proc", root / "proc")
        lent.append(root / "proc")
        for path in sorted(folders):
            target = root / str(path).lstrip("/")
            if not target.exists():
                made.append(target)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.mkdir() if path.is_dir() else target.touch()
            program("mount", "--bind", path, target)
            lent.append(target)
            program("mount", "-o", "remount,bind,ro", target)
        yield variables
    finally:
        for target in reversed(lent):
            program("umount", "--lazy", target)
        for target in made:
            target.rmdir() if target.is_dir() else target.unlink()
