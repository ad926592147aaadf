"""How `spinescan serve` bears a crowd: 50 clients that send films for a minute; prints JSON.

    python benchmarks/web_load.py [--clients 50] [--seconds 60] [--out FILE]

The server runs on loopback with its defaults. Clients send PNG files of four sizes and DICOM files,
frontal and lateral phantoms, and come back when they are told to. Told are: films that were
accepted and refused (429), any other answer (`errors`), films that were accepted and cannot be had
afterwards (`lost`), the memory of the server and its processes (PSS, what they share counted once),
how long `/health` takes meanwhile, and films a second held against `spinescan scan --jobs 2` on
the same films, without its start-up. The two take turns, so that a busy machine wrongs neither; the
processor's time for a film, which other programs do not lengthen as they do the clock's, is told
too.
"""

import argparse
import asyncio
import contextlib
import io
import itertools
import json
import os
import platform
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spinescan.io.dicom_write import SyntheticHeader, dicom_bytes
from spinescan.phantom.film import sample_film

COMMAND = [sys.executable, "-c", "from spinescan.app.main import cli; cli()"]
ROWS = (700, 1280, 2000, 2800)
"""Heights of the PNG films."""

BOUNDARY = "film-of-the-load-test"


@dataclass(slots=True)
class Load:
    """What the clients met."""

    accepted: dict[str, str] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    health_ms: list[float] = field(default_factory=list)
    processor_s: float = 0.0
    memory_mb: list[float] = field(default_factory=list)


def films() -> dict[str, bytes]:
    """The files that are sent, by name."""
    found = {}
    for view in ("frontal", "lateral"):
        pixels = sample_film(view).pixels
        for rows in ROWS:
            found[f"{view}-{rows}.png"] = as_png(pixels, rows)
        position = "PA" if view == "frontal" else "LL"
        header = SyntheticHeader(1, position, 0.5, "F", 14)
        found[f"{view}.dcm"] = dicom_bytes(pixels, header)
    return found


def as_png(pixels: NDArray[np.float32], rows: int) -> bytes:
    """A film of so many rows."""
    picture = Image.fromarray(np.rint(pixels * 255).astype(np.uint8))
    out = io.BytesIO()
    picture.resize((round(picture.width * rows / picture.height), rows)).save(out, "PNG")
    return out.getvalue()


def form(film: bytes) -> bytes:
    """A whole request that sends a film."""
    body = (
        (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="film"; filename="film"\r\n\r\n'
        ).encode()
        + film
        + f"\r\n--{BOUNDARY}--\r\n".encode()
    )
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    return request("POST", "/api/v1/scans", f"Content-Type: {kind}", length=len(body)) + body


def request(method: str, path: str, *headers: str, length: int = 0) -> bytes:
    """The head of a request on a connection of its own."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
    return "\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode()


async def ask(port: int, sent: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of an answer. Plain sockets: the crowd shares the server's cores."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    try:
        writer.write(sent)
        await writer.drain()
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(": ") for line in lines)
    return int(first.split()[1]), {name.lower(): value for name, _, value in pairs}, body


async def client(port: int, sent: list[tuple[str, bytes]], ends: float, load: Load) -> None:
    """Sends one film after the other; comes back when it is told to."""
    for digest, film in sent:
        while True:
            began = time.perf_counter()
            if began > ends:
                return
            try:
                status, headers, body = await ask(port, film)
            except (OSError, ValueError, IndexError) as error:
                load.statuses[type(error).__name__] += 1
                break
            load.statuses[str(status)] += 1
            if status == 429:
                await asyncio.sleep(min(float(headers["retry-after"]), ends - time.perf_counter()))
                continue
            if status == 200:
                load.seconds.append(time.perf_counter() - began)
                answer = json.loads(body)
                load.accepted[answer["id"]] = digest if answer["sha256"] == digest else "wrong"
            break


async def prober(port: int, ends: float, load: Load) -> None:
    """Asks for the server's health ten times a second."""
    while time.perf_counter() < ends:
        began = time.perf_counter()
        status, _, _ = await ask(port, request("GET", "/health"))
        if status != 200:
            load.statuses[f"health {status}"] += 1
        load.health_ms.append(1000 * (time.perf_counter() - began))
        await asyncio.sleep(0.1)


async def weigher(pid: int, ends: float, load: Load) -> None:
    """Weighs the server and its processes each second."""
    while time.perf_counter() < ends:
        load.memory_mb.append(tree_megabytes(pid))
        await asyncio.sleep(1)


def tree(pid: int) -> Iterator[Path]:
    """The folders under /proc of a process and of all below it."""
    yield Path(f"/proc/{pid}")
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield from tree(int(child))


def tree_megabytes(pid: int) -> float:
    """Memory of a process and all below it (PSS)."""
    told = "".join((each / "smaps_rollup").read_text() for each in tree(pid))
    return sum(int(line.split()[1]) for line in told.splitlines() if line[:4] == "Pss:") / 1024


def tree_processor_s(pid: int) -> float:
    """Seconds that a process and all below it kept a processor busy."""
    stats = [(each / "stat").read_text().rpartition(")")[2].split() for each in tree(pid)]
    return sum(int(fields[11]) + int(fields[12]) for fields in stats) / os.sysconf("SC_CLK_TCK")


async def crowd(port: int, pid: int, sent: dict[str, bytes], options: Any) -> tuple[Load, float]:
    """The load, and how many seconds passed until the last answer."""
    rng = random.Random(1)
    requests = [(sha256(film).hexdigest(), form(film)) for film in sent.values()]
    load, began, busy = Load(), time.perf_counter(), tree_processor_s(pid)
    ends = began + options.seconds
    clients = [
        client(port, itertools.cycle(rng.sample(requests, len(requests))), ends, load)
        for _ in range(options.clients)
    ]
    others = (prober(port, ends, load), weigher(pid, ends, load))
    await asyncio.gather(*clients, *others)
    load.processor_s = tree_processor_s(pid) - busy
    return load, time.perf_counter() - began


async def lost(port: int, load: Load) -> int:
    """How many accepted films are not there, or are another film."""
    missing = 0
    for scan_id, digest in load.accepted.items():
        status, _, body = await ask(port, request("GET", f"/api/v1/scans/{scan_id}"))
        missing += status != 200 or json.loads(body)["sha256"] != digest
    return missing


@contextlib.contextmanager
def server(folder: Path, jobs: int) -> Iterator[tuple[int, int]]:
    """The port and the process of a server that is ready."""
    with socket.create_server(("127.0.0.1", 0)) as place:
        port = place.getsockname()[1]
    words = [*COMMAND, "serve", "--port", str(port), "--data", str(folder), "--jobs", str(jobs)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            time.sleep(0.2)
            with contextlib.suppress(OSError):
                if asyncio.run(ask(port, request("GET", "/ready")))[0] == 200:
                    break
        yield port, process.pid
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def by_command(folder: Path, jobs: int) -> tuple[float, float]:
    """Films a second of `spinescan scan`, and processor's seconds of one; start-up left out."""
    films = len(list(folder.iterdir()))
    words = [*COMMAND, "scan", str(folder), "--json", "--jobs", str(jobs)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        met = []
        for number, line in enumerate(process.stdout):
            assert b"landmarks" in line
            if number % 10 == 0 or number == films - 1 - jobs:  # the workers end with the last
                met.append((number, time.perf_counter(), tree_processor_s(process.pid)))
    (first, began, before), (last, ended, after) = met[0], met[-1]
    return (last - first) / (ended - began), (after - before) / (last - first)


def told(load: Load, seconds: float, missing: int) -> dict[str, Any]:
    """The figures of one minute."""
    refused = load.statuses.pop("429", 0)
    good = load.statuses.pop("200", 0)
    memory = load.memory_mb[len(load.memory_mb) // 10 :]  # the models of a first film apart
    third = max(1, len(memory) // 3)
    start, end = statistics.mean(memory[:third]), statistics.mean(memory[-third:])
    return {
        "accepted": good,
        "refused_429": refused,
        "errors": dict(load.statuses),
        "lost": missing,
        "films_per_s": round(good / seconds, 2),
        "processor_s_per_film": round(load.processor_s / good, 3),
        "answer_s": {
            "median": round(statistics.median(load.seconds), 2),
            "p95": round(float(np.quantile(load.seconds, 0.95)), 2),
        },
        "health_ms": {
            "n": len(load.health_ms),
            "median": round(statistics.median(load.health_ms), 1),
            "p95": round(float(np.quantile(load.health_ms, 0.95)), 1),
            "max": round(max(load.health_ms), 1),
        },
        "memory_mb": {
            "n": len(memory),
            "first_third": round(start),
            "last_third": round(end),
            "most": round(max(memory)),
            "change_percent": round(100 * (end / start - 1), 1),
        },
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="A crowd at the server; prints JSON.")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--turns", type=int, default=2, help="of the server and the command")
    parser.add_argument("--copies", type=int, default=15, help="of each film for the command")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    sent, turns, rates = films(), [], []
    with tempfile.TemporaryDirectory() as place:
        copies = Path(place) / "films"
        copies.mkdir()
        for number, (name, film) in itertools.product(range(options.copies), sent.items()):
            (copies / f"{number:03d}-{name}").write_bytes(film)
        for turn in range(options.turns):
            rates.append(by_command(copies, options.jobs))
            with server(Path(place) / f"data-{turn}", options.jobs) as (port, pid):
                load, seconds = asyncio.run(crowd(port, pid, sent, options))
                turns.append(told(load, seconds, asyncio.run(lost(port, load))))
        rates.append(by_command(copies, options.jobs))
    served = [turn["films_per_s"] for turn in turns]
    busy = [turn["processor_s_per_film"] for turn in turns]
    command, command_busy = zip(*rates, strict=True)
    answer = {
        "benchmark": "web_load",
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "clients": options.clients,
        "seconds": options.seconds,
        "jobs": options.jobs,
        "films": {name: len(film) for name, film in sent.items()},
        "turns": turns,
        "command_films_per_s": [round(rate, 2) for rate in command],
        "command_processor_s_per_film": [round(each, 3) for each in command_busy],
        "films_per_command_run": options.copies * len(sent),
        "served_over_command": round(statistics.mean(served) / statistics.mean(command), 3),
        "served_over_command_by_processor": round(
            statistics.mean(command_busy) / statistics.mean(busy), 3
        ),
    }
    text = json.dumps(answer, indent=2)
    print(text)
    if options.out is not None:
        options.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
