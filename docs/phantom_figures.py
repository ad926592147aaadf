"""What the phantoms' truth is worth, and what is learnt from them: for their page."""

from formats import figure, signed
from results import result


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


def tables() -> str:
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
