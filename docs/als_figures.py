"""The figures of the classifier of ALS types: for its card and its bundle."""

from typing import Any

from formats import Told, percent, rows_of

NAMES = ("als7, always answering", "als7, abstaining", "measured curves")


def table(told: Told) -> str:
    """What the three ways of naming a type reach, as Markdown."""
    drawn, real = told["phantoms"]["models"], told["agreement_on_aasce"]["models"]
    films = drawn[0]["set"]["n_films"]
    lines = [
        ["Synthetic films", *NAMES],
        ["---"] * 4,
        ["type right", *(percent(m["figures"]["accuracy"]) for m in drawn)],
        ["family (3C or 4C) right", *(percent(m["families"]["accuracy"]) for m in drawn)],
        ["answered", *(percent(m["accepted"]["share"]) for m in drawn)],
        ["type right of those answered", *(percent(m["accepted"]["accuracy"]) for m in drawn)],
        [],
        ["Margin at least", "films", "type right", "family right"],
        ["---"] * 4,
        *(
            [
                f"{far['from']:.2f}",
                str(far["n_films"]),
                percent(far["accuracy"]),
                percent(far["family_accuracy"]),
            ]
            for far in drawn[0]["margin"]["at_least"]
            if far["n_films"] >= 0.1 * films
        ),
    ]
    tables = rows_of(lines)
    agreed, measured = (
        f"{percent(m['figures']['accuracy'])} (family: {percent(m['families']['accuracy'])})"
        for m in (real[0], real[2])
    )
    count = told["agreement_on_aasce"]
    return (
        f"{films} phantoms; a film without an answer counts as an error. The second table is of "
        f"the classifier when it always answers.\n\n{tables}\n\n"
        f"On {real[0]['set']['n_films']} of the {count['n_films']} films of AASCE SpineScan's "
        "rules give a type to the set's own landmarks. That is no reader's label, and agreement "
        f"with it no accuracy: the classifier, always answering, agrees on {agreed}; the measured "
        f"curves, of a model that was taught on these landmarks, on {measured}.\n"
    )


def summary(told: Told) -> dict[str, Any]:
    """The figures that `spinescan models` prints of the bundle."""
    model = told["phantoms"]["models"][0]
    return {
        "measured_on": f"synthetic films that taught nothing, n = {model['set']['n_films']}",
        "type_right_if_it_always_answers": percent(model["figures"]["accuracy"]),
        "family_right_if_it_always_answers": percent(model["families"]["accuracy"]),
        "measured_on_films_of_people": "no film of a person bears a type that a reader gave",
    }
