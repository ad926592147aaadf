"""Build and run the image without Docker: `make rehearse`, as root on Debian with debootstrap.

    Dockerfile + what .dockerignore lets through -> clean roots -> Jupyter as compose.yaml runs it

Every instruction of the Dockerfile is carried out, in a root that debootstrap makes of the image's
own Debian with its own Python. Jupyter then runs as compose.yaml says: the image's user, a
read-only root, no capabilities, no new privileges, its volumes; and in a network of its own that
reaches nothing. Packages come from where this machine's pip and apt take them. Not rehearsed,
because it takes an engine: limits of memory and processes, the publishing of the port, the health
check's schedule.
"""

import argparse
import json
import os
import re
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from clean_root import build, report, size
from container import START_S, Container, container
from image_steps import ROOT, Stage, read_stages


def main() -> int:
    """Build, run, check, tear down; 0 if all checks held."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument(
        "--notebook", metavar="NAME", action="append", default=[], help="run it inside, quickly"
    )
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
        for volume in ("work", "films"):  # an earlier rehearsal's, where it was kept
            shutil.rmtree(place / volume, ignore_errors=True)
        report("size of the image's /opt/spinescan", size(image / "opt/spinescan"))
        failed = check(stages[-1], image, place, given.notebook)
    finally:
        if given.keep is None:
            shutil.rmtree(place)
            report("torn down", str(not place.exists()))
    print(f"{'FAILED: ' + ', '.join(failed) if failed else 'all checks held'}")
    return 1 if failed else 0


Hold = Callable[..., None]


def check(stage: Stage, root: Path, place: Path, notebooks: list[str]) -> list[str]:
    """Try what the image and compose.yaml promise; returns what did not hold."""
    failed: list[str] = []

    def hold(what: str, held: bool, found: object = "") -> None:
        report(f"{'ok    ' if held else 'FAILED'} {what}", str(found))
        if not held:
            failed.append(what)

    with container(stage, root, place, "  ") as jupyter:
        began = time.monotonic()
        hold(
            "starts without a token of one's own",
            jupyter.await_start(),
            f"{time.monotonic() - began:.0f} s",
        )
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
    writable = {"/opt": False, "/": False, "/work/films": False, "/work": True, "/tmp": True}
    for path, may in writable.items():
        done = jupyter.run("sh", "-c", f"touch {path}/probe && rm {path}/probe")
        hold(
            f"{path} can {'' if may else 'not '}be written to",
            (done.returncode == 0) == may,
            done.stderr.strip(),
        )


def check_product(jupyter: Container, hold: Hold) -> None:
    """Draw a film inside and scan it."""
    done = jupyter.run(
        "spinescan", "phantom", "--als", "4C", "--cobb", "45", "--seed", "3", "--out", "demo"
    )
    hold("spinescan phantom draws", done.returncode == 0, done.stderr.strip()[-300:])
    done = jupyter.run("spinescan", "scan", "demo/film.png", "--json")
    line = json.loads(done.stdout or "{}")
    angles = [round(curve["cobb_deg"]) for curve in line.get("curves", [])]
    hold(
        "spinescan scan reads it",
        line.get("decision") == "accepted" and bool(angles),
        f"{angles} degrees",
    )


def check_notebook(jupyter: Container, name: str, hold: Hold) -> None:
    """Run a notebook inside, in quick mode; there is no network."""
    began = time.monotonic()
    words = ["jupyter", "execute", "--inplace", f"notebooks/{name}.ipynb"]
    done = jupyter.run(*words, SPINESCAN_NOTEBOOK_QUICK="1")
    found = (
        f"{time.monotonic() - began:.0f} s {done.stderr.strip()[-600:] if done.returncode else ''}"
    )
    hold(f"{name} runs from end to end", done.returncode == 0, found)


if __name__ == "__main__":
    sys.exit(main())
