"""A new user's first way in a clean Debian: `make new-user`, as root on Debian with debootstrap.

    python3, make, git -> clone -> make demo -> make serve -> make test-light

The root holds Debian's python3, make and git and nothing else. Debian's python3 cannot make an
environment; `make demo` has to say so in one line, and python3-venv is then installed, which is
all that is added. Everything is done by an ordinary user. Packages come from where this machine's
pip and apt take them; what is cloned is this checkout's last commit.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clean_root import mirror, packages_within_reach, program, report, size
from image_steps import ROOT

DEBIAN = "bookworm"
USER = "1000:1000"
HOME = "/home/newcomer"
DEMO_S = 60
SERVE_S = 60
ASK = """
import sys, time, urllib.request as web
deadline = time.monotonic() + float(sys.argv[2])
while True:
    try:
        print(web.urlopen(sys.argv[1], timeout=5).read().decode())
        break
    except OSError:
        if time.monotonic() > deadline:
            raise
        time.sleep(0.5)
"""


def main() -> int:
    """Make the root, go the way, tear down; 0 if all of it could be gone."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument(
        "--tests", metavar="TARGET", default="test-light", help="the make target of the last step"
    )
    words.add_argument("--keep", type=Path, help="a folder to build in and to leave")
    given = words.parse_args()
    if os.geteuid() != 0:
        sys.exit("new_user: needs root, for debootstrap, chroot and mount")
    place = given.keep or Path(tempfile.mkdtemp(prefix="new-user-", dir="/var/tmp"))
    place.mkdir(parents=True, exist_ok=True)
    root = place / "root"
    try:
        prepare(root)
        failed = go(root, given.tests)
    finally:
        if given.keep is None:
            shutil.rmtree(place)
    print(f"{'FAILED: ' + ', '.join(failed) if failed else 'the way can be gone'}")
    return 1 if failed else 0


def prepare(root: Path) -> None:
    """The root, a user without rights, and the project where it can be cloned from."""
    began = time.monotonic()
    program(
        "debootstrap", "--variant=minbase", "--include=python3,make,git", DEBIAN, root,
        mirror(DEBIAN),
    )  # fmt: skip
    program("chroot", root, "useradd", "--uid", "1000", "--create-home", "--home-dir", HOME, "new")
    report("clean root", f"{size(root)}, {time.monotonic() - began:.0f} s")
    program("git", "-C", ROOT, "bundle", "create", root / "srv/spinescan.git", "HEAD", "--branches")


def go(root: Path, tests: str) -> list[str]:
    """Each step of the way; returns what could not be done."""
    failed: list[str] = []

    def hold(what: str, held: bool, found: object = "") -> None:
        report(f"{'ok    ' if held else 'FAILED'} {what}", str(found))
        if not held:
            failed.append(what)

    with reached(root) as variables:

        def user(line: str, folder: str = "spinescan") -> tuple[int, str, float]:
            began = time.monotonic()
            inside = f"cd {HOME}/{folder} && {line}"
            done = subprocess.run(
                ["chroot", f"--userspec={USER}", root, "/bin/sh", "-c", inside],
                env=variables,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            return done.returncode, done.stdout, time.monotonic() - began

        code, said, took = user("git clone --quiet /srv/spinescan.git spinescan", "")
        hold("git clone", code == 0, f"{took:.0f} s {said}")
        code, said, _ = user("make demo")
        lines = [line for line in said.splitlines() if not line.startswith("make: ")]
        told = code != 0 and len(lines) == 1 and "apt install python3-venv" in lines[0]
        hold("make demo says what Debian's python3 lacks", told, said.strip())
        install(root, variables, "python3-venv")
        code, said, took = user("make demo")
        hold("make demo", code == 0 and "overlay.png" in said, f"{took:.0f} s\n{said.strip()}")
        load = os.getloadavg()[0] / (os.cpu_count() or 1)
        idle = load < 2  # its own processes are part of that
        hold(
            f"within {DEMO_S} s, if the machine is idle",
            took < DEMO_S or not idle,
            f"{took:.0f} s, load {load:.1f} a core",
        )
        code, said, took = user("make demo")
        hold("make demo again", code == 0, f"{took:.0f} s")
        for line in (
            ".venv/bin/spinescan scan demo/sample.png",
            ".venv/bin/spinescan scan demo/ --out results --jobs 2",
            ".venv/bin/spinescan scan demo/sample.png --json",
        ):
            code, said, took = user(line)
            hold(line, code == 0, f"{took:.1f} s {said.strip()[:200]}")
        code, said, took = user("make .venv/.web")
        hold("what the page needs is installed", code == 0, f"{took:.0f} s {said.strip()[-300:]}")
        served, took = serve(root, variables)
        hold(
            "make serve answers",
            '"status"' in served or "ready" in served,
            f"{took:.0f} s {served}",
        )
        code, said, took = user(f"make {tests}")
        counted = re.findall(r"^=* ?(\d+ (?:passed|failed).*?) ?=*$", said, re.MULTILINE)
        hold(f"make {tests}", code == 0, f"{took:.0f} s {counted or said[-3000:]}")
        if code:
            print(said[-6000:])
    return failed


@contextmanager
def reached(root: Path) -> Iterator[dict[str, str]]:
    """The root with packages within reach and memory to share; gives a user's variables."""
    shared = root / "dev/shm"
    shared.mkdir(exist_ok=True)
    with packages_within_reach(root) as lent:
        program("mount", "-t", "tmpfs", "-o", "mode=1777", "shm", shared)
        try:
            yield {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": HOME, **lent}
        finally:
            program("umount", "--lazy", shared)


def install(root: Path, variables: dict[str, str], *packages: str) -> None:
    """What the line that `make demo` printed tells to install."""
    quiet = ["apt-get", "install", "--yes", "-qq", "--no-install-recommends", *packages]
    for words in (["apt-get", "update", "-qq"], quiet):
        subprocess.run(
            ["chroot", root, *words],
            env=variables | {"DEBIAN_FRONTEND": "noninteractive"},
            stdout=subprocess.DEVNULL,
            check=True,
        )


def serve(root: Path, variables: dict[str, str]) -> tuple[str, float]:
    """What `make serve` answers, in a network of its own, and after how long."""
    began = time.monotonic()
    inside = f"cd {HOME}/spinescan && exec make serve"
    up = f'{shutil.which("ip")} link set lo up; exec "$@"'
    process = subprocess.Popen(
        ["unshare", "--net", "--pid", "--fork", "--kill-child", "/bin/sh", "-c", up, "sh",
         str(shutil.which("chroot")), f"--userspec={USER}", root, "/bin/sh", "-c", inside],
        env=variables,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        time.sleep(1)
        done = subprocess.run(
            ["nsenter", "-t", str(process.pid), "-n", sys.executable, "-c", ASK,
             "http://127.0.0.1:8000/health", str(SERVE_S)],
            capture_output=True,
            text=True,
        )  # fmt: skip
        return (done.stdout or done.stderr[-300:]).strip(), time.monotonic() - began
    finally:
        # Its first process, and with that all others: as another user it outlives who started it.
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        for child in children:
            os.kill(int(child), signal.SIGKILL)
        process.wait(timeout=30)


if __name__ == "__main__":
    sys.exit(main())
