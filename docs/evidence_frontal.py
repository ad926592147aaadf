"""Rows of the evidence table: curves, levels and films of the frontal landmark model."""

from evidence_rows import CASES, FILMS, PERSONS, Rows, Source, bundles, mean, part, plain
from formats import Told
from results import result

from spinescan.study.metrics import share_with_interval

FOLDS = "5-fold cross-validation by case; the shipped weights saw every film"
NO_INTERVAL = "no interval: a summary that the benchmark gives without one"
ERRORS = (
    ("every_film", "every film, one without an answer as the worst case"),
    ("expected_angles", "angles expected from the points' spread, every film"),
    ("complete_or_nothing", "a film with a level missing as the worst case, too"),
    ("answered_films", "answered films alone"),
    ("median_predictor", "no model: always the median of the other cases"),
)


def aasce(name: str, held_out: str = FOLDS) -> tuple[Told, Source]:
    """A result of `bench aasce`, and where its figures come from."""
    told = result(name)
    return told, Source(name, "real", "AASCE, training part", held_out, bundles(told))


def errors(source: Source, entry: Told, asked: str, n: str) -> Rows:
    """SMAPE and the errors of the largest angle."""
    mean_error, median = "largest_angle_mean_error_deg", "largest_angle_median_error_deg"
    return [
        mean(source, f"SMAPE: {asked}", entry["smape_percent"], " %", n, CASES),
        mean(source, f"largest angle, mean error: {asked}", entry[mean_error], "°", n, CASES),
        mean(source, f"largest angle, median error: {asked}", entry[median], "°", n, CASES),
    ]


def challenge_rows() -> Rows:
    """The challenge's angles on films that the fold did not see."""
    told, source = aasce("aasce-cross-validation")
    rows: Rows = []
    for key, which in (("all_films", ""), ("without_suspect_landmarks", "without suspect films, ")):
        part_told = told[key]
        n = f"{part_told['n']} films of {part_told['n_groups']} cases"
        for where, asked in ERRORS:
            entry = part_told[where]
            if where == "expected_angles":
                entry = entry["every_film"]
            given = f"{entry['n']} films" if where == "answered_films" else n
            rows += errors(source, entry, which + asked, given)
        for count, asked in (
            ("n_abstained", "films abstained"),
            ("n_accepted_incomplete", "films answered with a level missing"),
        ):
            rows.append(plain(source, which + asked, part_told[count], "", n))
        for third in part_told["by_severity"]:
            low, high = third["largest_angle_deg"]
            asked = f"{which}films whose true largest angle is {low:.0f} to {high:.0f}°"
            rows += errors(source, third, asked, f"{third['n']} films")
        corners = part_told["corners"]
        asked = "corners, median error in per cent of a vertebra's width"
        entry = corners["median_error_percent_of_vertebra_width"]
        rows.append(mean(source, which + asked, entry, " %", f"{corners['n']} films", CASES))
    for third in told["all_films"]["by"]["original_height"]:
        low, high = third["range"]
        asked = f"films of {low:.0f} to {high:.0f} rows as published"
        rows += errors(source, third, asked, f"{third['n']} films")
    told, source = aasce("aasce-without-two-cases", FOLDS + "; no film that is under two cases")
    every = told["all_films"]
    n = f"{every['n']} films of {every['n_groups']} cases"
    return rows + errors(source, every["every_film"], ERRORS[0][1], n)


def interval_rows() -> Rows:
    """Whether curves lie inside their 90 % intervals."""
    told = result("intervals")
    held_out = "cross-validation; the intervals' one factor fitted on the other folds"
    source = Source("intervals", "real", "AASCE, training part", held_out, "frontal-landmarks 3")
    low, high = told["held_out"]["thirds_at_deg"]
    rows: Rows = []
    for key, asked in (
        ("all", "all curves"),
        ("without_suspect", "curves of films without suspect landmarks"),
        ("least severe third", f"curves of films whose largest angle is up to {low:.0f}°"),
        ("middle third", f"of films between {low:.0f} and {high:.0f}°"),
        ("most severe third", f"of films above {high:.0f}°"),
    ):
        rows += covered(source, asked, told["held_out"][key], "curves")
    for key, entry in told["tilts_held_out"].items():
        rows += covered(source, key.replace("_", " "), entry, "tilts")
    return rows


def covered(source: Source, asked: str, entry: Told, what: str) -> Rows:
    """Coverage, width and error of some angles."""
    share = {**entry, "share": entry["coverage"]}
    n = f"{entry['n']} {what} of {entry['n_cases']} cases"
    width, error = "median_full_width_deg", "mean_absolute_error_deg"
    return [
        part(source, f"inside their 90 % interval: {asked}", share, what, CASES),
        plain(source, f"median width of it: {asked}", entry[width], "°", n, NO_INTERVAL, 1),
        plain(source, f"mean absolute error: {asked}", entry[error], "°", n, NO_INTERVAL, 1),
    ]


def risk_rows() -> Rows:
    """How the error falls when more films are declined."""
    source = Source("risk", "real", "AASCE, training part", FOLDS, "frontal-landmarks 3")
    rows: Rows = []
    for key, what, unit in (
        ("smape_percent", "SMAPE", " %"),
        ("largest_angle_deg", "error of the largest angle", "°"),
    ):
        every = result("risk")[key]["all_films"]
        n = f"{every['n']} films"
        rows.append(
            mean(source, f"area under risk and coverage, {what}", every["area"], unit, n, CASES)
        )
        for coverage in ("1.00", "0.90", "0.70", "0.50"):
            asked = f"{what} of the most confident {100 * float(coverage):.0f} % of films"
            error = every["at_coverage"][coverage]
            rows.append(plain(source, asked, error, unit, n, NO_INTERVAL, 1))
    return rows


def phantom_curve_rows() -> Rows:
    """Curves of synthetic films from skull to hips."""
    source, every = whole_phantoms()
    cobb = every["cobb"]
    n = f"{cobb['n_films_answered']} answered films of {every['n']}"
    error, judged = cobb["largest_curve_mean_error_deg"], cobb["curve_intervals"]
    return [
        mean(source, "largest curve, mean error of answered films", error, "°", n, FILMS),
        part(source, "curves inside their 90 % interval", judged["covered"], "curves", FILMS),
    ]


def whole_phantoms() -> tuple[Source, Told]:
    """The synthetic films from skull to hips."""
    told = result("phantoms-whole")
    held_out = "drawn with another seed, by the program that drew what taught"
    model = bundles(told, "frontal-landmarks")
    source = Source("phantoms-whole", "SYNTHETIC", "phantoms from skull to hips", held_out, model)
    return source, told["all_films"]


def level_rows() -> Rows:
    """Whether vertebrae are found, and named as in the truth."""
    told, source = aasce("aasce-cross-validation")
    rows: Rows = []
    for key, which in (("all_films", ""), ("without_suspect_landmarks", "without suspect films, ")):
        names = told[key]["level_names"]
        rows += [
            part(
                source, f"{which}levels named as in the set", names["levels_exact"], "levels", CASES
            ),
            part(source, f"{which}at most one off", names["levels_within_one"], "levels", CASES),
            *(
                part(source, f"{which}{asked}", names[at], "answered films", n=names["n"])
                for at, asked in (
                    ("every_level_exact", "every level named as in the set"),
                    ("every_level_within_one", "no level more than one off"),
                )
            ),
        ]
    return rows + boxed_rows() + seen_rows() + whole_phantom_level_rows()


def boxed_rows() -> Rows:
    """Centres against annotators' weak boxes."""
    rows: Rows = []
    for name, data, held_out in (
        ("wholespine", "whole-spine test release", "the films that taught nothing; 24 others did"),
        ("fraiwan", "Fraiwan's set", "taught nothing; looked at while limits were set"),
    ):
        told = result(name)
        source = Source(name, "real", data, held_out, bundles(told, "frontal-landmarks"))
        matched, boxes = told["frontal"]["rows"], told["frontal"]["with_boxes"]
        asked = "centres T2 to L4 within a third of the height of a box of their own, in a row"
        rows += [
            part(source, asked, matched["centres_matched"], "centres", FILMS),
            part(
                source,
                "films on which all fifteen are",
                matched["films_all_matched"],
                "films",
                n=matched["n"],
            ),
            part(
                source,
                "films on which no box is skipped or doubled",
                matched["films_none_skipped_or_doubled"],
                "films",
                n=matched["n"],
            ),
            part(
                source,
                "accepted films that follow an annotator's boxes",
                boxes["followed_by_an_annotation"],
                "films",
                n=boxes["n"],
            ),
        ]
    return rows


def seen_rows() -> Rows:
    """Sacrum, pelvis and C7 as one person judged them by eye."""
    told = result("wholespine-by-eye")
    model = "the version before, {name} {version}".format(**told["bundle"])
    data = "whole-spine test release, by one person's eye"
    rows: Rows = []
    for key, held_out in (
        ("films_that_taught", "not at all: these films taught the points"),
        ("films_that_did_not", "the films that taught nothing"),
    ):
        source = Source("wholespine-by-eye", "real", data, held_out, model)
        for name, by_film in told["points"].items():
            seen = by_film[key]
            n = sum(seen[k] for k in ("hit", "miss", "not_placed_though_visible"))
            entry = share_with_interval(seen["hit"], n)
            rows.append(part(source, f"{name} placed well, where seen", entry, "films", n=n))
    row = told["row"]
    n = row["follows_the_spine"] + row["does_not"]
    source = Source("wholespine-by-eye", "real", data, "half of the films taught points", model)
    follows = share_with_interval(row["follows_the_spine"], n)
    rows.append(part(source, "the row follows the spine, where told", follows, "films", n=n))
    return rows


def whole_phantom_level_rows() -> Rows:
    """Levels and single points on synthetic films from skull to hips."""
    source, every = whole_phantoms()
    names, points = every["level_names"], every["points"]
    at = f"within {100 * points['within_share_of_film_height']:.0f} % of the film's height"
    n = f"{every['n']} films"
    every_point = points["all"]
    rows = [
        part(source, "accepted", every["accepted"], "films", n=every["n"]),
        part(source, "levels named as drawn", names["levels_exact"], "levels", FILMS),
        part(source, "levels at most one off", names["levels_within_one"], "levels", FILMS),
        part(
            source, f"sacrum, pelvis and C7 {at}", every_point["found_near"], "points shown", FILMS
        ),
        plain(source, "such points missed", every_point["n_missed"], "", n),
        plain(source, "such points invented", every_point["n_invented"], "", n),
    ]
    for name, entry in points.items():
        if name not in ("all", "within_share_of_film_height"):
            asked = f"{name.replace('_', ' ')} {at}"
            rows.append(part(source, asked, entry["found_near"], "points shown", FILMS))
    return rows


def accepted_rows() -> Rows:
    """What is accepted that should be, and what should not."""
    told = result("fraiwan")
    seen = "taught nothing; looked at while limits were set"
    source = Source("fraiwan", "real", "Fraiwan's set", seen, bundles(told, "frontal-landmarks"))
    rows: Rows = [
        part(source, f"frontal films ({kind}) accepted", p["accepted"], "films", n=p["n"])
        for kind, p in told["frontal"]["by_kind"].items()
    ]
    side = told["lateral"]
    wrong = share_with_interval(side["n_accepted_as_frontal"], side["n"])
    asked = "lateral films accepted as frontal (none should be)"
    rows.append(part(source, asked, wrong, "films", n=side["n"]))
    told = result("wholespine")
    held_out = "the films that taught nothing; 24 others did"
    source = Source("wholespine", "real", "whole-spine test release", held_out, bundles(told))
    front = told["frontal"]
    rows.append(part(source, "films accepted", front["accepted"], "films", n=front["n"]))
    told = result("not-spine")
    source = Source("not-spine", "real", "photographs and chest films", seen, bundles(told))
    asked = "films without a spine to read, accepted (none should be)"
    rows.append(part(source, asked, told["accepted"], "films", n=told["n"]))
    return rows + metal_rows()


def metal_rows() -> Rows:
    """Hardware and braces, told and missed."""
    told = result("calibrate")
    source = Source("calibrate", "real", "AASCE, training part", FOLDS, "frontal-landmarks 3")
    rows: Rows = []
    for name, entry in told["metal"].items():
        for key, shown in (("shown", "with it"), ("others", "without it")):
            count, n = entry[f"told_of_{key}"], entry[f"n_{key}"]
            entry_share = share_with_interval(count, n)
            rows.append(
                part(source, f"{name} warned of, on films {shown}", entry_share, "films", n=n)
            )
    lateral, others = told["lateral"], told["others"]
    why = "no interval: the largest of all"
    for data, entry, asked, key in (
        ("Fraiwan's lateral films", lateral, "highest probability of frontal", "highest_frontal"),
        (
            "photographs and chest films",
            others,
            "highest confidence",
            "highest_confidence",
        ),
    ):
        source = Source("calibrate", "real", data, "in view while limits were set", source.model)
        rows.append(plain(source, asked, entry[key], "", f"{entry['n']} films", why, 2))
    return rows


def named_curve_rows() -> Rows:
    """Region and side of the major curve against the names of Fraiwan's files."""
    told = result("fraiwan-curves")
    seen = "taught nothing; which side is left was found on the other half"
    source = Source("fraiwan-curves", "real", "Fraiwan's set", seen, bundles(told))
    named = told["named_curves"]
    rows: Rows = [
        part(source, "films that name a curve: accepted", named["accepted"], "films", n=named["n"])
    ]
    for where, which in (("both_halves", ""), ("one_curve_named", "films that name one curve: ")):
        for key in ("region", "side"):
            entry = named[where][key]
            guess = entry["constant_answer"]
            balanced = entry["balanced_accuracy"]
            asked = f"{which}{key} of the major curve"
            rows.append(
                part(source, f"{asked}, balanced accuracy", balanced, "films", PERSONS, entry["n"])
            )
            rows.append(
                part(source, f"{asked}, accuracy", entry["accuracy"], "films", n=entry["n"])
            )
            no_model = f"{asked}, balanced accuracy of always {guess['answer']}"
            n = f"{entry['n']} films"
            value = 100 * guess["balanced_accuracy"]
            rows.append(plain(source, no_model, value, " %", n, "no interval: by definition", 1))
    for style, labels in told["by_source_style"].items():
        for label, entry in labels.items():
            asked = f"{label}, {style}: largest curve below 15°"
            at = entry["largest_curve_below_15_deg"]
            rows.append(part(source, asked, at, "films", n=entry["n"]))
    return rows


def alone_rows() -> Rows:
    """Models taught on phantoms alone, and what starting from them changes."""
    rows: Rows = []
    for key, what in (
        ("second-limits-open", "second set of phantoms, limits open"),
        ("second-gated", "second set of phantoms, the shipped limits"),
        ("first-limits-open", "first set of phantoms, limits open"),
        ("first-gated", "first set of phantoms, the shipped limits"),
    ):
        told, source = aasce(f"phantoms-alone/{key}", "taught by no film of a spine")
        source = Source(source.result, "real", source.data, source.held_out, f"not shipped: {what}")
        every = told["all_films"]
        n = f"{every['n']} films of {every['n_groups']} cases"
        rows += errors(source, every["every_film"], ERRORS[0][1], n)
        answered = share_with_interval(every["n_accepted"], every["n"])
        rows.append(part(source, "answered", answered, "films", n=every["n"]))
        if key == "first-gated":
            rows += errors(source, every["median_predictor"], ERRORS[4][1], n)
    return rows + start_rows()


def start_rows() -> Rows:
    """The shipped recipe from ImageNet weights and from the phantoms' model."""
    told = result("pretraining")
    folds = " and ".join(name.removeprefix("fold-") for name in told["folds"])
    n = f"{told['films']} films of {told['cases']} cases"
    rows: Rows = []
    for key, what in (("plain", "started from ImageNet"), ("other", "started from phantoms")):
        source = pretraining(folds, f"not shipped: {what}")
        rows += errors(source, told[key]["every_film"], ERRORS[0][1], n)
        rows.append(plain(source, "films abstained", told[key]["n_abstained"], "", n))
        names = told[key]["level_names"]
        asked = "the row named as in the set, by its median"
        rows.append(part(source, asked, names["row_exact"], "answered films", n=names["n"]))
        boxes = [fold[key] for fold in told["boxes"].values()]
        followed, of = sum(b["followed"]["count"] for b in boxes), sum(b["n"] for b in boxes)
        entry = {"count": followed, "share": followed / of}
        why = "no interval: the same films twice, by two folds"
        rows.append(part(source, "whole-spine films followed", entry, "films", why, of))
    source = pretraining(folds, "not shipped: from phantoms minus from ImageNet")
    for key, unit in (("smape_percent", " %"), ("largest_angle_mean_error_deg", "°")):
        asked = f"difference on the same films, {key.split('_')[0]}"
        rows.append(mean(source, asked, told[f"difference_{key}"], unit, n, CASES, 2))
    return rows


def pretraining(folds: str, model: str) -> Source:
    """Where the comparison of two starts comes from."""
    return Source("pretraining", "real", "AASCE, training part", f"folds {folds} of 5", model)
