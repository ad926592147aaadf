"""Rows of the evidence table: ALS types, lateral films and follow-up."""

from collections.abc import Mapping

from evidence_frontal import NO_INTERVAL
from evidence_rows import CASES, FILMS, Rows, Source, bundles, mean, part, plain
from formats import Told
from lateral_figures import ANGLES, EXTENTS, POINTS
from results import SAGITTAL, result

from spinescan.study.metrics import share_with_interval

OTHER_SEED = "drawn with another seed, by the program that drew what taught"
OTHER_RECIPE = "drawn with other recipes of shape and clinic, by the program that drew what taught"


def judged(
    source: Source, told: Told, asked: Mapping[str, tuple[str, str]], kind: str, how: str
) -> Rows:
    """What `evaluate` tells of one model. `asked` maps a question to (part, figure)."""
    films, groups, answered = (told["set"][f"n_{key}"] for key in ("films", "groups", "accepted"))
    what = "films" if films == groups else f"films of {groups} persons"
    return [
        part(source, f"{how}: {name}", told[where][key], "answered films", kind, answered)
        if (where, key) == ("accepted", "accuracy")
        else part(source, f"{how}: {name}", told[where][key], what, kind, films)
        for name, (where, key) in asked.items()
    ]


def margins(source: Source, told: Told, unit: str, figures: Mapping[str, str]) -> Rows:
    """The figures of the films that lie at least so far from another class."""
    films = told["margin"]["n_films"]
    return [
        part(
            source,
            f"always answering, {what}, margin of at least {far['from']:.{2 - bool(unit)}f}{unit}",
            far[key],
            "films",
            FILMS,
            far["n_films"],
        )
        for far in told["margin"]["at_least"]
        if far["n_films"] >= 0.1 * films
        for key, what in figures.items()
    ]


ALS = {
    "type right": ("figures", "accuracy"),
    "family (3C or 4C) right": ("families", "accuracy"),
    "answered": ("accepted", "share"),
    "type right of those answered": ("accepted", "accuracy"),
}


def als_rows() -> Rows:
    """The ALS type: the classifier, the rules on measured curves, and how often they agree."""
    told = result("als-types")
    drawn, real = told["phantoms"]["models"], told["agreement_on_aasce"]["models"]
    models = (
        ("als7 1", "always answering"),
        ("als7 1", "abstaining"),
        ("frontal-landmarks 3 and the rules", "measured curves"),
    )
    rows: Rows = []
    for one, (model, how) in zip(drawn, models, strict=True):
        source = Source("als-types", "SYNTHETIC", "phantoms of all types", OTHER_SEED, model)
        rows += judged(source, one, ALS, FILMS, how)
    source = Source("als-types", "SYNTHETIC", "phantoms of all types", OTHER_SEED, "als7 1")
    figures = {"accuracy": "type right", "family_accuracy": "family right"}
    rows += margins(source, drawn[0], "", figures)
    agree = {
        "same type as the rules": ALS["type right"],
        "same family": ALS["family (3C or 4C) right"],
    }
    for one, (model, how) in zip(real, models, strict=True):
        held_out = "no reader's label: SpineScan's rules on the set's landmarks; the films taught"
        source = Source("als-types", "real", "AASCE, agreement and no accuracy", held_out, model)
        rows += judged(source, one, agree, CASES, how)
    n = told["agreement_on_aasce"]
    given = share_with_interval(n["n_with_a_type"], n["n_films"])
    asked = "films to whose landmarks the rules give a type"
    rows.append(part(source, asked, given, "films", n=n["n_films"]))
    return rows + als_of_landmarks() + als_of_phantoms()


def als_of_landmarks() -> Rows:
    """The scan's type against the same rules on the annotators' landmarks."""
    rows: Rows = []
    held_out = "cross-validation; no reader's label: the same rules on the set's landmarks"
    source = Source("intervals", "real", "AASCE", held_out, "frontal-landmarks 3 and the rules")
    for key, how in (("without_draws", "without draws"), ("with_draws", "as shipped, with draws")):
        told = result("intervals")["als"][key]
        for name, asked, n in (
            ("type_equal_of_typed", "same type", told["n_typed"]),
            ("family_equal_of_typed", "same family", told["n_typed"]),
            (
                "type_or_alternative_names_it",
                "type or an alternative names it",
                told["n_typed_on_annotated"],
            ),
        ):
            rows.append(part(source, f"{how}: {asked}", told[name], "typed films", n=n))
    return rows


def als_of_phantoms() -> Rows:
    """The measured type on films from skull to hips."""
    told = result("phantoms-whole")
    model = bundles(told, "frontal-landmarks") + " and the rules"
    source = Source("phantoms-whole", "SYNTHETIC", "phantoms from skull to hips", OTHER_SEED, model)
    als = told["all_films"]["als"]
    n, families = als["n_scoliotic"], als["n_scoliotic"] - als["n_without_family"]
    wrong = als["family_wrong_of_answered"]
    healthy = als["healthy_given_a_type"]
    return [
        part(source, "type as drawn, of all with a curve", als["type_right"], "films", n=n),
        part(source, "family as drawn, of all with a curve", als["family_right"], "films", n=n),
        part(source, "family wrong, of those given", wrong, "films", n=families),
        part(source, "healthy spines given a type", healthy, "films", n=als["n_healthy"]),
    ]


def lateral_rows() -> Rows:
    """Lateral landmarks and angles on phantoms, and what was seen on real films."""
    told = result("lateral")
    every = told["all_films"]
    model = bundles(told, "lateral-landmarks")
    source = Source("lateral", "SYNTHETIC", "lateral phantoms", OTHER_RECIPE, model)
    rows: Rows = []
    for key, name in ANGLES.items():
        angle = every["angles"][key]
        given = angle["n_shown"] - angle["n_missed"]
        n = f"{given} films of {angle['n_shown']} that show it"
        rows.append(
            mean(
                source,
                f"{name}: mean absolute error where measured",
                angle["mean_error_deg"],
                "°",
                n,
                FILMS,
            )
        )
        near = angle["within_5_deg_of_shown"]
        asked = f"{name}: within 5°, a missed one counts as not"
        rows.append(part(source, asked, near, "films that show it", n=angle["n_shown"]))
        covers = angle["interval_covers"]
        of = round(covers["count"] / covers["share"])
        rows.append(part(source, f"{name}: inside its 90 % interval", covers, "films", n=of))
        share = share_with_interval(given, angle["n_shown"])
        what = "films that show it"
        rows.append(part(source, f"{name}: measured", share, what, n=angle["n_shown"]))
    for key, name in POINTS.items():
        point = every["points"][key]
        n = f"{point['within']['n']} points shown"
        asked = f"{name} within 3 % of the spine's length"
        rows.append(part(source, asked, point["within"], "points", FILMS))
        rows.append(plain(source, f"{name}: missed", point["n_missed"], "", n))
        rows.append(plain(source, f"{name}: invented", point["n_invented"], "", n))
    return rows + extent_rows(source) + real_lateral_rows(model)


def extent_rows(source: Source) -> Rows:
    """Films of each extent: accepted, and levels named."""
    told = result("lateral")
    rows: Rows = []
    for name, one in (
        ("all", told["all_films"]),
        *((EXTENTS[k], v) for k, v in told["by_extent"].items()),
    ):
        names = one["level_names"]
        rows += [
            part(source, f"{name}: films accepted", one["accepted"], "films", n=one["n"]),
            part(source, f"{name}: levels named right", names["levels_exact"], "levels", FILMS),
        ]
        left_out = names["absent_levels_left_out"]
        if left_out["share"] is not None:
            rows.append(part(source, f"{name}: absent levels left out", left_out, "levels", FILMS))
    return rows


def real_lateral_rows(model: str) -> Rows:
    """What was seen on films of people."""
    told = result("lateral-real")
    side, front = told["lateral"], told["frontal"]
    held_out = "taught nothing; rules and limits were set while looking at these films"
    source = Source("lateral-real", "real", "Fraiwan's lateral lumbar films", held_out, model)
    slips, accepted = side["slips"], side["accepted"]["count"]
    rows = [part(source, "films accepted", side["accepted"], "films", n=side["n"])]
    rows += [
        part(source, f"by one person's eye: {name}", entry, "accepted films", n=accepted)
        for name, entry in side["judged_by_eye"].items()
    ]
    rows += [
        plain(source, f"declined for: {name}", count, "", f"{side['n']} films")
        for name, count in side["declined_for"].items()
    ]
    n = slips["n_measured_at_the_named_pair"]
    told_at = slips["told_at_the_named_pair"]
    asked = "slip told where the file's name tells one"
    rows.append(part(source, asked, told_at, "films", n=n))
    source = Source("lateral-real", "real", "Fraiwan's frontal films", held_out, model)
    taken = front["accepted_as_lateral"]
    rows.append(part(source, "frontal films taken for lateral ones", taken, "films", n=front["n"]))
    return rows


SIDE = {
    "right": ("figures", "accuracy"),
    "balanced accuracy": ("figures", "balanced_accuracy"),
    "answered": ("accepted", "share"),
    "right of those answered": ("accepted", "accuracy"),
}


def sagittal_rows() -> Rows:
    """The three classifiers of lateral films beside the measured angles."""
    told = result("sagittal-classes")
    rows: Rows = []
    for name in SAGITTAL:
        models = told["bundles"][name]["models"]
        of = Source("sagittal-classes", "SYNTHETIC", "lateral phantoms", OTHER_SEED, f"{name} 1")
        angles = Source(of.result, of.films, of.data, of.held_out, "lateral-landmarks 1")
        rows += judged(of, models[0], SIDE, FILMS, f"{name}, always answering")
        rows += judged(of, models[1], SIDE, FILMS, f"{name}, abstaining")
        rows += judged(angles, models[2], SIDE, FILMS, f"measured angles, films of {name}")
        rows += margins(of, models[0], "°", {"accuracy": "right"})
    return rows


def study_rows() -> Rows:
    """One network against two, and against measuring."""
    rows: Rows = []
    for name, how in (("generalist", "fast mode"), ("generalist-full", "full mode, one fold")):
        told = result(name)
        held_out = f"cross-validation, {how}; networks taught for this study, none ships"
        source = Source(name, "SYNTHETIC", "lateral phantoms", held_out, "not shipped: the study's")
        for one in told["comparisons"]:
            first, second, n = one["first"], one["second"], one["n_films"]
            accuracy = one["accuracy"]
            asked = f"{one['question']}, right: {second} minus {first}"
            points = {
                "value": 100 * accuracy["value"],
                "interval_95": [100 * end for end in accuracy["interval_95"]],
            }
            rows.append(mean(source, asked, points, " points", f"{n} films", FILMS))
        for question, asked in told["questions"].items():
            for who, one in asked["contestants"].items():
                entry = one["accuracy"]
                what = f"{question}, right: {who}"
                rows.append(part(source, what, entry, "films", FILMS, asked["n_films"]))
    return rows


def follow_up_rows() -> Rows:
    """The change between two films of a person."""
    told = result("follow-up")
    pairs = f"{told['curves']} curves of {told['pairs']} pairs, less those left out"
    source = Source(
        "follow-up", "SYNTHETIC", "pairs of phantoms", OTHER_SEED, "frontal-landmarks 3"
    )
    by_pair = "bootstrap by pair"
    rows = [
        part(source, "change inside its interval", told["interval_holds"], "curves", by_pair),
        mean(source, "mean error of the change", told["error_deg"], "°", pairs, by_pair),
        mean(source, "median error of the change", told["median_error_deg"], "°", pairs, by_pair),
        plain(
            source,
            "median width of the interval",
            told["median_interval_width_deg"],
            "°",
            pairs,
            NO_INTERVAL,
            1,
        ),
    ]
    for key, what in (("above", "above 5°"), ("up_to", "up to 5°")):
        answers = told[f"told_of_true_changes_{key}_5_deg"]
        n = f"{sum(answers.values())} curves"
        rows += [
            plain(source, f"true change {what}, told: {answer}", count, "", n)
            for answer, count in answers.items()
        ]
    rows += [
        plain(source, f"pairs left out: {why.replace('_', ' ')}", n, "", f"{told['pairs']} pairs")
        for why, n in told["left_out"].items()
    ]
    return rows
