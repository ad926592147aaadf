"""The profile jupyter: doors, rights, a film, the notebooks."""

import json
import re
import secrets
import time
from pathlib import Path
from typing import Any

from checks import Checks
from container import START_S, Container, container
from image_steps import ROOT, Stage


def check_jupyter(
    checks: Checks, services: dict[str, Any], stages: dict[str, Stage], place: Path
) -> None:
    """Try what the training image and compose.yaml promise."""
    hold = checks.hold
    parts = services["jupyter"], stages["training"], place / "training", place
    with container(*parts, name="jupyter", JUPYTER_TOKEN="  ") as jupyter:
        began = time.monotonic()
        healthy = jupyter.await_health()
        hold(
            "goes healthy without a token of one's own",
            healthy,
            f"{time.monotonic() - began:.0f} s",
        )
        printed = re.findall(r"token=(\w+)", jupyter.log.read_text())
        hold("makes a token and prints it", bool(printed) and len(printed[0]) == 48)
        token = printed[0] if printed else ""
        check_doors(checks, jupyter, token)
        checks.ports(jupyter, {8888}, ["127.0.0.1:8888:8888"])
        writable = {"/opt": False, "/": False, "/work/films": False, "/work": True, "/tmp": True}
        checks.rights(jupyter, writable)
        check_product(checks, jupyter)
        for notebook in checks.notebooks:
            check_notebook(checks, jupyter, notebook)
    if checks.failed:
        print(jupyter.log.read_text()[-3000:])

    own = secrets.token_hex(16)
    with container(*parts, name="jupyter", JUPYTER_TOKEN=own) as jupyter:
        hold("starts with a token of one's own", jupyter.await_health())
        hold("which opens it", _status(jupyter, "/api/status", own)[0] == 200)
        hold("and no other", _status(jupyter, "/api/status", token)[0] == 403)
        hold("and is not printed", own not in jupyter.log.read_text())
    with container(*parts, name="jupyter", JUPYTER_TOKEN="short") as jupyter:
        told = jupyter.process.wait(timeout=START_S), jupyter.log.read_text().strip()
        hold("refuses a short token", told[0] == 2, told[1])


def _status(jupyter: Container, path: str, token: str = "") -> tuple[int, bytes]:
    headers = {"Authorization": f"token {token}"} if token else {}
    return jupyter.ask(8888, path, headers=headers)


def check_doors(checks: Checks, jupyter: Container, token: str) -> None:
    """Who comes in."""
    hold = checks.hold
    status, _ = _status(jupyter, "/api/status")
    hold("no token, no answer", status == 403, status)
    status, _ = _status(jupyter, "/api/status", "0" * 48)
    hold("nor with a wrong one", status == 403, status)
    status, _ = _status(jupyter, "/lab")
    hold("the page sends to the login", status == 302, status)
    status, text = _status(jupyter, "/api/status", token)
    hold("the token opens", status == 200 and b"kernels" in text, text.decode().strip())
    _, text = _status(jupyter, "/api/contents/notebooks", token)
    listed = sorted(entry["name"] for entry in json.loads(text)["content"])
    shipped = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
    hold("the notebooks are listed", listed == shipped and bool(listed), ", ".join(listed))


def check_product(checks: Checks, jupyter: Container) -> None:
    """Draw a film inside and scan it."""
    done = jupyter.run(
        "spinescan", "phantom", "--als", "4C", "--cobb", "45", "--seed", "3", "--out", "demo"
    )
    checks.hold("spinescan phantom draws", done.returncode == 0, done.stderr.strip()[-300:])
    done = jupyter.run("spinescan", "scan", "demo/film.png", "--json")
    line = json.loads(done.stdout or "{}")
    angles = [round(curve["cobb_deg"]) for curve in line.get("curves", [])]
    read = line.get("decision") == "accepted" and bool(angles)
    checks.hold("spinescan scan reads it", read, f"{angles} degrees")


def check_notebook(checks: Checks, jupyter: Container, name: str) -> None:
    """Run a notebook inside, in quick mode; there is no network."""
    began = time.monotonic()
    words = ["jupyter", "execute", "--inplace", f"notebooks/{name}.ipynb"]
    done = jupyter.run(*words, SPINESCAN_NOTEBOOK_QUICK="1")
    took = f"{time.monotonic() - began:.0f} s"
    found = f"{took} {done.stderr.strip()[-600:] if done.returncode else ''}"
    checks.hold(f"{name} runs from end to end", done.returncode == 0, found)
