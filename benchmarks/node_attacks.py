"""How `spinescan node` bears malformed associations and films; prints JSON.

    python benchmarks/node_attacks.py [--associations 550] [--objects 1000] [--out FILE]

A node with its real scanner is started on loopback. It is sent associations that are random,
mutated, endless, half-open or in the wrong state, a dozen at once, and then films with mutated
headers and pixels, cut off, with sizes that are not true and deflated to a thousandth, by C-STORE.
Told are: how it answered, whether C-ECHO was answered all the while (asked every second, from
another address), its memory, and what became of each film that it said it had taken. The exit code
is 1 if an echo was not answered, a film has no end, or the node did not survive.
"""

import argparse
import json
import os
import platform
import re
import sys
import tempfile
import threading
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from dicom_attacks import VERIFICATION, attack, mutated_object, play, store_objects
from node_process import Archive, RunningNode, started
from pynetdicom import AE

from spinescan.pacs.queue import PacsQueue, QueueCounts

AT_ONCE = 12
_WHY = re.compile(r"not scanned \((\w+)\)")


class Watch:
    """Asks for an echo every second, and weighs the node's processes."""

    def __init__(self, node: RunningNode) -> None:
        self._node = node
        self._over = threading.Event()
        self.echo_ms: list[float] = []
        self.unanswered = 0
        self.memory_mb: list[float] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._over.wait(1.0):
            began = time.perf_counter()
            if echoed(self._node.port):
                self.echo_ms.append(1000 * (time.perf_counter() - began))
            else:
                self.unanswered += 1
            with suppress(OSError):  # a process that has just ended
                self.memory_mb.append(tree_megabytes(self._node.process.pid))

    def end(self) -> None:
        """Ask no more."""
        self._over.set()
        self._thread.join()


def tree(pid: int) -> Iterator[Path]:
    """The folders under /proc of a process and of all below it, whichever thread began them."""
    yield Path(f"/proc/{pid}")
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from tree(int(child))


def tree_megabytes(pid: int) -> float:
    """Memory of a process and all below it (PSS)."""
    told = "".join((each / "smaps_rollup").read_text() for each in tree(pid))
    return sum(int(line.split()[1]) for line in told.splitlines() if line[:4] == "Pss:") / 1024


def echoed(port: int) -> bool:
    """Whether C-ECHO is answered to another address of this computer."""
    entity = AE(ae_title="WATCH")
    entity.acse_timeout = entity.dimse_timeout = entity.connection_timeout = 20
    entity.add_requested_context(VERIFICATION)
    line = entity.associate("127.0.0.1", port, ae_title="SPINESCAN", bind_address=("127.0.0.2", 0))
    if not line.is_established:
        return False
    answered = line.send_c_echo().get("Status") == 0
    line.release()
    return bool(answered)


def ended(node: RunningNode, seconds: float) -> None:
    """Wait until the node has told of an end of each film that it told of."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        lines = list(node.lines)
        films = sum("a film has come" in line and "known" not in line for line in lines)
        done = sum(line.endswith("is given up\n") for line in lines)
        done += sum(": 2 results" in line or "needs no answer" in line for line in lines)
        if done >= films:
            return
        time.sleep(0.5)


def counted(folder: Path) -> QueueCounts:
    """What the node's queue holds after its end."""
    with PacsQueue(folder / "node") as queue:
        return queue.counts()


def attacked(folder: Path, *, associations: int, objects: int, seed: int = 1) -> dict[str, Any]:
    """The figures of one run."""
    heard: Counter[str] = Counter()
    with Archive().listening() as archive:
        node = started(folder, archive.name, "--jobs", "2", "--max-associations", "32",
                       "--waiting", "100000", "--leave-megabytes", "0")  # fmt: skip
        watch, began = Watch(node), time.monotonic()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            played = pool.map(lambda i: play(node.port, attack(seed, i)), range(associations))
            for index, what in enumerate(played):
                heard[f"{attack(seed, index).name}: {what}"] += 1
        associated_s = time.monotonic() - began
        stored = (mutated_object(seed, index) for index in range(objects))
        statuses = Counter(
            "none" if status is None else f"0x{status:04X}"
            for status in store_objects(node.port, stored)
        )
        ended(node, 60 + 5.0 * objects)
        watch.end()
        alive = node.process.poll() is None
        code = node.stop()
        counts = counted(folder)
    # Whole films that the attacks on associations let through are taken, too.
    taken_in_all = counts.films_answered + counts.films_failed + counts.films_waiting
    echoes = sorted(watch.echo_ms)
    return {
        "benchmark": "node_attacks",
        "seed": seed,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "associations": {"n": associations, "seconds": round(associated_s, 1),
                         "answers": dict(sorted(heard.items()))},
        "objects": {"n": objects, "statuses": dict(statuses)},
        "films": {
            "taken": taken_in_all,
            "answered": counts.films_answered,
            "failed": counts.films_failed,
            "waiting": counts.films_waiting,
            "why_not": dict(
                Counter(
                    found[1]
                    for line in node.lines
                    if "is given up" in line and (found := _WHY.search(line))
                ).most_common()
            ),
        },
        "results": {"reports": len(archive.reports), "captures": len(archive.captures),
                    "sent_twice": sum(n > 1 for n in archive.times.values())},
        "echoes": len(echoes),
        "unanswered_echoes": watch.unanswered,
        "echo_ms": {"median": round(echoes[len(echoes) // 2], 1), "max": round(echoes[-1], 1)},
        "memory_mb": {"n": len(watch.memory_mb), "first": round(watch.memory_mb[0]),
                      "most": round(max(watch.memory_mb)), "last": round(watch.memory_mb[-1])},
        "alive": alive,
        "exit_code": code,
        "seconds": round(time.monotonic() - began, 1),
    }  # fmt: skip


def main() -> int:
    """Attack and print."""
    parser = argparse.ArgumentParser(description="Attacks on a node; prints JSON.")
    parser.add_argument("--associations", type=int, default=550)
    parser.add_argument("--objects", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # pydicom's, of what is meant to be malformed
    with tempfile.TemporaryDirectory() as place:
        answer = attacked(
            Path(place),
            associations=options.associations,
            objects=options.objects,
            seed=options.seed,
        )
    text = json.dumps(answer, indent=2)
    print(text)
    if options.out is not None:
        options.out.write_text(text + "\n")
    whole = answer["films"]["waiting"] == 0 and answer["alive"] and answer["exit_code"] == 0
    return 0 if whole and answer["unanswered_echoes"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
