"""Read mutated films in worker processes and count what comes of it.

    python benchmarks/fuzz_read.py --n 10000 --seed 1

Nothing but a Radiograph or a SpineScanError may come out: any other exception, a worker that dies
(a crash in a C decoder) and one that does not answer in time (a hang) are failures. Prints JSON;
the exit code is 1 if there was a failure. `--keep FOLDER` saves the files that failed. File `i` of
a seed is always the same, so that a failure can be repeated with `--seed S --only i`.
"""

import argparse
import json
import os
import random
import resource
import select
import subprocess
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

from sample_files import base_files

_EDGE_VALUES = (0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF)
_HEADER = 700
"""Most headers of the small base files end before this byte."""


def _flip(data: bytearray, rng: random.Random) -> bytearray:
    for _ in range(rng.choice((1, 2, 4, 16, 64))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return data


def _edit_header(data: bytearray, rng: random.Random) -> bytearray:
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(min(_HEADER, len(data)))
        for offset in range(rng.choice((1, 2, 4))):
            if at + offset < len(data):
                data[at + offset] = rng.choice((*_EDGE_VALUES, rng.randrange(256)))
    return data


def _truncate(data: bytearray, rng: random.Random) -> bytearray:
    return data[: rng.randrange(len(data))]


def _cut_out(data: bytearray, rng: random.Random) -> bytearray:
    at = rng.randrange(len(data))
    del data[at : at + rng.choice((1, 2, 16, 500))]
    return data


def _repeat(data: bytearray, rng: random.Random) -> bytearray:
    at = rng.randrange(len(data))
    return data[:at] + data[max(0, at - rng.choice((1, 8, 300))) :]


def _noise(data: bytearray, rng: random.Random) -> bytearray:
    at = rng.randrange(len(data))
    length = min(rng.choice((4, 64, 1000)), len(data) - at)
    data[at : at + length] = rng.randbytes(length)
    return data


def _splice(data: bytearray, rng: random.Random) -> bytearray:
    other = rng.choice(list(_bases().values()))
    return data[: rng.randrange(len(data))] + other[rng.randrange(len(other)) :]


_MUTATIONS: tuple[Callable[[bytearray, random.Random], bytearray], ...] = (
    _flip,
    _edit_header,
    _truncate,
    _cut_out,
    _repeat,
    _noise,
    _splice,
)
_bases = cache(base_files)


def mutated(seed: int, index: int) -> tuple[str, bytes]:
    """The name of a base file and its mutation number `index`."""
    rng = random.Random(f"{seed}/{index}")
    name = rng.choice(sorted(_bases()))
    data = bytearray(_bases()[name])
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        data = rng.choice(_MUTATIONS)(data, rng) or data
        if not data:
            break
    if name.endswith(".png") and rng.random() < 0.7:
        _mend_png(data)
    return name, bytes(data)


def _mend_png(data: bytearray) -> None:
    """Make checksums right again: otherwise nothing gets past them."""
    at = 8
    while at + 12 <= len(data):
        end = at + 8 + int.from_bytes(data[at : at + 4], "big")
        if end + 4 > len(data):
            return
        data[end : end + 4] = zlib.crc32(data[at + 4 : end]).to_bytes(4, "big")
        at = end + 4


def _work(seed: int, memory_mb: int) -> None:
    """Read the file of each number that comes on standard input; answer a JSON line for each."""
    from spinescan.core.errors import SpineScanError
    from spinescan.io.read import read_radiograph

    resource.setrlimit(resource.RLIMIT_AS, (memory_mb << 20, memory_mb << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin:
        name, data = mutated(seed, int(line))
        try:
            read_radiograph(data)
            answer = {"outcome": "read"}
        except SpineScanError as error:
            answer = {"outcome": f"refused: {error.kind}"}
        except BaseException as error:
            answer = {"outcome": "other exception", "detail": f"{type(error).__name__}: {error}"}
        print(json.dumps({"base": name, **answer}), flush=True)


class _Worker:
    """A process that reads films, replaced when it dies or hangs."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._process = self._start()

    def _start(self) -> "subprocess.Popen[str]":
        own = ("--worker", "--seed", str(self._options.seed))
        memory = ("--memory-mb", str(self._options.memory_mb))
        return subprocess.Popen(
            [sys.executable, __file__, *own, *memory],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # Threads of a linear algebra library would reserve most of the memory allowed.
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )

    def ask(self, index: int) -> dict[str, Any]:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{index}\n")
        process.stdin.flush()
        ready, _, _ = select.select([process.stdout], [], [], self._options.timeout)
        line = process.stdout.readline() if ready else ""
        if line:
            answer: dict[str, Any] = json.loads(line)
            return answer
        if not ready:
            process.kill()
        code = process.wait()
        self._process = self._start()
        base = mutated(self._options.seed, index)[0]
        return {
            "base": base,
            "outcome": "crash" if ready else "hang",
            "detail": f"exit code {code}",
        }

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def _read_all(options: argparse.Namespace) -> Iterator[tuple[int, dict[str, Any]]]:
    indices = range(options.n) if options.only is None else [options.only]

    def share(number: int) -> list[tuple[int, dict[str, Any]]]:
        worker = _Worker(options)
        answers = [(i, worker.ask(i)) for i in indices[number :: options.jobs]]
        worker.close()
        return answers

    with ThreadPoolExecutor(options.jobs) as pool:
        for answers in pool.map(share, range(options.jobs)):
            yield from answers


def main() -> int:
    """Run the fuzzer from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="read this one file of the seed")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--timeout", type=float, default=20.0, help="seconds for one file")
    parser.add_argument("--memory-mb", type=int, default=4096, help="address space of a worker")
    parser.add_argument("--keep", type=Path, help="folder for the files that failed")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        _work(options.seed, options.memory_mb)
        return 0
    start = time.monotonic()
    outcomes: Counter[str] = Counter()
    failures = []
    for index, answer in _read_all(options):
        outcomes[answer["outcome"]] += 1
        if answer["outcome"] == "read" or answer["outcome"].startswith("refused"):
            continue
        failures.append({"index": index, **answer})
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
            name, data = mutated(options.seed, index)
            (options.keep / f"{index}-{name}").write_bytes(data)
    summary = {
        "n": sum(outcomes.values()),
        "seed": options.seed,
        "outcomes": dict(sorted(outcomes.items())),
        "failures": failures,
        "seconds": round(time.monotonic() - start, 1),
    }
    print(json.dumps(summary, indent=2))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
