"""Tables of the benchmark of large archives."""

from typing import Any

CORES = (2, 16, 64, 256)


def costs(answer: dict[str, Any]) -> str:
    """Throughput with and without Ray, and what a million films cost."""
    plain, ray, jobs = answer["plain"], answer["ray"], answer["jobs"]
    load = answer["load_average"]
    ratio, processor = answer["ray_over_plain"], answer["processor_ray_over_plain"]
    hours = {name: 1e6 * seconds / 3600 for name, seconds in answer["core_s_per_film"].items()}
    lines = [
        f"| {answer['films']} phantom films | `--jobs {jobs}` | `--engine ray --jobs {jobs}` |",
        "|---|---|---|",
        _row("films a second", [plain["films_per_s"], ray["films_per_s"]], 2),
        _row(
            "processor's seconds a film",
            [plain["processor_s_per_film"], ray["processor_s_per_film"]],
            2,
        ),
        _row("seconds to the first record", [plain["first_record_s"], ray["first_record_s"]], 1),
        "",
        f"Median of {answer['runs']} runs of each, in turns, on {answer['cores']} cores, and in"
        " brackets the least and the most. Ray's throughput over that of plain processes:"
        f" {_spread(ratio, 2)}; its processor's time over theirs: {_spread(processor, 2)}."
        f" Load average of the machine meanwhile: {load['least']:.1f} to {load['most']:.1f}"
        f" ({jobs} is what the runs themselves ask for).",
        "",
        "| a million such films | |",
        "|---|---|",
        f"| core-hours | {_spread(hours, 0)} |",
        *(
            f"| hours on {cores} cores | {_spread({n: h / cores for n, h in hours.items()}, 1)} |"
            for cores in CORES
        ),
        f"| read | {answer['film_bytes'] / 1e3:,.0f} GB |",
        f"| records (`--json`) | {ray['record_bytes']['median'] / 1e3:,.0f} GB |",
        f"| results (`--out`) | {answer['result_bytes'] / 1e3:,.0f} GB |",
    ]
    return "\n".join(lines) + "\n"


def _row(name: str, spreads: list[dict[str, float]], digits: int) -> str:
    return f"| {name} | {' | '.join(_spread(one, digits) for one in spreads)} |"


def _spread(one: dict[str, float], digits: int) -> str:
    low, high = one["least"], one["most"]
    return f"{one['median']:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"
