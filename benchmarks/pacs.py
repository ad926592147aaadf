"""500 films through a real Orthanc and back, with three faults in the middle; prints JSON.

    python benchmarks/pacs.py [--films 500] [--work DIR] [--out FILE]

Phantoms, each a patient and a study of its own, most frontal and some lateral, are stored in an
Orthanc (Debian's package) by STOW-RS. It sends them by C-STORE to `spinescan node`, which scans
them and sends structured reports and overlays back by C-STORE. In the middle of it Orthanc is
killed (SIGKILL) and started again on its storage, the node is killed and started again, and the
node's disk is full for a while (a small tmpfs filled by a ballast file, which takes root). An
archive sends again what was not taken; Orthanc is asked to here, each time it says so.

Told are, at the end: reports and overlays, and films that have one of each in their own study; what
is left in the node's queue; and whether names, numbers or UIDs of patients are left in its folder.
`--work` keeps the films for a next run.
"""

import argparse
import contextlib
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import requests
from pydicom import dcmread

sys.path.insert(0, str(Path(__file__).parents[1]))

from spinescan.pacs.queue import PacsQueue
from spinescan.pacs.stow import StowDestination
from spinescan.pacs.web_server import WebServer
from tests.pacs.orthanc import Orthanc, free_port, missing

COMMAND = [sys.executable, "-c", "from spinescan.app.main import cli; cli()"]
DISK_MB, RESERVE_MB = 200, 20
ON_THE_WAY = 24
"""Films that are sent and not answered, at most: so faults meet sending, scanning and answering."""

BATCH = 4
SEED = 8


class Node:
    """`spinescan node` in a process of its own; its port and folder outlive a kill."""

    def __init__(self, folder: Path, log: Path, archive: Orthanc, jobs: int) -> None:
        self.port, self._log = free_port(), log
        self.folder = folder / "node"
        self._words = [
            *COMMAND, "node", "--port", str(self.port), "--data", str(folder), "--jobs", str(jobs),
            "--leave-megabytes", str(RESERVE_MB),
            "--send-to", f"{archive.aet}@127.0.0.1:{archive.dicom_port}",
        ]  # fmt: skip

    def start(self) -> None:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(self._words, stdout=log, stderr=log)

    def end(self, number: signal.Signals) -> None:
        self.process.send_signal(number)
        self.process.wait(60)


def drawn(work: Path, count: int) -> list[Path]:
    """The files of the phantoms; those that an earlier run drew are there already."""
    lateral = count // 8
    found = []
    for view, films in (("frontal", count - lateral), ("lateral", lateral)):
        if films == 0:
            continue
        folder = work / view
        there = len(list((folder / "images").glob("*.dcm")))
        words = ["--count", films, "--view", view, "--seed", SEED, "--rows", 640, "--jobs", 2]
        asked = [*COMMAND, "phantom", *words, "--dicom", "--out", folder]
        if there < films:
            subprocess.run(list(map(str, asked)), check=True, stdout=subprocess.DEVNULL)
        found += sorted((folder / "images").glob("*.dcm"))[:films]
    return found


def patient(number: int) -> tuple[str, str]:
    """A name and a number that are found again wherever they are left."""
    return f"Zyx{number:04d}^Quentin", f"QX-{number:04d}"


def put_in(archive: Orthanc, files: list[Path]) -> dict[str, str]:
    """Store the films, each as a patient's of its own; the archive's ids, and the studies' UIDs."""
    stow = StowDestination(WebServer(archive.url))
    for number, file in enumerate(files):
        film = dcmread(file)
        film.PatientName, film.PatientID = patient(number)
        out = BytesIO()
        film.save_as(out, enforce_file_format=True)
        stow.send(out.getvalue())
    return {i: archive.tags(i)["StudyInstanceUID"] for i in archive.instances()}


class Archive:
    """Orthanc as an archive that routes: what the node does not take is sent again, in its turn."""

    def __init__(self, orthanc: Orthanc, films: list[str]) -> None:
        self.orthanc, self._films = orthanc, films
        self.refusals, self.sent_batches = 0, 0
        self.answered, self.ahead = 0, ON_THE_WAY
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._route, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._over.set()
        self._thread.join()

    def count(self) -> int:
        """Results that are there; as many as last time while it does not answer."""
        with contextlib.suppress(requests.RequestException):
            there = self.orthanc.rest("GET", "/statistics")["CountInstances"]
            self.answered = there - len(self._films)
        return self.answered

    def _route(self) -> None:
        waiting = [self._films[i : i + BATCH] for i in range(0, len(self._films), BATCH)]
        total = len(waiting)
        while waiting and not self._over.is_set():
            taken = (total - len(waiting)) * BATCH
            if taken - self.count() / 2 > self.ahead:
                self._over.wait(0.5)
                continue
            batch = waiting.pop(0)
            self.sent_batches += 1
            try:
                self.orthanc.send("node", batch, within_s=60)
            except requests.RequestException:
                self.refusals += 1
                waiting.append(batch)  # all of it: which of them were taken, it does not say
                self._over.wait(1.0)


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """A file system of its own, and small; False where this user may not mount one."""
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=700", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(words, check=False, capture_output=True).returncode:
        yield False
        return
    try:
        yield True
    finally:
        subprocess.run(["umount", str(folder)], check=False)


def kill_archive(archive: Orthanc) -> None:
    """It is gone for ten seconds."""
    archive.kill()
    time.sleep(10)
    archive.start()


def kill_node(node: Node) -> None:
    """It is gone for five seconds."""
    node.end(signal.SIGKILL)
    time.sleep(5)
    node.start()


def fill_disk(folder: Path) -> None:
    """Nothing more fits on the node's disk for half a minute."""
    ballast = folder / "ballast"
    ends = time.monotonic() + 30
    with ballast.open("wb", buffering=0) as out:
        while time.monotonic() < ends:  # what the node deletes meanwhile is filled up too
            try:
                out.write(b"\0" * 65536)
            except OSError:
                time.sleep(0.05)
    ballast.unlink()


def until(condition: Callable[[], bool], within_s: float) -> bool:
    """Whether a condition came true in time."""
    ends = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > ends:
            return False
        time.sleep(0.5)
    return True


def judged(archive: Orthanc, studies: dict[str, str]) -> dict[str, Any]:
    """What is in the archive, by study."""
    there: dict[str, Counter[str]] = {}
    for instance in archive.instances():
        tags = archive.tags(instance)
        ours = tags.get("Manufacturer") == "SpineScan"
        kind = (
            tags["Modality"] if ours and tags["Modality"] == "SR" else "overlay" if ours else "film"
        )
        place = f"{tags['StudyInstanceUID']} {tags['PatientID']} {tags['PatientName']}"
        there.setdefault(place, Counter())[kind] += 1
    once = Counter({"film": 1, "SR": 1, "overlay": 1})
    total = sum(there.values(), Counter())
    return {
        "reports": total["SR"],
        "overlays": total["overlay"],
        "studies": len(there),
        "studies_with_one_film_report_and_overlay": sum(c == once for c in there.values()),
        "films_without_report": sum(counts["SR"] == 0 for counts in there.values()),
        "results_twice": sum(
            max(0, c["SR"] - 1) + max(0, c["overlay"] - 1) for c in there.values()
        ),
        "studies_as_put_in": {place.split()[0] for place in there} == set(studies.values()),
    }


def left_behind(folder: Path, studies: dict[str, str]) -> dict[str, int]:
    """How many files of the node's folder hold what tells of a patient, and what is spooled."""
    secrets = [*studies.values(), *(w for n in range(len(studies)) for w in patient(n))]
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    holding = [p for p, raw in files.items() if any(s.encode() in raw for s in secrets)]
    return {
        "files": len(files),
        "files_with_patient_data": len(holding),
        "files_in_spool": sum(path.parent.name == "spool" for path in files),
    }


def passage(archive: Orthanc, node: Node, disk: Path | None, films: list[str]) -> dict[str, Any]:
    """Send all films and inflict the faults; what happened until the last result was back."""
    routing, count = Archive(archive, films), len(films)
    archive.connect("node", "SPINESCAN", node.port)
    faults: list[tuple[str, Callable[[], None]]] = [
        ("archive killed", lambda: kill_archive(archive)),
        ("node killed", lambda: kill_node(node)),
    ]
    if disk is not None:
        faults.append(("disk full", lambda: fill_disk(disk)))
    began, told = time.monotonic(), []
    routing.start()
    for turn, (name, inflict) in enumerate(faults, start=1):
        until(lambda due=2 * count * turn // 5: routing.count() >= due, 1800)  # type: ignore[misc]
        at, before = time.monotonic(), routing.count()
        routing.ahead += 2 * BATCH  # it goes on sending meanwhile
        inflict()
        over = time.monotonic()
        until(lambda before=before: routing.count() > before + 2, 300)  # type: ignore[misc]
        told.append({
            "fault": name,
            "at_s": round(at - began, 1),
            "results_before": before,
            "lasted_s": round(over - at, 1),
            "next_result_after_s": round(time.monotonic() - over, 1),
        })  # fmt: skip
    complete = until(lambda: routing.count() >= 2 * count, 1800)
    seconds = time.monotonic() - began
    until(lambda: routing.count() > 2 * count, 15)  # what came twice would come now
    routing.end()
    return {
        "complete": complete,
        "seconds": round(seconds, 1),
        "films_per_s": round(count / seconds, 2),
        "faults": told,
        "batches_sent": routing.sent_batches,
        "batches_refused_and_sent_again": routing.refusals,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Films through Orthanc and back; prints JSON.")
    parser.add_argument("--films", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=2, help="processes of the node that scan")
    parser.add_argument("--work", type=Path, help="keep the films here")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if reason := missing():
        sys.exit(reason)
    with tempfile.TemporaryDirectory() as place, small_disk(Path(place) / "disk") as mounted:
        folder = Path(place)
        began = time.monotonic()
        files = drawn(options.work or folder / "films", options.films)
        drew_s = time.monotonic() - began
        archive = Orthanc(folder / "orthanc")
        node = Node(folder / "disk", folder / "node.log", archive, options.jobs)
        archive.start()
        node.start()
        try:
            studies = put_in(archive, files)
            disk = folder / "disk" if mounted else None
            found = passage(archive, node, disk, list(studies))
            node.end(signal.SIGTERM)
            with PacsQueue(node.folder) as queue:
                counts = queue.counts()
            answer = {
                "benchmark": "pacs",
                "cores": os.cpu_count(),
                "python": platform.python_version(),
                "orthanc": archive.rest("GET", "/system")["Version"],
                "films": len(files),
                "lateral": sum(file.parents[1].name == "lateral" for file in files),
                "drawing_s": round(drew_s, 1),
                "disk_fault": "tmpfs" if mounted else "not possible here: it takes root",
                **found,
                **judged(archive, studies),
                "queue": {
                    "films_waiting": counts.films_waiting,
                    "films_failed": counts.films_failed,
                    "deliveries_waiting": counts.deliveries_waiting,
                },
                "left_behind": left_behind(node.folder, studies),
                "log_names_a_patient": "Zyx" in (log := (folder / "node.log").read_text()),
                "films_refused_for_now": log.count("a film was refused for now"),
                "notes_that_found_no_room": log.count("what was done cannot be written"),
            }
        finally:
            archive.kill()
            if node.process.poll() is None:
                node.process.kill()
                node.process.wait()
            if options.work is not None:
                (options.work / "node.log").write_bytes((folder / "node.log").read_bytes())
    text = json.dumps(answer, indent=2)
    print(text)
    if options.out is not None:
        options.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
