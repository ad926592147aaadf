"""What the figures of a reader study allow to be said, and what they do not."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

FEW_FILMS: Final = 30
WIDE_KAPPA: Final = 0.4
"""A wider interval reaches over more than two of the customary words."""
_BANDS: Final = (
    (0.0, "poor"),
    (0.2, "slight"),
    (0.4, "fair"),
    (0.6, "moderate"),
    (0.8, "substantial"),
)
"""Upper borders of the words for kappa (J. R. Landis, G. G. Koch, Biometrics 1977;33:159)."""
_ICC_BANDS: Final = ((0.5, "poor"), (0.75, "moderate"), (0.9, "good"))
"""Upper borders of the words for ICC (T. K. Koo, M. Y. Li, J Chiropr Med 2016;15:155)."""


def kappa_word(kappa: float) -> str:
    """The customary word for a kappa; a convention, no finding."""
    return next((word for border, word in _BANDS if kappa <= border), "almost perfect")


def icc_word(icc: float) -> str:
    """The customary word for an intraclass correlation."""
    return next((word for border, word in _ICC_BANDS if icc < border), "excellent")


def warnings(values: Mapping[str, Any]) -> list[str]:
    """What limits the figures."""
    return list(_warnings(values))


def _warnings(values: Mapping[str, Any]) -> Iterator[str]:
    if values["n_readers"] < 2:
        yield (
            "There is one reader only: nothing can be said of agreement between readers, and there"
            " is no consensus."
        )
    elif values["n_readers"] == 2:
        yield (
            "With two readers a consensus is only what both say, and the figures speak of these two"
            " readers, hardly of readers in general."
        )
    if values["n_groups"] < FEW_FILMS:
        yield (
            f"{values['n_films']} films of {values['n_groups']} persons are few: with fewer than"
            f" {FEW_FILMS} persons the intervals themselves are rough, and tend to be too narrow."
        )
    if values["n_films"] == values["n_groups"]:
        yield (
            "Each film counts as a person of its own. If some show one person, give the set with a"
            " manifest or --group: the intervals are too narrow otherwise."
        )
    for name in values["readers_without_answers"]:
        yield f"No answers of reader {name}."
    for reader in values["readers"]:
        if reader["n_missing"]:
            yield (
                f"Reader {reader['reader']} left {reader['n_missing']} of {reader['n_shown']}"
                " showings unanswered. What is missing may be what is difficult."
            )
    for level in values["questions"]:
        yield from _wide(level)
    if values["spinescan"] is not None and values["spinescan"]["n_not_asked"]:
        yield f"No report of SpineScan on {values['spinescan']['n_not_asked']} films."


def _wide(level: Mapping[str, Any]) -> Iterator[str]:
    between = level["between"]
    kappa = between["fleiss_kappa"]
    interval = kappa["interval_95"]
    if interval is not None and interval[1] - interval[0] > WIDE_KAPPA:
        yield (
            f"{level['title']}: the interval of kappa is wide ({interval[0]:.2f} to"
            f" {interval[1]:.2f}); more films are needed to tell."
        )
    rare = [one["label"] for one in between["labels"] if one["n_answers"] < 5]
    if rare:
        yield (
            f"{level['title']}: fewer than five answers each for {', '.join(rare)}: their own kappa"
            " tells nothing."
        )


def conclusions(values: Mapping[str, Any]) -> list[str]:
    """What can be said, one sentence a finding, each with its figure, interval and n."""
    found = [*(_of_question(level) for level in values["questions"])]
    found += [_within(level) for level in values["questions"]]
    found += [_machine(level) for level in values["questions"]]
    found += [_of_angle(angle) for angle in values["angles"] if angle["name"] in _MAIN_ANGLES]
    return [sentence for sentence in found if sentence]


_MAIN_ANGLES: Final = ("cobb_deg", "tk_deg", "ll_deg")


def _of_question(level: Mapping[str, Any]) -> str:
    between = level["between"]
    complete = between["n_films_all_answered"] == between["n_films"]
    name = "fleiss_kappa" if complete else "krippendorff_alpha"
    told = between[name]
    called = "Fleiss' kappa" if complete else "Krippendorff's alpha"
    if between["n_readers"] < 2:
        return ""
    if told["value"] is None:
        return f"{level['title']}: agreement between readers cannot be told ({told['reason']})."
    return (
        f"{level['title']}: {between['n_readers']} readers agree with {called} {_figure(told)} on"
        f" {between['n_films']} films, {_words(told, kappa_word)}."
    )


def _within(level: Mapping[str, Any]) -> str:
    told = [one for one in level["within"] if one["cohen_kappa"]["value"] is not None]
    if not told:
        return ""
    each = "; ".join(
        f"reader {one['reader']} {_figure(one['cohen_kappa'])} on {one['n_films']} films"
        for one in told
    )
    return f"{level['title']}, a reader against himself or herself (Cohen's kappa): {each}."


def _machine(level: Mapping[str, Any]) -> str:
    against = level["spinescan"]
    if against is None or against["consensus"]["cohen_kappa"]["value"] is None:
        return ""
    said = (
        f"{level['title']}: SpineScan agrees with the readers' consensus with Cohen's kappa"
        f" {_figure(against['consensus']['cohen_kappa'])} on {against['consensus']['n_films']}"
        " films, its abstentions counted as an answer of their own."
    )
    place = against["mean_kappa"]
    if place is None or place["difference"]["interval_95"] is None:
        return said
    low, high = place["difference"]["interval_95"]
    means = (
        f" Its mean kappa with a reader is {place['spinescan_with_readers']['value']:.2f}, that of"
        f" two readers {place['between_readers']['value']:.2f}"
        f" (difference {low:+.2f} to {high:+.2f}): "
    )
    if high < 0:
        return said + means + "it agrees with readers less than they agree with each other."
    if low > 0:
        return said + means + "it agrees with readers more than they agree with each other."
    return said + means + "these films do not tell the two apart, which does not make them equal."


def _of_angle(angle: Mapping[str, Any]) -> str:
    between = angle["between"]
    told = between["icc_2_1"]
    if told["value"] is None:
        return f"{angle['title']}: agreement of the readers cannot be told ({told['reason']})."
    change = between["smallest_detectable_change"]
    said = (
        f"{angle['title']}: ICC(2,1) {_figure(told)} on {between['n_films']} films,"
        f" {_words(told, icc_word)}."
    )
    if change["value"] is not None:
        said += (
            f" Two readings by any two of such readers must differ by more than"
            f" {_figure(change, 1)} degrees before a change is likely (95 %)."
        )
    return said


def _figure(told: Mapping[str, Any], digits: int = 2) -> str:
    interval = told["interval_95"]
    between = "no interval" if interval is None else (
        f"{interval[0]:.{digits}f} to {interval[1]:.{digits}f}"
    )  # fmt: skip
    return f"{told['value']:.{digits}f} ({between})"


def _words(told: Mapping[str, Any], word: Any) -> str:
    """The customary word; of both ends of the interval where they differ."""
    if told["interval_95"] is None:
        return f"which is customarily called {word(told['value'])}"
    low, high = (word(end) for end in told["interval_95"])
    if low == high:
        return f"which is customarily called {low}"
    return f"which is anything from {low} to {high} in the customary words"
