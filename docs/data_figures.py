"""What the audit and the search for burned-in text found: for their pages."""

from typing import Any

from formats import percent, percent_of, rows_of
from results import result


def audit() -> str:
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
    return rows_of(lines) + "\n"


def balanced(told: dict[str, Any]) -> str:
    """A balanced accuracy with its interval."""
    low, high = told["balanced_accuracy_interval_95"]
    return f"{100 * told['balanced_accuracy']:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def burned_in_text() -> str:
    """How often text on a phantom is seen."""
    told = result("burned-in-text")
    rows = [
        ("text was burned in (should be all)", "text"),
        ("no text, but figures of a ruler, a scale or drawn lines", "writing"),
        ("none of these (should be none)", "blank"),
    ]
    lines = ["| on the film | text is seen |", "| --- | --- |"]
    lines += [f"| {what} | {percent_of(told['seen'][kind])} |" for what, kind in rows]
    styles = {"export": "exports", "long": "stitched films", "photo": "photographs of films"}
    lines += [
        f"| text was burned in: {what} | {percent_of(told['text_seen_by_style'][style])} |"
        for style, what in {**styles, "teaching": "teaching files"}.items()
    ]
    return "\n".join(lines) + "\n"


def sets() -> str:
    """How large the sets are, and what was found wrong with them."""
    found, classes = result("audit"), result("fraiwan-classes")["films"]
    cross, whole = result("aasce-cross-validation"), result("wholespine")
    every, names = cross["all_films"], cross["all_films"]["level_names"]
    films, crops = classes["all"], classes["pacs_crop"]
    suspect = every["n"] - cross["without_suspect_landmarks"]["n"]
    sides = result("fraiwan")
    lines = [["set", "what was counted", "so many"], ["---"] * 3]
    lines += [
        ["AASCE, training part", what, str(count)]
        for what, count in (
            ("films", every["n"]),
            ("cases, films that are exactly the same joined", every["n_groups"]),
            ("films whose landmarks are known to be wrong", suspect),
            *twins(found["aasce"]),
            ("levels named by the set as a scan names them", percent_of(names["levels_exact"])),
        )
    ]
    boxed = whole["frontal"]["n"] + whole["n_left_out"]
    lines += [
        ["Whole-spine test release", "films", str(boxed)],
        ["Whole-spine test release", "of these with points that taught", str(whole["n_left_out"])],
    ]
    lines += [
        ["Fraiwan's set", what, str(count)]
        for what, count in (
            ("films at hand; persons", f"{films['films']}; {films['persons']}"),
            *(
                (f"{label}: films; of these PACS crops", f"{films[label]['films']}; {n['films']}")
                for label in ("normal", "scoliosis", "spondylolisthesis")
                for n in [crops[label]]
            ),
            (
                "frontal; lateral (all lumbar)",
                f"{sides['frontal']['n']}; {sides['lateral']['n']}",
            ),
            *twins(found["fraiwan"]),
            *(
                (f"films with drawn lines or text found on them, {style}", percent(entry))
                for style, entry in found["marks"]["real_films_with_marks"].items()
            ),
            (
                "balanced accuracy of all that is known of file and person, three classes",
                balanced(
                    found["fraiwan"]["without_the_spine"]["all_films"]["by"]["all_properties"]
                ),
            ),
        )
    ]
    lines.append(["Photographs and chest films", "films", str(result("not-spine")["n"])])
    return rows_of(lines) + "\n"


def twins(told: dict[str, Any]) -> list[tuple[str, str]]:
    """Films that are the same."""
    pairs = told["known_pairs"]
    return [
        ("pairs of the same film that its tables list", str(pairs["listed_pairs"])),
        ("more, within a person", str(pairs["unlisted_within_a_person"])),
        ("more, as two persons", str(len(pairs["unlisted_across_persons"]))),
    ]
