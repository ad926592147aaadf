"""How quick an archive is read with Ray, and what a million films cost; prints JSON.

    python benchmarks/archives.py [--films 500] [--runs 3] [--jobs 2] [--out FILE]
    python benchmarks/archives.py --million [--price 0.05] [--cores 64]

The films are phantoms: some that `spinescan phantom` draws first, and copies of these. Runs of
`--jobs N` and of `--engine ray --jobs N` take turns. A run counts from its 20th record to its last,
for both alike: what comes before is starting, which an archive pays once, and is told beside.
`processor_s_per_film` is of all its processes over the same films, Ray's own among them.

`--million` measures nothing: it prints what a million films cost, from the figures in
`results/archives.json` and a price for an hour of one core, in any currency.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-c", "from spinescan.app.main import cli; cli()"]
RESULT = Path(__file__).parent / "results" / "archives.json"
LEFT_OUT = 20
"""First records of a run that are not counted."""
WITH_RESULTS = 20
"""Films whose results are written, to know their size."""


def draw(folder: Path, count: int, films: int, jobs: int) -> list[Path]:
    """Draw some phantoms, which takes longer than reading them, and copy them to so many films."""
    words = ["phantom", "--count", count, "--seed", 2026, "--rows", 1024, "--jobs", jobs]
    run = [*COMMAND, *map(str, words), "--out", str(folder / "set")]
    subprocess.run(run, check=True, stdout=subprocess.DEVNULL)
    drawn = sorted((folder / "set" / "images").iterdir())
    (folder / "archive").mkdir()
    return [
        Path(shutil.copy(drawn[i % count], folder / "archive" / f"{i:05}{drawn[0].suffix}"))
        for i in range(films)
    ]


def measured(sources: list[Path], words: list[str]) -> dict[str, float]:
    """One run: its records' times, and its processor's time."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [*COMMAND, "scan", "--json", *words, *map(str, sources)],
        stdout=subprocess.PIPE,
        env={**os.environ, "RAY_ADDRESS": ""},
    )
    times, processor, size = [], [], 0
    assert process.stdout is not None
    for line in process.stdout:
        assert b'"error"' not in line, line
        times.append(time.perf_counter())
        size += len(line)
        if len(times) in (LEFT_OUT, len(sources)):
            processor.append(processor_s(process.pid))
    assert process.wait() == 0
    assert len(times) == len(sources)
    counted = len(times) - LEFT_OUT
    return {
        "films_per_s": counted / (times[-1] - times[LEFT_OUT - 1]),
        "processor_s_per_film": (processor[1] - processor[0]) / counted,
        "first_record_s": times[0] - began,
        "end_s": time.perf_counter() - times[-1],
        "record_bytes": size / len(times),
    }


def processor_s(pid: int) -> float:
    """Seconds of processor that a process and all below it have had."""
    parents, ticks = {}, {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:  # it has ended
            continue
        parents[int(entry.name)] = int(fields[1])
        ticks[int(entry.name)] = sum(map(int, fields[11:15]))  # with children that have ended
    ours = {pid}
    while more := {child for child, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return sum(ticks[one] for one in ours) / os.sysconf("SC_CLK_TCK")


def bytes_of_results(sources: list[Path], jobs: int) -> float:
    """Bytes that `--out` writes for a film, on the mean."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["scan", "--json", "--jobs", str(jobs), "--out", folder, *map(str, sources)]
        subprocess.run([*COMMAND, *words], check=True, stdout=subprocess.DEVNULL)
        files = [path for path in Path(folder).rglob("*") if path.is_file()]
        return sum(path.stat().st_size for path in files) / len(sources)


def spread(values: list[float], digits: int = 3) -> dict[str, float]:
    """The median of some runs, and the least and the most."""
    told = {"median": statistics.median(values), "least": min(values), "most": max(values)}
    return {name: round(value, digits) for name, value in told.items()}


def measure(sources: list[Path], runs: int, jobs: int) -> dict[str, Any]:
    """All runs and what follows from them."""
    engines = {"plain": ["--jobs", str(jobs)], "ray": ["--engine", "ray", "--jobs", str(jobs)]}
    load = [os.getloadavg()[0]]
    told: dict[str, list[dict[str, float]]] = {name: [] for name in engines}
    for i in range(runs):
        for name in list(engines) if i % 2 == 0 else list(engines)[::-1]:
            told[name].append(measured(sources, engines[name]))
            print(f"run {i + 1}, {name}: {told[name][-1]}", file=sys.stderr)
            load.append(os.getloadavg()[0])
    pairs = list(zip(told["ray"], told["plain"], strict=True))
    return {
        "films": len(sources),
        "films_left_out": LEFT_OUT,
        "jobs": jobs,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load_average": {"least": round(min(load), 1), "most": round(max(load), 1)},
        **{
            name: {key: spread([one[key] for one in its]) for key in its[0]}
            for name, its in told.items()
        },
        "runs": runs,
        "ray_over_plain": spread([r["films_per_s"] / p["films_per_s"] for r, p in pairs]),
        "processor_ray_over_plain": spread(
            [r["processor_s_per_film"] / p["processor_s_per_film"] for r, p in pairs]
        ),
        "core_s_per_film": spread([jobs / r["films_per_s"] for r, _ in pairs], 4),
        "film_bytes": round(statistics.mean(path.stat().st_size for path in sources)),
        "result_bytes": round(bytes_of_results(sources[:WITH_RESULTS], jobs)),
    }


def million(result: dict[str, Any], cores: int, price: float | None) -> dict[str, Any]:
    """What a million films cost, if each of so many cores does what each one did when measured."""
    hours = {name: 1e6 * value / 3600 for name, value in result["core_s_per_film"].items()}
    answer: dict[str, Any] = {
        "films": 1_000_000,
        "core_hours": {name: round(value) for name, value in hours.items()},
        f"hours_on_{cores}_cores": {n: round(value / cores, 1) for n, value in hours.items()},
        "gigabytes_read": round(1e6 * result["film_bytes"] / 1e9),
        "gigabytes_of_records": round(1e6 * result["ray"]["record_bytes"]["median"] / 1e9),
        "gigabytes_of_results": round(1e6 * result["result_bytes"] / 1e9),
    }
    if price is not None:
        answer["price"] = {name: round(value * price, 2) for name, value in hours.items()}
    return answer


def main() -> None:
    """Measure and print, or work out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--films", type=int, default=500)
    parser.add_argument("--drawn", type=int, default=25, help="films that differ")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, help="write here, too")
    parser.add_argument("--million", action="store_true", help="work out, measure nothing")
    parser.add_argument("--cores", type=int, default=64, help="with --million")
    parser.add_argument("--price", type=float, help="of a core for an hour, with --million")
    options = parser.parse_args()
    if options.million:
        answer = million(json.loads(RESULT.read_text("utf-8")), options.cores, options.price)
    else:
        with tempfile.TemporaryDirectory() as folder:
            films = draw(Path(folder), options.drawn, options.films, options.jobs)
            answer = {
                "benchmark": "archives",
                "films_that_differ": options.drawn,
                **measure(films, options.runs, options.jobs),
            }
    text = json.dumps(answer, indent=2)
    if options.out is not None:
        options.out.write_text(text + "\n", "utf-8")
    print(text)


if __name__ == "__main__":
    main()
