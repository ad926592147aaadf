"""How quick SpineScan is and how much memory it takes; prints JSON.

    python benchmarks/speed.py [--runs 15] [--film FILM]

All times are medians. `warm_over_raw` holds a film's way from bytes to Report against what cannot
be avoided: decoding it and running the very same network calls on onnxruntime.
"""

import argparse
import io
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spinescan.infer.classifier import Answer, Run
from spinescan.infer.scanner import Scanner
from spinescan.io.read import read_radiograph
from spinescan.phantom.film import sample_film

SCAN_AND_TELL_MEMORY = """
import sys
from spinescan.app.main import cli
cli(["scan", sys.argv[1], "--json"], standalone_mode=False)
try:
    lines = open("/proc/self/status").read().splitlines()
    kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
except OSError:
    import resource
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(kilobytes, file=sys.stderr)
"""


class RecordingScanner(Scanner):
    """Keeps the inputs of its network calls, so that they can be repeated."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.calls: list[tuple[str, NDArray[np.float32]]] = []
        self.asked: list[tuple[Run, NDArray[np.float32]]] = []
        for classifier in self.classifiers:
            classifier.run = self._recorded(classifier.run)

    def run(self, network: str, inputs: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Run a network and remember its input."""
        self.calls.append((network, inputs))
        return super().run(network, inputs)

    def _recorded(self, run: Run) -> Run:
        def recorded(inputs: NDArray[np.float32]) -> Answer:
            self.asked.append((run, inputs))
            return run(inputs)

        return recorded


def median_ms(action: Callable[[], object], runs: int) -> float:
    """The median time of an action in milliseconds, after one run that is not counted."""
    action()
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        action()
        times.append(time.perf_counter() - began)
    return round(1000 * statistics.median(times), 1)


def warm(film: bytes, runs: int) -> dict[str, float]:
    """Bytes to Report, and its unavoidable part."""
    recording = RecordingScanner.default()
    recording.scan(read_radiograph(film))
    scanner = Scanner.default()

    def networks() -> None:
        for name, inputs in recording.calls:
            scanner.run(name, inputs)
        for run, inputs in recording.asked:
            run(inputs)

    whole = median_ms(lambda: scanner.scan(read_radiograph(film)), runs)
    raw = median_ms(networks, runs)
    decode = median_ms(lambda: np.asarray(Image.open(io.BytesIO(film)).convert("L")), runs)
    return {
        "warm_ms": whole,
        "raw_networks_ms": raw,
        "raw_decoding_ms": decode,
        "warm_over_raw": round(whole / (raw + decode), 3),
    }


def process_ms(words: list[str], runs: int) -> float:
    """The median wall time of a whole process."""
    return median_ms(
        lambda: subprocess.run(words, check=True, capture_output=True, timeout=300), runs
    )


def import_ms(runs: int) -> float:
    """The median time of `import spinescan` inside a fresh interpreter."""
    code = "import time; t = time.perf_counter(); import spinescan; print(time.perf_counter() - t)"
    times = [
        float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout)
        for _ in range(runs)
    ]
    return round(1000 * statistics.median(times), 1)


def peak_megabytes(film: Path) -> float:
    """Peak resident memory of a process that scans one film."""
    words = [sys.executable, "-c", SCAN_AND_TELL_MEMORY, str(film)]
    told = subprocess.run(words, check=True, capture_output=True, timeout=300).stderr
    return round(int(told.split()[-1]) / 1024, 1)


def throughput(film: Path, copies: int, command: list[str]) -> dict[str, float]:
    """Films a second of one process and of two, on copies of a film, start-up included."""
    folder = film.with_name("many")
    folder.mkdir()
    for k in range(copies):
        (folder / f"{k:04d}{film.suffix}").write_bytes(film.read_bytes())
    seconds = {}
    for jobs in (1, 2):
        words = [*command, "scan", str(folder), "--json", "--jobs", str(jobs)]
        began = time.perf_counter()
        subprocess.run(words, check=True, capture_output=True, timeout=600)
        seconds[jobs] = time.perf_counter() - began
    return {
        "films": copies,
        "one_job_films_per_s": round(copies / seconds[1], 2),
        "two_jobs_films_per_s": round(copies / seconds[2], 2),
        "two_jobs_over_one": round(seconds[1] / seconds[2], 2),
    }


def as_jpeg(pixels: NDArray[np.float32], rows: int) -> bytes:
    """A film of so many rows."""
    picture = Image.fromarray(np.rint(pixels * 255).astype(np.uint8))
    picture = picture.resize((round(picture.width * rows / picture.height), rows))
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=92)
    return stream.getvalue()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure speed and memory; prints JSON.")
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--films", type=int, default=200, help="for the throughput of two jobs")
    parser.add_argument(
        "--film", type=Path, help="a film of 1280 rows instead of the synthetic one"
    )
    options = parser.parse_args()
    pixels = sample_film().pixels
    command = [sys.executable, "-c", "from spinescan.app.main import cli; cli()"]
    with tempfile.TemporaryDirectory() as folder:
        film, large = Path(folder) / "film.jpg", Path(folder) / "large.jpg"
        film.write_bytes(options.film.read_bytes() if options.film else as_jpeg(pixels, 1280))
        large.write_bytes(as_jpeg(pixels, 6000))
        answer = {
            "benchmark": "speed",
            "runs": options.runs,
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "film": list(read_radiograph(film).size),
            "large_film": list(read_radiograph(large).size),
            **warm(film.read_bytes(), options.runs),
            "cold_process_ms": process_ms([*command, "scan", str(film), "--json"], options.runs),
            "help_process_ms": process_ms([*command, "--help"], options.runs),
            "import_ms": import_ms(options.runs),
            "peak_memory_large_film_mb": peak_megabytes(large),
            "throughput": throughput(film, options.films, command),
        }
    print(json.dumps(answer, indent=2))


if __name__ == "__main__":
    main()
