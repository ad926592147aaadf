"""The figures of the classifier of ALS types: for its card and its bundle."""

from typing import Any

Told = dict[str, Any]
"""A part of benchmarks/results/als-types.json."""

NAMES = ("als7, always answering", "als7, abstaining", "measured curves")


def part(entry: Told) -> str:
    """A share with its interval, in per cent."""
    low, high = entry["interval_95"]
    return f"{100 * entry['value']:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def table(told: Told) -> str:
    """What the three ways of naming a type reach, as Markdown."""
    drawn, real = told["phantoms"]["models"], told["agreement_on_aasce"]["models"]
    films = drawn[0]["set"]["n_films"]
    lines = [
        ["Synthetic films", *NAMES],
        ["---"] * 4,
        ["type right", *(part(m["figures"]["accuracy"]) for m in drawn)],
        ["family (3C or 4C) right", *(part(m["families"]["accuracy"]) for m in drawn)],
        ["answered", *(part(m["accepted"]["share"]) for m in drawn)],
        ["type right of those answered", *(part(m["accepted"]["accuracy"]) for m in drawn)],
        [],
        ["Margin at least", "films", "type right", "family right"],
        ["---"] * 4,
        *(
            [
                f"{far['from']:.2f}",
                str(far["n_films"]),
                part(far["accuracy"]),
                part(far["family_accuracy"]),
            ]
            for far in drawn[0]["margin"]["at_least"]
            if far["n_films"] >= 0.1 * films
        ),
    ]
    tables = "\n".join(f"| {' | '.join(row)} |" if row else "" for row in lines)
    agreed, measured = (
        f"{part(m['figures']['accuracy'])} (family: {part(m['families']['accuracy'])})"
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
        "type_right_if_it_always_answers": part(model["figures"]["accuracy"]),
        "family_right_if_it_always_answers": part(model["families"]["accuracy"]),
        "measured_on_films_of_people": "no film of a person bears a type that a reader gave",
    }
