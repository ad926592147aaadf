"""The figures of the explanations: intervals and abstention, and the traps of public data."""

from collections.abc import Mapping
from typing import Any

Told = Mapping[str, Any]
"""One file of benchmarks/results, or a part of it."""


def share(entry: Told, n: int | None = None) -> str:
    """A share with its interval, and out of how many."""
    low, high = entry["interval_95"]
    part = next(entry[key] for key in ("share", "coverage", "value") if key in entry)
    of = f" of {entry.get('n', n)}" if entry.get("n", n) is not None else ""
    return f"{100 * part:.1f} %{of} ({100 * low:.1f} to {100 * high:.1f})"


def count(entry: Told, n: int) -> str:
    """A count with its share's interval."""
    low, high = entry["interval_95"]
    return f"{entry['count']} of {n} ({100 * low:.0f} to {100 * high:.0f} %)"


def figure(entry: Told, unit: str) -> str:
    """A value with its interval."""
    low, high = entry["interval_95"]
    return f"{entry['value']:.1f}{unit} ({low:.1f} to {high:.1f})"


def _table(*rows: tuple[str, ...]) -> str:
    lines = [" | ".join(row) for row in rows]
    lines.insert(1, " | ".join("---" for _ in rows[0]))
    return "".join(f"| {line} |\n" for line in lines)


def interval_tables(intervals: Told, follow_up: Told, lateral: Told, fraiwan: Told) -> str:
    """How often 90 % intervals and prediction sets held what was true."""
    parts = intervals["held_out"]
    rows = [
        ("90 % intervals of", "held the truth", "median width"),
        *(
            (what, share(parts[key]), f"{parts[key]['median_full_width_deg']:.1f}\N{DEGREE SIGN}")
            for key, what in (
                ("all", f"Cobb angles, AASCE, {parts['all']['n_cases']} cases, cross-validated"),
                ("least severe third", "- of the films with the smallest angles"),
                ("middle third", "- the middle third"),
                ("most severe third", "- of the films with the largest"),
            )
        ),
        *(
            (
                f"{name.replace('_', ' ')}, lateral phantoms",
                share(told["interval_covers"], told["n_shown"] - told["n_missed"]),
                "",
            )
            for name, told in lateral["all_films"]["angles"].items()
        ),
        (
            f"the change of a curve between two films, {follow_up['pairs']} pairs of phantoms",
            share(follow_up["interval_holds"]),
            f"{follow_up['median_interval_width_deg']:.1f}\N{DEGREE SIGN}",
        ),
    ]
    n_all, n_crops = (fraiwan["films"][key]["films"] for key in ("all", "pacs_crop"))
    sets = [("90 % prediction sets of fraiwan3", f"all {n_all} films", f"the {n_crops} PACS crops")]
    judged = [fraiwan["calibration"][key]["prediction_sets"] for key in ("all", "pacs_crop")]
    sets += [
        ("held the label", *(share(part["coverage"]) for part in judged)),
        *(
            (f"- of {label}", *(share(part["coverage_by_label"][label]) for part in judged))
            for label in judged[0]["coverage_by_label"]
        ),
        ("labels in a set, mean", *(figure(part["mean_size"], "") for part in judged)),
        ("sets of one label: an answer", *(share(part["share_of_one_label"]) for part in judged)),
    ]
    return _table(*rows) + "\n" + _table(*sets)


def abstention_tables(aasce: Told, als: Told, not_spine: Told, fraiwan: Told) -> str:
    """The same answers, with films without an answer counted as errors and left out."""
    every, answered = aasce["all_films"]["every_film"], aasce["all_films"]["answered_films"]
    models = {model["model"]: model for model in als["phantoms"]["models"]}
    rows = [
        ("figure", "every film counts", "answered films alone", "answered"),
        (
            "SMAPE, AASCE",
            figure(every["smape_percent"], " %"),
            figure(answered["smape_percent"], " %"),
            f"{answered['n']} of {every['n']}",
        ),
    ]
    for name, what in (("als7", "als7"), ("frontal-landmarks", "measured curves")):
        model = models[name]
        films = model["set"]["n_films"]
        rows.append(
            (
                f"ALS type right, {films} phantoms, {what}",
                share(model["figures"]["accuracy"]),
                share(model["accepted"]["accuracy"]),
                share(model["accepted"]["share"]),
            )
        )
    gate = [
        ("what should be declined", "accepted"),
        ("photographs and chest films", count(not_spine["accepted"], not_spine["n"])),
    ]
    lumbar = fraiwan["frontal"]["by_kind"]
    gate += [
        (f"frontal films of the lumbar spine alone ({name})", count(part["accepted"], part["n"]))
        for name, part in lumbar.items()
        if "lumbar" in name and "thoraco" not in name
    ]
    return _table(*rows) + "\n" + _table(*gate)


def trap_tables(audit: Told, joined: Told, split: Told, classes: Told) -> str:
    """What published sets give away, and what it costs to overlook it."""
    whole = split["all_films"]
    without = joined["all_films"]
    rows = [
        ("AASCE, cross-validated", "films", "SMAPE", "largest angle"),
        *(
            (
                what,
                str(part["every_film"]["n"]),
                figure(part["every_film"]["smape_percent"], " %"),
                figure(part["every_film"]["largest_angle_mean_error_deg"], "\N{DEGREE SIGN}"),
            )
            for what, part in (
                ("as published", whole),
                ("without persons who are in two cases", without),
                ("without suspect landmarks", split["without_suspect_landmarks"]),
            )
        ),
    ]
    unlisted = audit["aasce"]["known_pairs"]["unlisted_across_persons"]
    found = audit["fraiwan"]["known_pairs"]["unlisted_across_persons"]
    model, best = classes["model"], classes["best_without_picture"]["model_minus_it"]
    low, high = best["interval_95"]
    n_films = classes["films"]["all"]["films"]
    answers = [
        (f"Fraiwan's set, {n_films} films: a network of the three classes", ""),
        ("accuracy, all films", share(model["accuracy"])),
        ("macro ROC-AUC, all films", area(model["macro_roc_auc"])),
        ("ROC-AUC normal or scoliosis, PACS crops", area(model[_DECIDES])),
        (
            "- less that of what knows file and person, but no picture",
            f"{best['value']:+.2f} ({low:+.2f} to {high:+.2f})",
        ),
    ]
    return (
        _table(*rows)
        + f"\nPairs of films that are one film under two persons, and stand in no published table: "
        f"{len(unlisted)} in AASCE, {len(found)} in Fraiwan's set.\n\n" + _table(*answers)
    )


_DECIDES = "pacs_crop_normal_scoliosis_roc_auc"


def area(entry: Told) -> str:
    """An area under the curve with its interval."""
    low, high = entry["interval_95"]
    return f"{entry['value']:.2f} ({low:.2f} to {high:.2f})"
