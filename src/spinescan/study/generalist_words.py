"""The study's answer in a sentence, made of its figures; and what a reader must know of them."""

from collections.abc import Mapping
from typing import Any, Literal

from spinescan.study.generalist_protocol import GENERALIST, MEASURED, SPECIALISTS

Outcome = Literal["different", "alike", "no_answer"]

_TEXTS = {
    GENERALIST: "the generalist",
    SPECIALISTS: "the two specialists combined",
    MEASURED: "measuring, then a threshold",
    "kyphosis": "the kyphosis specialist",
    "lordosis": "the lordosis specialist",
}
QUESTION_TEXTS = {
    "sagittal3": "healthy, kyphosis or lordosis",
    "kyphosis": "healthy or kyphosis",
    "lordosis": "healthy or lordosis",
}


def named(contestant: str) -> str:
    """A contestant's name for a sentence."""
    return _TEXTS[contestant]


def answer_of(study: Mapping[str, Any]) -> dict[str, Any]:
    """The primary comparison's outcome and sentence, and those of the others by name."""
    settings, films = study["protocol"]["settings"], study["protocol"]["films"]
    told = {pair["name"]: _told(pair, settings, films) for pair in study["comparisons"]}
    primary = study["protocol"]["primary"]
    return {
        **told[primary],
        "others": {name: one for name, one in told.items() if name != primary},
    }


def outcome_of(comparison: Mapping[str, Any], alpha: float, equivalence: float) -> Outcome:
    """Whether a difference is shown, is surely small, or neither.

    It is shown where the corrected p is at most `alpha` and the interval leaves out zero; small
    where the interval lies within `equivalence` to either side.
    """
    interval = comparison["accuracy"]["interval_95"]
    if interval is None:
        same = not comparison["plan"]["n_discordant"]
        return "alike" if same and _many(comparison, equivalence) else "no_answer"
    low, high = interval
    if comparison["mcnemar"]["p_holm"] <= alpha and (low > 0 or high < 0):
        return "different"
    return "alike" if -equivalence < low and high < equivalence else "no_answer"


def _many(comparison: Mapping[str, Any], equivalence: float) -> bool:
    """Whether no discordant film in so many groups leaves no more room than that.

    Three in n is the upper 95 % bound of a share of which n draws saw none.
    """
    return bool(3 / max(1, comparison["n_groups"]) < equivalence)


def _told(
    pair: Mapping[str, Any], settings: Mapping[str, Any], films: Mapping[str, Any]
) -> dict[str, Any]:
    outcome = outcome_of(pair, settings["alpha"], settings["equivalence"])
    first, second = named(pair["first"]), named(pair["second"])
    figure = pair["accuracy"]
    kind = {"synthetic": "synthetic ", "real": "", "mixed": "partly synthetic "}.get(
        films["origin"], ""
    )
    where = (
        f"On {pair['n_films']} {kind}films of {pair['n_groups']} groups "
        f"({QUESTION_TEXTS[pair['question']]})"
    )
    figures = (
        f"{_share(figure['second'])} against {_share(figure['first'])} right, difference "
        f"{_points(figure['value'])} points, {_interval(figure['interval_95'])}, exact McNemar "
        f"p = {pair['mcnemar']['p']:g}, Holm p = {pair['mcnemar']['p_holm']:g}"
    )
    margin = f"{100 * settings['equivalence']:g}"
    if outcome == "different":
        way = "more" if figure["value"] > 0 else "less"
        text = f"{where} {second} is {way} accurate than {first} ({figures})."
    elif outcome == "alike":
        text = (
            f"{where} {second} is not shown to differ from {first}, and the two lie less than "
            f"{margin} points apart ({figures})."
        )
    else:
        text = (
            f"{where} the data cannot answer whether {second} is more or less accurate than "
            f"{first}: neither a difference nor likeness within {margin} points is shown "
            f"({figures}; {_needed(pair['plan'])})."
        )
    return {"outcome": outcome, "sentence": text}


def _needed(plan: Mapping[str, Any]) -> str:
    power = f"{100 * plan['target_power']:g} %"
    least, needed = plan["smallest_difference"], plan["films_needed"]
    told = (
        f"so few films that one of them alone gets right show no difference with a power of {power}"
        if least is None
        else f"with a power of {power} these films show one of {100 * least:.1f} points or more"
    )
    return told if needed is None else f"{told}; one as was seen needs about {needed} films"


def notes_of(study: Mapping[str, Any]) -> list[dict[str, str]]:
    """What a reader must know before believing a figure: stable codes and sentences."""
    protocol = study["protocol"]
    settings, films = protocol["settings"], protocol["films"]
    notes = []

    def note(code: str, text: str) -> None:
        notes.append({"code": code, "text": text})

    if films["origin"] == "synthetic":
        note("synthetic", "All films are synthetic. These figures tell nothing of films of people.")
    if films["origin"] == "mixed":
        note("mixed", "Some films are synthetic, some are not.")
    if settings["mode"] == "fast":
        note(
            "fast",
            "Fast mode: the backbone stays as it is, and films are not augmented. Networks that "
            "are taught end to end may compare otherwise.",
        )
    tested = settings["only_folds"]
    if tested is not None and tested < settings["folds"]:
        note("some_folds", f"Only {tested} of {settings['folds']} folds were tested.")
    if protocol["measured"] is None:
        note(
            "no_rival",
            "The rival that measures, then applies a threshold, is missing: there is no lateral "
            "landmark model here.",
        )
    near = films["near_a_border"]
    if near["share"] is None:
        note("no_margin", "How far films lie from a border between classes is not told.")
    elif near["share"] < 0.3:
        note(
            "easy",
            f"Only {_share(near['share'])} of the films lie within {near['within_deg']:g} degrees "
            "of a border: the question is an easy one.",
        )
    if films["n_groups"] == films["n_films"] and films["origin"] != "synthetic":
        note(
            "no_groups",
            "Each film counts as a person of its own. Where one person has several films, the "
            "figures are too good.",
        )
    for name, one in study["learning"].items():
        missed = one["to_named_accuracy"]["n_not_reached"]
        if missed:
            note(
                "not_reached",
                f"{missed} of {one['n_trainings']} trainings of {named(name)} never reached the "
                f"named validation accuracy of {_share(settings['named_accuracy'])}.",
            )
    note(
        "other_questions",
        "Validation accuracies of the generalist and of a specialist are of other questions on "
        "other films: they are not compared.",
    )
    return notes


def _share(value: float | None) -> str:
    return "n/a" if value is None else f"{100 * value:.1f} %"


def _points(value: float | None) -> str:
    return "n/a" if value is None else f"{100 * value:+.1f}"


def _interval(interval: list[float] | None) -> str:
    if interval is None:
        return "no interval"
    return f"95 % interval {_points(interval[0])} to {_points(interval[1])}"
