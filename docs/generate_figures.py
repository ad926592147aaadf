"""Write the figures of benchmarks/results into README, the docs, the models' cards and bundles.

    python docs/generate_figures.py

The files in benchmarks/results are what the benchmark commands printed, unchanged.
"""

import argparse
import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import als_figures
import archive_figures
import dicom_figures
import explain_figures
import fraiwan_figures
import lateral_figures

from spinescan.study.metrics import share_with_interval

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
BUNDLES = ROOT / "src" / "spinescan" / "bundles"
SAGITTAL = ("generalist", "kyphosis", "lordosis")
BEGIN, END = "<!-- figures: written by make docs -->\n", "<!-- end of figures -->"


def result(name: str) -> dict[str, Any]:
    """One benchmark's answer."""
    answer: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text("utf-8"))
    return answer


def figure(entry: dict[str, Any], unit: str) -> str:
    """A value with its interval."""
    low, high = entry["interval_95"]
    return f"{entry['value']:.1f}{unit} ({low:.1f} to {high:.1f})"


def share(entry: dict[str, Any], n: int) -> str:
    """A count with its share's interval."""
    low, high = entry["interval_95"]
    return f"{entry['count']} of {n} ({100 * low:.0f} to {100 * high:.0f} %)"


def percent(entry: dict[str, Any]) -> str:
    """A share with its interval, and out of how many if it tells."""
    low, high = entry["interval_95"]
    part = entry.get("share", entry.get("value"))
    of = f" of {entry['n']}" if "n" in entry else ""
    return f"{100 * part:.1f} %{of} ({100 * low:.1f} to {100 * high:.1f})"


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
            ("expected_angles", "- expected from the points' spread (see below)"),
            ("complete_or_nothing", "- {n_accepted_incomplete} with a level missing as worst, too"),
            ("median_predictor", "- always answering the median of the other cases"),
        ):
            errors = part[where]["every_film"] if where == "expected_angles" else part[where]
            smape, angle = errors["smape_percent"], errors["largest_angle_mean_error_deg"]
            rows.append((what.format(**part), figure(smape, " %"), figure(angle, "°")))
    return rows


def severity_rows() -> list[tuple[str, ...]]:
    """A third of the films by the true largest angle: n, SMAPE, largest angle, intervals."""
    rows = []
    held_out = result("intervals")["held_out"]
    inside = [held_out[f"{third} third"] for third in ("least severe", "middle", "most severe")]
    for part, judged in zip(
        result("aasce-cross-validation")["all_films"]["by_severity"], inside, strict=True
    ):
        low, high = part["largest_angle_deg"]
        rows.append(
            (
                f"{low:.0f} to {high:.0f}° ({part['n']} films)",
                figure(part["smape_percent"], " %"),
                figure(part["largest_angle_mean_error_deg"], "°"),
                percent({**judged, "share": judged["coverage"]}),
                f"{judged['median_full_width_deg']:.1f}°",
            )
        )
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
        (f"AASCE: named as in the truth, {every}", percent(names["levels_exact"])),
        (f"AASCE: named at most one off, {every}", percent(names["levels_within_one"])),
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
            percent(rows["centres_matched"]),
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
        ("levels named as in the truth, of all films", percent(names["levels_exact"])),
        (f"sacrum, pelvis and C7 {near}", percent(points["all"]["found_near"])),
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
        "| AASCE by the true largest angle | SMAPE | largest angle | curves inside their 90 % "
        "interval | its median width |",
        "|---|---|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in severity_rows()),
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


def phantom_truth_rows() -> list[tuple[str, str]]:
    """What the phantoms' truth is worth: what was measured, and the answer."""
    told = result("phantoms")
    exact, als = told["exactness"], told["als"]
    worst = max(exact["largest_difference_deg"].values())
    missed = sum(exact["of_these_not_found_within_3_degrees"].values())
    rows = [
        (
            "largest difference of any measured angle (Cobb, TK, LL, SS, PT, PI) from the closed "
            f"form, {exact['phantoms_of_each_view']} phantoms of each view",
            f"{worst:.6f}°",
        ),
        (
            "planned curves of 15° and more that the measuring code does not find within 3°",
            f"{missed} of {exact['planned_curves_of_15_degrees']}",
        ),
    ]
    for name, part in told["edges"].items():
        low, high = part["wilson_95"]
        rows.append(
            (
                f"both endplates' steepest place within 1 px of the truth: {name}",
                f"{100 * part['both_endplates_within_1_px']:.1f} % of {part['vertebrae']} "
                f"vertebrae ({100 * low:.1f} to {100 * high:.1f} %)",
            )
        )
    for part in als["by_margin"]:
        low, high = part["margin"]
        where = f"{low:g} and more" if high is None else f"{low:g} to {high:g}"
        a, b = part["wilson_95"]
        rows.append(
            (
                f"ALS rules give the drawn type, margin {where}",
                f"{100 * part['agree']:.1f} % of {part['phantoms']} "
                f"({100 * a:.1f} to {100 * b:.1f} %)",
            )
        )
    families = f"{als['family_right_of_answered']} of {als['answered']}"
    rows.append(("ALS rules give the drawn family, where they answer", families))
    speed = told["speed"]
    rows.append(
        (
            f"a frontal film of 768 rows, one core, median of {speed['films']}; peak memory",
            f"{speed['median_s']:.2f} s; {speed['peak_memory_mb']} MB",
        )
    )
    return rows


def phantom_training_rows() -> list[tuple[str, str, str, str]]:
    """Models taught on phantoms alone, on the real films of AASCE."""
    rows = []
    for key, what in (
        ("second-limits-open", "phantoms alone, limits for abstaining open"),
        ("second-gated", "- with the shipped model's limits"),
        ("first-limits-open", "the first set of phantoms, limits open"),
        ("first-gated", "- with the shipped model's limits"),
    ):
        part = result(f"phantoms-alone/{key}")["all_films"]
        errors = part["every_film"]
        angle = figure(errors["largest_angle_mean_error_deg"], "°")
        answered = f"{part['n_accepted']} of {part['n']}"
        rows.append((what, answered, figure(errors["smape_percent"], " %"), angle))
    guess = part["median_predictor"]
    smape, angle = guess["smape_percent"], guess["largest_angle_mean_error_deg"]
    rows.append(
        ("always answering the median", f"{part['n']}", figure(smape, " %"), figure(angle, "°"))
    )
    return rows


def pretraining() -> list[str]:
    """What starting from the phantoms' model changes, as lines of Markdown."""
    told = result("pretraining")
    folds = ", ".join(name.removeprefix("fold-") for name in told["folds"])
    rows = []
    for key, what in (("plain", "from ImageNet alone"), ("other", "from the phantoms' model")):
        errors = told[key]["every_film"]
        hits = [part[key]["followed"]["count"] for part in told["boxes"].values()]
        n = sum(part[key]["n"] for part in told["boxes"].values())
        names = told[key]["level_names"]
        rows.append(
            f"| {what} | {told[key]['n_abstained']} | {figure(errors['smape_percent'], ' %')} "
            f"| {figure(errors['largest_angle_mean_error_deg'], '°')} "
            f"| {names['row_exact']['count']} of {names['n']} | {sum(hits)} of {n} |"
        )
    smape = told["difference_smape_percent"]
    angle = told["difference_largest_angle_mean_error_deg"]
    return [
        f"| AASCE, folds {folds}: {told['films']} films held out | abstained | SMAPE "
        "| largest angle | row named right | whole-spine films followed |",
        "|---|---|---|---|---|---|",
        *rows,
        "",
        f"Difference on the same films (negative: phantoms help): {signed(smape, ' %')} SMAPE, "
        f"{signed(angle, '°')} of the largest angle.",
    ]


def signed(entry: dict[str, Any], unit: str) -> str:
    """A difference with its interval."""
    low, high = entry["interval_95"]
    return f"{entry['value']:+.2f}{unit} ({low:+.2f} to {high:+.2f})"


def phantom_tables() -> str:
    """The phantoms' figures as Markdown."""
    lines = [
        "| truth (synthetic films only) | |",
        "|---|---|",
        *(f"| {' | '.join(row)} |" for row in phantom_truth_rows()),
        "",
        "| taught on, and asked | answered | SMAPE | mean error of the largest angle |",
        "|---|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in phantom_training_rows()),
        "",
        *pretraining(),
    ]
    return "\n".join(lines) + "\n"


def fraiwan_table() -> str:
    """The classifier of Fraiwan's classes as Markdown."""
    return fraiwan_figures.table(result("fraiwan-classes"))


def fraiwan_summary() -> dict[str, Any]:
    """The figures that `spinescan models` prints of it."""
    return fraiwan_figures.summary(result("fraiwan-classes"))


def als_table() -> str:
    """The classifier of ALS types as Markdown."""
    return als_figures.table(result("als-types"))


def als_summary() -> dict[str, Any]:
    """The figures that `spinescan models` prints of it."""
    return als_figures.summary(result("als-types"))


def lateral_table() -> str:
    """The lateral landmark model as Markdown."""
    return lateral_figures.landmark_table(result("lateral"), result("lateral-real"))


def lateral_summary() -> dict[str, Any]:
    """The figures that `spinescan models` prints of it."""
    return lateral_figures.landmark_summary(result("lateral"), result("lateral-real"))


def sagittal_table(name: str) -> str:
    """A sagittal classifier as Markdown."""
    return lateral_figures.class_table(result("sagittal-classes"), name)


def sagittal_summary(name: str) -> dict[str, Any]:
    """The figures that `spinescan models` prints of it."""
    return lateral_figures.class_summary(result("sagittal-classes"), name)


def study_answer() -> str:
    """What the default study answered, and one fold of the full mode, as Markdown."""
    lines = []
    for name, what in (
        ("generalist", "Fast mode, all folds, five seeds:"),
        ("generalist-full", "Full mode, one fold, one seed, MobileNetV2 from ImageNet weights:"),
    ):
        answer = result(name)["answer"]
        sentences = [answer["sentence"], *(one["sentence"] for one in answer["others"].values())]
        lines += [what, "", *(f"- {sentence}" for sentence in sentences), ""]
    return "\n".join(lines)


def audit_tables() -> str:
    """What the audit finds in published sets as Markdown."""
    found = result("audit")
    sets = found["fraiwan"]["without_the_spine"].values()  # all; two classes; PACS crops of them
    rows = [
        [name, *(balanced(one["by"][key]) for one in sets)]
        for key, name in (
            ("width", "the file's width"),
            ("age", "the person's age"),
            ("all_properties", "all that is known of file and person"),
            ("film_without_spine", "the film with its spine covered"),
        )
    ]
    counts = [f"{sum(one['films'].values())} ({one['persons']})" for one in sets]
    known = [found[name]["known_pairs"] for name in ("fraiwan", "aasce")]
    versions = found["fraiwan"]["made_pairs"]
    twins = [
        ["pairs that the set's own tables list: found", *(percent(one["found"]) for one in known)],
        ["more, as two persons", *(str(len(one["unlisted_across_persons"])) for one in known)],
        ["crops made of films: found", percent(versions["versions_found"]), ""],
        ["mirrored crops: found", percent(versions["mirrored_versions_found"]), ""],
    ]
    lines = [
        ["Fraiwan's set: who knows", "three classes", "normal or scoliosis", "same, PACS crops"],
        ["---"] * 4,
        ["nothing", "33.3 %", "50.0 %", "50.0 %"],
        *rows,
        ["*films (persons)*", *counts],
        [],
        ["films that are the same", "Fraiwan", "AASCE"],
        ["---"] * 3,
        *twins,
    ]
    return "".join(f"| {' | '.join(line)} |\n" if line else "\n" for line in lines)


def balanced(told: dict[str, Any]) -> str:
    """A balanced accuracy with its interval."""
    low, high = told["balanced_accuracy_interval_95"]
    return f"{100 * told['balanced_accuracy']:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def told_by(tell: Callable[[dict[str, Any]], str], name: str) -> str:
    """What a function tells of one benchmark's answer."""
    return tell(result(name))


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


def deidentify_table() -> str:
    """How often text on a phantom is seen."""
    told = result("burned-in-text")
    rows = [
        ("text was burned in (should be all)", "text"),
        ("no text, but figures of a ruler, a scale or drawn lines", "writing"),
        ("none of these (should be none)", "blank"),
    ]
    lines = ["| on the film | text is seen |", "| --- | --- |"]
    lines += [f"| {what} | {percent(told['seen'][kind])} |" for what, kind in rows]
    styles = {"export": "exports", "long": "stitched films", "photo": "photographs of films"}
    lines += [
        f"| text was burned in: {what} | {percent(told['text_seen_by_style'][style])} |"
        for style, what in {**styles, "teaching": "teaching files"}.items()
    ]
    return "\n".join(lines) + "\n"


def intervals_and_abstention() -> str:
    """How often intervals and sets hold, and what abstaining does to a figure."""
    held = explain_figures.interval_tables(
        *map(result, ("intervals", "follow-up", "lateral", "fraiwan-classes"))
    )
    counted = explain_figures.abstention_tables(
        *map(result, ("aasce-cross-validation", "als-types", "not-spine", "fraiwan"))
    )
    return f"{held}\n{counted}"


def traps() -> str:
    """What published sets give away."""
    names = ("audit", "aasce-without-two-cases", "aasce-cross-validation", "fraiwan-classes")
    return explain_figures.trap_tables(*map(result, names))


def archive_costs() -> str:
    """What Ray costs, and a million films."""
    if not (RESULTS / "archives.json").is_file():
        return "Not measured yet.\n"
    return archive_figures.costs(result("archives"))


PAGES: Mapping[Path, Callable[[], str]] = {
    ROOT / "README.md": table,
    BUNDLES / "frontal-landmarks" / "CARD.md": table,
    BUNDLES / "als7" / "CARD.md": als_table,
    BUNDLES / "fraiwan3" / "CARD.md": fraiwan_table,
    BUNDLES / "lateral-landmarks" / "CARD.md": lateral_table,
    **{BUNDLES / name / "CARD.md": partial(sagittal_table, name) for name in SAGITTAL},
    ROOT / "docs" / "explain" / "phantoms.md": phantom_tables,
    ROOT / "docs" / "explain" / "intervals-and-abstention.md": intervals_and_abstention,
    ROOT / "docs" / "explain" / "public-data.md": traps,
    ROOT / "docs" / "how-to" / "audit.md": audit_tables,
    **{
        ROOT / "docs" / "how-to" / f"{page}.md": partial(told_by, tell, name)
        for page, tell, name in (
            ("dicom-out", dicom_figures.validity, "dicom-validity"),
            ("pacs", dicom_figures.round_trip, "pacs"),
            ("node", dicom_figures.attacks, "node-attacks"),
        )
    },
    ROOT / "docs" / "how-to" / "cluster.md": archive_costs,
    ROOT / "docs" / "how-to" / "study.md": study_answer,
    ROOT / "docs" / "how-to" / "deidentify.md": deidentify_table,
}
"""What makes the figures of each page."""

SUMMARIES: Mapping[Path, Callable[[], dict[str, Any]]] = {
    BUNDLES / "frontal-landmarks" / "bundle.json": summary,
    BUNDLES / "als7" / "bundle.json": als_summary,
    BUNDLES / "fraiwan3" / "bundle.json": fraiwan_summary,
    BUNDLES / "lateral-landmarks" / "bundle.json": lateral_summary,
    **{BUNDLES / name / "bundle.json": partial(sagittal_summary, name) for name in SAGITTAL},
}
"""And of each bundle."""


def with_figures(text: str, page: Path) -> str:
    """A page with the tables between its marks renewed."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + PAGES[page]() + END + rest.split(END, 1)[1]


def with_summary(text: str, description: Path) -> str:
    """A bundle's description with its summary renewed."""
    bundle = {**json.loads(text), "summary": SUMMARIES[description]()}
    return json.dumps(bundle, indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the pages and the bundles' summaries."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    for page in PAGES:
        page.write_text(with_figures(page.read_text("utf-8"), page), "utf-8")
    for path in SUMMARIES:
        path.write_text(with_summary(path.read_text("utf-8"), path), "utf-8")


if __name__ == "__main__":
    main()
