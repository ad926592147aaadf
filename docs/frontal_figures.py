"""The figures of the frontal landmark model: for README, its card and its bundle."""

from typing import Any

from formats import figure, percent, percent_of, share
from results import result

from spinescan.study.metrics import share_with_interval


def angle_rows() -> list[tuple[str, str, str]]:
    """What was answered, SMAPE, error of the largest angle."""
    cross = result("aasce-cross-validation")
    rows = []
    for key, films in (
        ("all_films", "all {n} films of {n_groups} cases"),
        ("without_suspect_landmarks", "the {n} films without suspect landmarks"),
    ):
        part = cross[key]
        for where, what in (
            ("every_film", films + ", {n_abstained} abstained and counted as worst"),
            ("expected_angles", "- expected from the points' spread (see the text)"),
            ("complete_or_nothing", "- {n_accepted_incomplete} with a level missing as worst, too"),
            ("median_predictor", "- always answering the median of the other cases"),
        ):
            errors = part[where]["every_film"] if where == "expected_angles" else part[where]
            smape, angle = errors["smape_percent"], errors["largest_angle_mean_error_deg"]
            rows.append((what.format(**part), figure(smape, " %"), figure(angle, "°")))
    return rows


def severity_rows() -> list[tuple[str, str, str]]:
    """A third of the films by their true largest angle, SMAPE, its error."""
    rows = []
    for part in result("aasce-cross-validation")["all_films"]["by_severity"]:
        low, high = part["largest_angle_deg"]
        smape, angle = part["smape_percent"], part["largest_angle_mean_error_deg"]
        what = f"{low:.0f} to {high:.0f}° ({part['n']} films)"
        rows.append((what, figure(smape, " %"), figure(angle, "°")))
    return rows


def curve_rows() -> list[tuple[str, str, str]]:
    """A third of the curves by their film's true largest angle, coverage, width of intervals."""
    held_out = result("intervals")["held_out"]
    low, high = held_out["thirds_at_deg"]
    rows = []
    for key, which in (
        ("all", "all curves"),
        ("least severe third", f"largest angle of the film up to {low:.0f}°"),
        ("middle third", f"between {low:.0f} and {high:.0f}°"),
        ("most severe third", f"above {high:.0f}°"),
    ):
        judged = held_out[key]
        coverage = percent({**judged, "share": judged["coverage"]}, judged["n"])
        rows.append((which, coverage, f"{judged['median_full_width_deg']:.1f}°"))
    return rows


def real_rows() -> list[tuple[str, str]]:
    """What was asked of which real films, and how often it was so."""
    names = result("aasce-cross-validation")["all_films"]["level_names"]
    whole, boxed, named = result("wholespine"), result("fraiwan"), result("fraiwan-curves")
    rows, lateral, others = whole["frontal"]["rows"], boxed["lateral"], result("not-spine")
    side = result("lateral-real")["lateral"]
    curves = named["named_curves"]
    normal = named["by_source_style"]["pacs_crop"]["normal"]
    every = f"of the {names['n_levels_of_all_films']} levels of all films"
    halves = curves["both_halves"]
    return [
        (f"AASCE: named as in the truth, {every}", percent_of(names["levels_exact"])),
        (f"AASCE: named at most one off, {every}", percent_of(names["levels_within_one"])),
        (
            "AASCE, answered: every single level named as in the truth",
            share(names["every_level_exact"], names["n"]),
        ),
        (
            "whole-spine set, films that taught nothing: accepted",
            share(whole["frontal"]["accepted"], whole["frontal"]["n"]),
        ),
        (
            "- centres T2 to L4 within a third of the height of a box of their own, in a row",
            percent_of(rows["centres_matched"]),
        ),
        ("- films on which all fifteen are", share(rows["films_all_matched"], rows["n"])),
        (
            "Fraiwan's set, films that name a curve: accepted",
            share(curves["accepted"], curves["n"]),
        ),
        (
            f"- region of the major curve, balanced accuracy ({halves['region']['n']} films;"
            " always thoracic: 33.3 %)",
            percent(halves["region"]["balanced_accuracy"]),
        ),
        (
            f"- side of the major curve, balanced accuracy ({halves['side']['n']} films;"
            " always right: 50 %)",
            percent(halves["side"]["balanced_accuracy"]),
        ),
        (
            "Fraiwan's set, normal PACS crops: largest curve below 15°",
            share(normal["largest_curve_below_15_deg"], normal["n"]),
        ),
        *(
            (f"Fraiwan's set, frontal films ({kind}): accepted", share(p["accepted"], p["n"]))
            for kind, p in boxed["frontal"]["by_kind"].items()
        ),
        (
            "Fraiwan's set, lateral films: accepted as frontal (none should be)",
            share(
                share_with_interval(lateral["n_accepted_as_frontal"], lateral["n"]), lateral["n"]
            ),
        ),
        (
            "Fraiwan's set, lateral lumbar films: accepted as lateral (looked at while limits were"
            " set)",
            share(side["accepted"], side["n"]),
        ),
        (
            "- of these outlined and named right, as one person judged by eye",
            share(side["judged_by_eye"]["right"], side["accepted"]["count"]),
        ),
        (
            "photographs and chest films: accepted (none should be)",
            share(others["accepted"], others["n"]),
        ),
    ]


def whole_phantom_rows() -> list[tuple[str, str]]:
    """Phantoms from skull to hips that taught nothing."""
    told = result("phantoms-whole")["all_films"]
    names, points, als = told["level_names"], told["points"], told["als"]
    near = f"within {100 * points['within_share_of_film_height']:.0f} % of the film's height"
    return [
        ("accepted", share(told["accepted"], told["n"])),
        ("levels named as in the truth, of all films", percent_of(names["levels_exact"])),
        (f"sacrum, pelvis and C7 {near}", percent_of(points["all"]["found_near"])),
        (
            "- points missed; invented",
            f"{points['all']['n_missed']}; {points['all']['n_invented']}",
        ),
        ("ALS type as drawn, of all with a curve", share(als["type_right"], als["n_scoliotic"])),
        (
            "3C/4C family wrong, of those given",
            share(als["family_wrong_of_answered"], als["n_scoliotic"] - als["n_without_family"]),
        ),
    ]


def speed() -> str:
    """The figures of benchmarks/speed.py in a sentence."""
    told = result("speed")
    return (
        f"On {told['cores']} cores, a synthetic film of {told['film'][0]} rows (medians of "
        f"{told['runs']} runs): bytes to report {told['warm_ms']:.0f} ms, which is "
        f"{told['warm_over_raw']:.2f} times the bare networks and decoding; the whole process cold "
        f"{told['cold_process_ms']:.0f} ms; peak memory for {told['large_film'][0]} rows "
        f"{told['peak_memory_large_film_mb']:.0f} MB (one run)."
    )


def table() -> str:
    """The figures as Markdown tables."""
    lines = [
        "| AASCE, 5-fold cross-validation by case | SMAPE | mean error of the largest angle |",
        "|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in angle_rows()),
        "",
        "| AASCE by the film's true largest angle, in thirds of the films | SMAPE | mean error of "
        "the largest angle |",
        "|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in severity_rows()),
        "",
        "| AASCE, curves in thirds of the curves | inside their 90 % interval | its median width |",
        "|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in curve_rows()),
        "",
        "| real films, and what was asked of them | so many (95 % interval) |",
        "|---|---|",
        *(f"| {' | '.join(row)} |" for row in real_rows()),
        "",
        f"| {result('phantoms-whole')['all_films']['n']} synthetic films from skull to hips | |",
        "|---|---|",
        *(f"| {' | '.join(row)} |" for row in whole_phantom_rows()),
        "",
        speed(),
    ]
    return "\n".join(lines) + "\n"


def summary() -> dict[str, Any]:
    """The figures that `spinescan models` prints of the frontal model."""
    every = result("aasce-cross-validation")["all_films"]
    angle = every["every_film"]["largest_angle_mean_error_deg"]
    return {
        "measured_on": f"AASCE, 5-fold cross-validation by case, n = {every['n']}",
        "smape": figure(every["every_film"]["smape_percent"], " %"),
        "largest_angle_mean_error": figure(angle, "°"),
        "abstained": every["n_abstained"],
        "accepted_with_a_level_missing": every["n_accepted_incomplete"],
    }


def readme() -> str:
    """The few figures that matter most."""
    others, boxed = result("not-spine"), result("fraiwan")["lateral"]
    as_frontal = share_with_interval(boxed["n_accepted_as_frontal"], boxed["n"])
    rejected = [
        ("photographs and chest films", share(others["accepted"], others["n"])),
        ("lateral films of the spine, as frontal ones", share(as_frontal, boxed["n"])),
    ]
    lines = [
        "| AASCE, 5-fold cross-validation by case | SMAPE | mean error of the largest angle |",
        "|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in angle_rows() if not row[0].startswith("- expected")),
        "",
        "| what should be declined (seen while the limits were set) | accepted (95 % interval) |",
        "|---|---|",
        *(f"| {' | '.join(row)} |" for row in rejected),
        "",
        speed(),
    ]
    return "\n".join(lines) + "\n"
