"""The profile page: health, doors, the page, a film by the API, rights, what lasts."""

import json
import re
import secrets
import time
from pathlib import Path
from typing import Any

from checks import Checks
from container import START_S, Container, container
from image_steps import Stage

BOUNDARY = "a-film-comes"
API = "/api/v1"


def check_page(
    checks: Checks, services: dict[str, Any], stages: dict[str, Stage], place: Path
) -> None:
    """Try what the slim image and compose.yaml promise of the page."""
    hold = checks.hold
    parts = services["page"], stages["slim"], place / "slim", place
    with container(*parts, name="page") as page:
        began = time.monotonic()
        healthy = page.await_health()
        hold(
            "goes healthy without a token of one's own",
            healthy,
            f"{time.monotonic() - began:.0f} s",
        )
        printed = re.findall(r"token (\w+)", page.log.read_text())
        hold("makes a token and prints it", bool(printed) and len(printed[0]) == 48)
        token = printed[0] if printed else ""
        status, text = page.ask(8000, "/")
        hold("the page loads", status == 200 and b"SpineScan" in text, status)
        for path in re.findall(rb'(?:src|href)="([^"#]+)"', text):
            found, _ = page.ask(8000, "/" + path.decode().lstrip("./"))
            hold(f"and {path.decode()}", found == 200, found)
        status, _ = page.ask(8000, f"{API}/cases")
        hold("no token, no cases", status == 401, status)
        status, _ = page.ask(8000, "/health", headers={"Host": "elsewhere.example"})
        hold("another host's name is refused", status in (400, 403, 421), status)
        film = draw(page)
        scan = check_film(checks, page, film, token)
        checks.ports(page, {8000}, ["127.0.0.1:8000:8000"])
        writable = {"/opt": False, "/": False, "/data": True, "/tmp": True}
        checks.rights(page, writable)
        heavy = page.run("python", "-c", "import torch")
        hold("the image has no torch", "No module named" in heavy.stderr)
    if checks.failed:
        print(page.log.read_text()[-3000:])
    own = secrets.token_hex(16)
    with container(*parts, name="page", SPINESCAN_TOKEN=own) as page:
        hold("starts again with a token of one's own", page.await_health())
        status, _ = page.ask(8000, f"{API}/scans/{scan}", headers=bearer(own))
        hold("and still has the film", status == 200, status)
        status, _ = page.ask(8000, f"{API}/cases", headers=bearer(token))
        hold("the old token opens nothing", status == 401, status)
        hold("its own is not printed", own not in page.log.read_text())
    with container(*parts, name="page", SPINESCAN_TOKEN="short") as page:
        told = page.process.wait(timeout=START_S), page.log.read_text().strip()
        hold("refuses a short token", told[0] == 2, told[1])


def bearer(token: str) -> dict[str, str]:
    """The header that opens the API."""
    return {"Authorization": f"Bearer {token}"}


def draw(inside: Container, *options: str) -> bytes:
    """A phantom film, drawn in the container."""
    words = ["spinescan", "phantom", "--als", "4C", "--cobb", "45", "--seed", "3", *options]
    done = inside.run(
        "sh", "-c", f"{' '.join(words)} --out /tmp/drawn >&2 && cat /tmp/drawn/film.* | base64"
    )
    from base64 import b64decode

    return b64decode(done.stdout)


def check_film(checks: Checks, page: Container, film: bytes, token: str) -> str:
    """Post a film; returns the scan's id."""
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="film"; filename="film.png"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    body = head.encode() + film + f"\r\n--{BOUNDARY}--\r\n".encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    began = time.monotonic()
    post = {"method": "POST", "headers": bearer(token) | kind, "body": body}
    status, answer = page.ask(8000, f"{API}/scans", **post)
    took = time.monotonic() - began
    scan = json.loads(answer or b"{}")
    report = scan.get("report", {})
    angles = [round(curve["cobb_deg"]) for curve in report.get("curves", [])]
    read = status in (200, 201) and report.get("decision") == "accepted" and bool(angles)
    checks.hold("a film that is posted gets its report", read, f"{angles} degrees, {took:.1f} s")
    asked = {"Content-Type": "application/json"}
    for name in ("overlay.png", "report.pdf"):
        status, answer = page.ask(
            8000, f"{API}/scans/{scan.get('id')}/render/{name}", method="POST",
            headers=bearer(token) | asked, body=b"{}",
        )  # fmt: skip
        checks.hold(f"and {name}", status == 200, f"{len(answer)} bytes")
    return str(scan.get("id"))
