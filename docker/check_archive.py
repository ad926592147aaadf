"""The profile orthanc: a film into Orthanc, its report and overlay back beside it."""

import base64
import json
import re
import time
from pathlib import Path
from typing import Any

from check_page import draw
from checks import Checks
from container import START_S, Container, connect, container
from image_steps import Stage

ADDRESSES = {"orthanc": "10.90.0.1", "node": "10.90.0.2"}
ANSWER_S = 120
ALL_THREE = ["OT", "OT", "SR"]  # a phantom film is no radiography unit's; its overlay; its report


def check_archive(
    checks: Checks, services: dict[str, Any], stages: dict[str, Stage], place: Path
) -> None:
    """Try what the images slim and orthanc and compose.yaml promise of the small PACS."""
    hold = checks.hold
    node_parts = services["node"], stages["slim"], place / "slim", place
    orthanc_parts = services["orthanc"], stages["orthanc"], place / "orthanc", place
    with (
        container(*node_parts, name="node", hosts=ADDRESSES) as node,
        container(*orthanc_parts, name="orthanc", hosts=ADDRESSES) as orthanc,
    ):
        for running, name in ((node, "node"), (orthanc, "orthanc")):
            began = time.monotonic()
            healthy = running.await_health()
            hold(f"{name} goes healthy", healthy, f"{time.monotonic() - began:.0f} s")
        connect(orthanc, node, (ADDRESSES["orthanc"], ADDRESSES["node"]))
        printed = re.findall(r"password (\w+)", orthanc.log.read_text())
        hold("makes a password and prints it", bool(printed) and len(printed[0]) == 48)
        asking = Asking(orthanc, printed[0] if printed else "")
        status, _ = orthanc.ask(8042, "/system")
        hold("no password, no answer", status == 401, status)
        began = time.monotonic()
        status, _ = asking.post("/instances", draw(node, "--dicom"))
        hold("Orthanc takes a film", status == 200, status)
        found = await_answers(asking)
        took = time.monotonic() - began
        hold("report and overlay come back", found == ALL_THREE, f"{found} in {took:.0f} s")
        hold("in the film's own study", len(asking.get("/studies")) == 1)
        time.sleep(5)
        again = modalities(asking)
        hold("and nothing goes in circles", again == found, again)
        status, web = orthanc.ask(8042, "/dicom-web/studies", headers=asking.headers)
        hold("DICOMweb answers", status == 200 and len(json.loads(web)) == 1, status)
        for running, ports, published in (
            (orthanc, {8042, 4242}, ["127.0.0.1:8042:8042", "127.0.0.1:4242:4242"]),
            (node, {11112}, []),
        ):
            checks.ports(running, ports, published)
            checks.rights(running, {"/opt": False, "/": False, "/data": True, "/tmp": True})
        logs = node.log.read_text() + orthanc.log.read_text()
        hold("the node refused nobody", "refused" not in node.log.read_text())
        if checks.failed:
            print(logs[-5000:])
    with container(*orthanc_parts, name="orthanc", hosts=ADDRESSES) as orthanc:
        orthanc.await_health()
        (secret,) = re.findall(r"password (\w+)", orthanc.log.read_text())
        kept = modalities(Asking(orthanc, secret))
        hold("started again, it still has all three", kept == ALL_THREE, kept)
    with container(*orthanc_parts, name="orthanc", ORTHANC_PASSWORD="short") as orthanc:
        told = orthanc.process.wait(timeout=START_S), orthanc.log.read_text().strip()
        hold("refuses a short password", told[0] == 2, told[1])


class Asking:
    """Orthanc's REST API, with its password."""

    def __init__(self, orthanc: Container, password: str) -> None:
        self._orthanc = orthanc
        word = base64.b64encode(f"spinescan:{password}".encode()).decode()
        self.headers = {"Authorization": f"Basic {word}"}

    def get(self, path: str) -> Any:
        """What it answers, taken apart."""
        return json.loads(self._orthanc.ask(8042, path, headers=self.headers)[1])

    def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Status and answer."""
        return self._orthanc.ask(8042, path, method="POST", headers=self.headers, body=body)


def modalities(asking: Asking) -> list[str]:
    """Of all series that Orthanc has, sorted."""
    return sorted(each["MainDicomTags"]["Modality"] for each in asking.get("/series?expand"))


def await_answers(asking: Asking) -> list[str]:
    """The modalities once there are three series, or after ANSWER_S."""
    deadline = time.monotonic() + ANSWER_S
    while len(modalities(asking)) < 3 and time.monotonic() < deadline:
        time.sleep(1)
    return modalities(asking)
