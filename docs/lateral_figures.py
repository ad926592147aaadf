"""The figures of the lateral landmark model and of the sagittal classifiers: cards and bundles."""

from formats import Told, figure, percent, rows_of

ANGLES = {
    "TK_T4_T12": "thoracic kyphosis T4 to T12",
    "LL_L1_S1": "lumbar lordosis L1 to S1",
    "SS": "sacral slope",
    "PT": "pelvic tilt",
    "PI": "pelvic incidence",
}
POINTS = {
    "corners": "corners of T1 to L5",
    "S1": "ends of S1's endplate",
    "femoral_heads": "centres of the femoral heads",
    "C7_centre": "centre of C7",
}
EXTENTS = {
    "whole": "whole spine",
    "trunk": "trunk",
    "thoracolumbar": "thoracolumbar",
    "lumbar": "lumbar",
}
MODELS = ("always answering", "abstaining", "measured angles")


def landmark_table(drawn: Told, real: Told) -> str:
    """What the lateral landmark model reaches on phantoms and on films of people, as Markdown."""
    every = drawn["all_films"]
    parts = {name: drawn["by_extent"][name] for name in EXTENTS if name in drawn["by_extent"]}
    lines = [
        ["Synthetic films", "mean absolute error", "measured, of shown", "intervals that hold"],
        ["---"] * 4,
        *(angle_row(name, every["angles"][name]) for name in ANGLES),
        [],
        ["Points on the film", "within 3 % of the spine's length", "missed", "invented"],
        ["---"] * 4,
        *(
            [
                POINTS[name],
                percent(told["within"]),
                str(told["n_missed"]),
                str(told["n_invented"]),
            ]
            for name in POINTS
            for told in [every["points"][name]]
        ),
        [],
        ["Films", "accepted", "levels named right, of those on the film", "absent levels left out"],
        ["---"] * 4,
        *(
            extent_row(name, told)
            for name, told in [("all", every), *((EXTENTS[k], v) for k, v in parts.items())]
        ),
    ]
    tables = rows_of(lines)
    return f"{tables}\n\n{people(real)}"


def angle_row(name: str, told: Told) -> list[str]:
    """One angle."""
    given = told["n_shown"] - told["n_missed"]
    held = percent(told["interval_covers"])
    return [
        ANGLES[name],
        figure(told["mean_error_deg"], "°"),
        f"{given} of {told['n_shown']}",
        held,
    ]


def extent_row(name: str, told: Told) -> list[str]:
    """The films of one extent."""
    names = told["level_names"]
    return [
        f"{name} ({told['n']})",
        str(told["n"] - told["n_abstained"] - told["n_failed"]),
        percent(names["levels_exact"]),
        percent(names["absent_levels_left_out"]),
    ]


def people(real: Told) -> str:
    """What is told of films of people."""
    side, front = real["lateral"], real["frontal"]
    eye = ", ".join(
        f"{name} {told['count']}" for name, told in sorted(side["judged_by_eye"].items())
    )
    why = ", ".join(f"{name} {count}" for name, count in side["declined_for"].items())
    slips, taken = side["slips"], front["accepted_as_lateral"]
    asked = slips["n_measured_at_the_named_pair"]
    return (
        f"Of {side['n']} lateral lumbar films of patients {side['accepted']['count']} are accepted "
        f"({percent(side['accepted'])}); declined for: {why}. Of those accepted, by eye: {eye}. On "
        f"{asked} of them the pair of levels is measured that the file's name tells to have "
        f"slipped: a slip is told there on {slips['told_at_the_named_pair']['count']} "
        f"({percent(slips['told_at_the_named_pair'])}). Of {front['n']} frontal films "
        f"{taken['count']} ({percent(taken)}) are taken for lateral ones.\n"
    )


def landmark_summary(drawn: Told, real: Told) -> Told:
    """The figures that `spinescan models` prints of the lateral landmark model."""
    every, side = drawn["all_films"], real["lateral"]
    angles = every["angles"]
    return {
        "measured_on": f"synthetic films that taught nothing, n = {every['n']}",
        "kyphosis_mean_error": figure(angles["TK_T4_T12"]["mean_error_deg"], "°"),
        "lordosis_mean_error": figure(angles["LL_L1_S1"]["mean_error_deg"], "°"),
        "measured_on_films_of_people": f"no set has landmarks; {side['accepted']['count']} of "
        f"{side['n']} lumbar films are accepted",
    }


def class_table(told: Told, name: str) -> str:
    """What a sagittal classifier reaches beside the measured angles, as Markdown."""
    models = told["bundles"][name]["models"]
    films = models[0]["set"]["n_films"]
    lines = [
        ["Synthetic films", *(f"{name}, {how}" for how in MODELS[:2]), MODELS[2]],
        ["---"] * 4,
        ["right", *(percent(m["figures"]["accuracy"]) for m in models)],
        ["balanced accuracy", *(percent(m["figures"]["balanced_accuracy"]) for m in models)],
        ["answered", *(percent(m["accepted"]["share"]) for m in models)],
        ["right of those answered", *(percent(m["accepted"]["accuracy"]) for m in models)],
        [],
        ["Degrees to the border at least", "films", "right"],
        ["---"] * 3,
        *(
            [f"{far['from']:.1f}", str(far["n_films"]), percent(far["accuracy"])]
            for far in models[0]["margin"]["at_least"]
            if far["n_films"] >= 0.1 * films
        ),
    ]
    tables = rows_of(lines)
    return (
        f"{films} phantoms; a film without an answer counts as an error. The second table is of "
        f"the classifier when it always answers.\n\n{tables}\n"
    )


def class_summary(told: Told, name: str) -> Told:
    """The figures that `spinescan models` prints of a sagittal classifier."""
    model = told["bundles"][name]["models"][0]
    return {
        "measured_on": f"synthetic films that taught nothing, n = {model['set']['n_films']}",
        "right_if_it_always_answers": percent(model["figures"]["accuracy"]),
        "measured_on_films_of_people": "no film of a person bears such a label",
    }
