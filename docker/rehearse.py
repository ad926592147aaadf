"""Build and run the image without Docker: `make rehearse`, as root on Debian with debootstrap.

    Dockerfile + what .dockerignore lets through -> two clean roots -> Jupyter as compose.yaml runs it

Every instruction of the Dockerfile is carried out, in a root that debootstrap makes of the image's
own Debian with its own Python. Jupyter then runs as compose.yaml says: the image's user, a read-only
root, no capabilities, no new privileges, its volumes; and in a network of its own that reaches
nothing. Packages come from where this machine's pip and apt take them. Not rehearsed, because it
takes an engine: limits of memory and processes, the publishing of the port, the health's schedule.
"""

import argparse
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlparse

from image_steps import ROOT, Stage, Step, context_files, read_service, read_stages

PYTHON = "python3,python3-venv"
START_S = 600


def main() -> int:
    """Build, run, check, tear down; 0 if all checks held."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--notebook", action="append", default=[], help="run it inside, in quick mode")
    words.add_argument("--keep", type=Path, help="a folder to build in and to leave")
    words.add_argument("--built", action="store_true", help="take the image that --keep left")
    given = words.parse_args()
    if os.geteuid() != 0:
        sys.exit("rehearse: needs root, for debootstrap, chroot and mount")
    for program in ("debootstrap", "unshare", "nsenter", "setpriv", "ip"):
        if shutil.which(program) is None:
            sys.exit(f"rehearse: needs {program}")
    place = given.keep or Path(tempfile.mkdtemp(prefix="rehearse-", dir="/var/tmp"))
    place.mkdir(parents=True, exist_ok=True)
    try:
        stages = read_stages(ROOT / "Dockerfile")
        image = place / "image"
        if not given.built:
            build(stages, place)
        report("size of the image's /opt/spinescan", size(image / "opt/spinescan"))
        failed = check(stages[-1], image, place, given.notebook)
    finally:
        if given.keep is None:
            shutil.rmtree(place)
            report("torn down", str(not place.exists()))
    print(f"{'FAILED: ' + ', '.join(failed) if failed else 'all checks held'}")
    return 1 if failed else 0


def report(what: str, found: str) -> None:
    """One line of the answer."""
    print(f"{what}: {found}", flush=True)


def size(folder: Path) -> str:
    """What it takes on the disk."""
    taken = subprocess.run(["du", "-sh", folder], capture_output=True, text=True, check=True)
    return taken.stdout.split()[0]


# --- building


def build(stages: list[Stage], place: Path) -> None:
    """Carry out the Dockerfile: `place`/image is what comes out."""
    base = place / "base"
    (codename,) = {re.search(r"python:3\.11-slim-(\w+)$", stage.base)[1] for stage in stages}
    began = time.monotonic()
    run("debootstrap", "--variant=minbase", f"--include={PYTHON}", codename, base, mirror(codename))
    report("clean root", f"{size(base)}, {time.monotonic() - began:.0f} s")
    context = place / "context"
    for path in context_files(ROOT):
        (context / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, context / path)
    report("context", f"{size(context)}, {len(context_files(ROOT))} files")
    roots: dict[str, Path] = {}
    for stage in stages:
        root = place / (stage.name or "image")
        run("cp", "-a", base, root)
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
        roots[stage.name] = root
    shutil.rmtree(base)
    for stage in stages[:-1]:
        shutil.rmtree(roots[stage.name])


def run(*words: object) -> None:
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
    """COPY: a folder's contents, or files into a folder. What a stage has made is moved: it is large."""
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
    """Lend the root this machine's ways to packages, as variables for pip; nothing of them stays."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    )
    variables = {}
    folders = set()
    for line in listed.stdout.splitlines():
        name, _, value = line.partition("=")
        value = value.strip("'\"").replace("\\n", " ")
        variables["PIP_" + name.split(".")[-1].upper().replace("-", "_")] = value
        paths = [urlparse(word).path for word in value.split() if word.startswith(("/", "file:"))]
        # A package index may point at files beside it.
        folders |= {Path(*Path(path).parts[:3]) for path in paths if Path(path).exists()}
    folders |= {Path("/etc/resolv.conf"), Path("/etc/hosts")}
    lent: list[Path] = []
    made: list[Path] = []
    try:
        run("mount", "-t", "proc", "proc", root / "proc")
        lent.append(root / "proc")
        for path in sorted(folders):
            target = root / str(path).lstrip("/")
            if not target.exists():
                made.append(target)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.mkdir() if path.is_dir() else target.touch()
            run("mount", "--bind", path, target)
            lent.append(target)
        yield variables
    finally:
        for target in reversed(lent):
            run("umount", target)
        for target in made:
            target.rmdir() if target.is_dir() else target.unlink()


# --- running


class Container:
    """Jupyter in a built root, as `compose.yaml` runs it.

    Parameters
    ----------
    token
        What JUPYTER_TOKEN holds.
    """

    def __init__(self, stage: Stage, root: Path, place: Path, token: str) -> None:
        self.service = read_service(ROOT / "compose.yaml")
        self.stage, self.root = stage, root
        self.log = place / "log.txt"
        words = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "/bin/sh", "-euc"]
        said = stage.last("CMD").words
        variables = {**stage.environment, "JUPYTER_TOKEN": token}
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*words, self._setting(place), "sh", *self._as_user(), *said],
                env=variables,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _setting(self, place: Path) -> str:
        """The mounts and the network, as a shell's commands; then the words that follow."""
        commands = ["ip link set lo up", f"mount --bind {self.root} {self.root}"]
        for volume in self.service["volumes"]:
            source = place / Path(volume["source"]).name
            target = f"{self.root}{volume['target']}"
            if not source.exists():  # a new volume holds what the image has there, as its owner
                source.mkdir()
                shutil.copystat(target, source)
                held = Path(target).stat()
                os.chown(source, held.st_uid, held.st_gid)
                if volume["type"] == "volume":
                    run("cp", "-a", f"{target}/.", source)
            commands.append(f"mount --bind {source} {target}")
            if volume.get("read_only"):
                commands.append(f"mount -o remount,bind,ro {target}")
        for entry in self.service["tmpfs"]:
            path, _, options = entry.partition(":")
            commands.append(f"mount -t tmpfs -o noexec,nosuid,nodev,{options} tmpfs {self.root}{path}")
        commands += [
            f"mount -t proc proc {self.root}/proc",
            f"mount --bind /dev {self.root}/dev",
            f"mount -t tmpfs -o size={self.service['shm_size']},mode=1777 shm {self.root}/dev/shm",
        ]
        if self.service["read_only"]:
            commands.append(f"mount -o remount,bind,ro {self.root}")
        return "; ".join(commands) + '; exec "$@"'

    def _as_user(self) -> list[str]:
        """Into the root, as the user and with the rights that compose.yaml gives."""
        uid, gid = self.service["user"].split(":")
        words = ["chroot", str(self.root), "setpriv", f"--reuid={uid}", f"--regid={gid}"]
        words.append("--clear-groups")
        if self.service["cap_drop"] == ["ALL"]:
            words += ["--inh-caps=-all", "--bounding-set=-all"]
        if "no-new-privileges:true" in self.service["security_opt"]:
            words.append("--no-new-privs")
        folder = self.stage.last("WORKDIR").text
        return [*words, "sh", "-c", f'cd {folder}; exec "$@"', "sh"]

    @property
    def pid(self) -> int:
        """The container's first process, as this machine counts."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return int(path.read_text().split()[0])

    def run(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """A program beside it, as `docker compose exec` would."""
        return subprocess.run(
            ["nsenter", "-t", str(self.pid), "-m", "-n", "-p", *self._as_user(), *words],
            env=self.stage.environment | variables,
            capture_output=True,
            text=True,
        )

    def get(self, path: str, token: str | None = None) -> tuple[int, str]:
        """Status and text that Jupyter answers; a redirection is an answer, too."""
        code = (
            "import http.client, sys; path, token = sys.argv[1:]\n"
            "ask = http.client.HTTPConnection('127.0.0.1', 8888, timeout=120)\n"
            "ask.request('GET', path, headers={'Authorization': 'token ' + token} if token else {})\n"
            "answer = ask.getresponse()\n"
            "print(answer.status); print(answer.read().decode())"
        )
        done = self.run("python", "-c", code, path, token or "")
        status, _, text = done.stdout.partition("\n")
        return int(status or 0), text

    def await_start(self) -> bool:
        """Whether it answers within START_S."""
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self.process.poll() is None:
            if "is running at" in self.log.read_text() and self.get("/api")[0] == 200:
                return True
            time.sleep(1)
        return False

    def stop(self) -> None:
        """End it, and with it all that ran inside."""
        self.process.terminate()
        self.process.wait(timeout=60)


@contextmanager
def container(stage: Stage, root: Path, place: Path, token: str) -> Iterator[Container]:
    """Jupyter while the block lasts."""
    jupyter = Container(stage, root, place, token)
    try:
        yield jupyter
    finally:
        jupyter.stop()


def check(stage: Stage, root: Path, place: Path, notebooks: list[str]) -> list[str]:
    """Try what the image and compose.yaml promise; returns what did not hold."""
    failed: list[str] = []

    def hold(what: str, held: bool, found: object = "") -> None:
        report(f"{'ok    ' if held else 'FAILED'} {what}", str(found))
        if not held:
            failed.append(what)

    with container(stage, root, place, "  ") as jupyter:
        began = time.monotonic()
        hold("starts without a token of one's own", jupyter.await_start(), f"{time.monotonic() - began:.0f} s")
        printed = re.findall(r"token=(\w+)", jupyter.log.read_text())
        hold("makes a token and prints it", bool(printed) and len(printed[0]) == 48)
        token = printed[0] if printed else ""
        check_doors(jupyter, token, hold)
        check_rights(jupyter, hold)
        check_product(jupyter, hold)
        for notebook in notebooks:
            check_notebook(jupyter, notebook, hold)
    if failed:
        print(jupyter.log.read_text()[-3000:])

    own = secrets.token_hex(16)
    with container(stage, root, place, own) as jupyter:
        hold("starts with a token of one's own", jupyter.await_start())
        hold("which opens it", jupyter.get("/api/status", own)[0] == 200)
        hold("and no other", jupyter.get("/api/status", token)[0] == 403)
        hold("and is not printed", own not in jupyter.log.read_text())
    with container(stage, root, place, "short") as jupyter:
        told = jupyter.process.wait(timeout=START_S), jupyter.log.read_text().strip()
        hold("refuses a short token", told[0] == 2, told[1])
    return failed


Hold = Callable[..., None]


def check_doors(jupyter: Container, token: str, hold: Hold) -> None:
    """Who comes in, and where it listens."""
    status, _ = jupyter.get("/api/status")
    hold("no token, no answer", status == 403, status)
    status, _ = jupyter.get("/api/status", "0" * 48)
    hold("nor with a wrong one", status == 403, status)
    status, _ = jupyter.get("/lab")
    hold("the page sends to the login", status == 302, status)
    status, text = jupyter.get("/api/status", token)
    hold("the token opens", status == 200 and "kernels" in text, text.strip())
    _, text = jupyter.get("/api/contents/notebooks", token)
    listed = sorted(entry["name"] for entry in json.loads(text)["content"])
    shipped = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
    hold("the notebooks are listed", listed == shipped and bool(listed), ", ".join(listed))
    asked = jupyter.stage.last("HEALTHCHECK").text.removeprefix("CMD ")
    done = jupyter.run(*json.loads(asked))
    hold("the health check passes", done.returncode == 0, done.stderr.strip()[-200:])
    # local addresses of listening sockets: hexadecimal, a port after a colon
    table = [line.split() for line in Path(f"/proc/{jupyter.pid}/net/tcp").read_text().splitlines()]
    heard = sorted({row[1] for row in table[1:] if row[3] == "0A"})
    reached = [address for address in heard if not address.startswith("0100007F")]
    port = f"{8888:04X}"
    hold("one port is open beyond 127.0.0.1", reached == [f"00000000:{port}"], " ".join(heard))
    ports = jupyter.service["ports"]
    hold("published on 127.0.0.1 alone", ports == ["127.0.0.1:8888:8888"], ports)


def check_rights(jupyter: Container, hold: Hold) -> None:
    """Whose processes these are, and what they may write."""
    lines = Path(f"/proc/{jupyter.pid}/status").read_text().splitlines()
    facts = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    hold("not root", facts["Uid"].split() == ["1000"] * 4, facts["Uid"])
    caps = {facts[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}
    hold("no capabilities", caps == {"0" * 16}, *caps)
    hold("no new privileges", facts["NoNewPrivs"] == "1", facts["NoNewPrivs"])
    for path, may in (("/opt", False), ("/", False), ("/work/films", False), ("/work", True), ("/tmp", True)):
        done = jupyter.run("sh", "-c", f"touch {path}/probe && rm {path}/probe")
        hold(f"{path} can {'' if may else 'not '}be written to", (done.returncode == 0) == may, done.stderr.strip())


def check_product(jupyter: Container, hold: Hold) -> None:
    """Draw a film inside and scan it."""
    done = jupyter.run("spinescan", "phantom", "--als", "4C", "--cobb", "45", "--seed", "3", "--out", "demo")
    hold("spinescan phantom draws", done.returncode == 0, done.stderr.strip()[-300:])
    done = jupyter.run("spinescan", "scan", "demo/film.png", "--json")
    line = json.loads(done.stdout or "{}")
    angles = [round(curve["cobb_deg"]) for curve in line.get("curves", [])]
    hold("spinescan scan reads it", line.get("decision") == "accepted" and bool(angles), f"{angles} degrees")


def check_notebook(jupyter: Container, name: str, hold: Hold) -> None:
    """Run a notebook inside, in quick mode; there is no network."""
    began = time.monotonic()
    words = ["jupyter", "execute", "--inplace", f"notebooks/{name}.ipynb"]
    done = jupyter.run(*words, SPINESCAN_NOTEBOOK_QUICK="1")
    found = f"{time.monotonic() - began:.0f} s {done.stderr.strip()[-600:] if done.returncode else ''}"
    hold(f"{name} runs from end to end", done.returncode == 0, found)


if __name__ == "__main__":
    sys.exit(main())
