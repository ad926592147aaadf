"""What an audit finds: `python benchmarks/audit.py FRAIWAN AASCE --work WORK`.

FRAIWAN and AASCE are the published films, in the layouts of `spinescan manifest`. Measured are:

known pairs: films that the sets' own tables list as the same (fraiwan: one group, aasce:
    `exact_duplicate_of`), found or not; films of two groups that are called one are counted, too,
    and named: look at them, the tables do not list every pair.
made pairs: of every fourth film another version is made (a tighter crop by up to 12 % a side,
    another size, tone and JPEG quality, every second one mirrored) and put among the films
    themselves; a version is found if its own film is named with it. Pairs of two different films
    are false alarms.
marks: synthetic films on which text or Cobb lines were drawn, and others; and the share of real
    films with marks by how the picture was made (nobody has listed which of them bear marks).
without the spine: how well Fraiwan's classes can be told by those who see no spine: from
    properties of the file, from what is known of the person (sex, age), and from the film with its
    spine covered. All films; normal and scoliosis; and those two among the PACS crops alone.

Shares have Wilson 95 % intervals. Writes benchmarks/results/audit.json (or --out).
"""

import argparse
import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from spinescan.audit.confound import Telling, find_tellings
from spinescan.audit.marks import find_marks
from spinescan.audit.run import as_one_person
from spinescan.audit.sights import Scan, Sight, look, small_picture
from spinescan.audit.twins import SAME, Pair, find_twins
from spinescan.data.labelled import FoundFilm, write_labelled
from spinescan.data.published import find_aasce, find_fraiwan
from spinescan.data.table import read_rows
from spinescan.infer.scanner import Scanner
from spinescan.io.read import read_radiograph
from spinescan.phantom.film import Order, draw_phantom
from spinescan.study.metrics import share_with_interval

EVERY = 4
PHANTOMS = 60


def sights_of(found: Sequence[FoundFilm], table: Path, scan: Scan | None = None) -> list[Sight]:
    """A look at every film; `scan` finds their spines."""
    manifest = write_labelled([replace(film, corners_px=None) for film in found], table)
    listed = [
        (table.stem, row, film, table.parent / film.image)
        for row, film in enumerate(manifest.films, start=2)
    ]
    return [sight for sight in look(listed, scan) if isinstance(sight, Sight)]


def same_name(pair: Pair) -> frozenset[str]:
    """The names of the two films, without their folders."""
    return frozenset(Path(sight.name).name for sight in (pair.a, pair.b))


def known_pairs(
    sights: Sequence[Sight],
    pairs: Sequence[Pair],
    known: set[frozenset[str]],
    persons: dict[str, str],
) -> dict[str, Any]:
    """How many of the listed pairs are found, and which others are named."""
    found = {same_name(pair): pair for pair in pairs}
    others = {names: pair for names, pair in found.items() if names not in known}
    apart = {
        names: pair for names, pair in others.items() if len({persons[name] for name in names}) > 1
    }
    return {
        "films": len(sights),
        "least_correlation": SAME,
        "listed_pairs": len(known),
        "found": share_with_interval(sum(names in found for names in known), len(known)),
        "unlisted_within_a_person": len(others) - len(apart),
        "unlisted_across_persons": [
            {"films": sorted(names), "kind": pair.kind, "correlation": pair.correlation}
            for names, pair in apart.items()
        ],
    }


def made_pairs(sights: Sequence[Sight], pairs: Sequence[Pair]) -> dict[str, Any]:
    """Versions of films, put among them; `pairs` are those among the films themselves."""
    rng = np.random.default_rng(0)
    versions = [_version(sight, k % 2 == 1, rng) for k, sight in enumerate(sights[::EVERY])]
    found = find_twins([*sights, *versions])
    own = {(p.a.film.sha256, p.b.film.sha256): p for p in found}
    hits, turned = [], []
    for k, (sight, version) in enumerate(zip(sights[::EVERY], versions, strict=True)):
        pair = own.get((sight.film.sha256, version.film.sha256))
        (turned if k % 2 else hits).append(
            pair is not None and pair.kind == ("mirrored" if k % 2 else "near")
        )
    plain = {same_name(pair) for pair in pairs}
    false = [
        pair
        for pair in found
        if len(names := frozenset(name.removeprefix("version ") for name in same_name(pair))) > 1
        and names not in plain
    ]
    return {
        "versions_found": share_with_interval(sum(hits), len(hits)),
        "mirrored_versions_found": share_with_interval(sum(turned), len(turned)),
        "pairs_of_different_films": len(false),
        "of_pairs": len(sights) * len(versions),
    }


def _version(sight: Sight, mirrored: bool, rng: np.random.Generator) -> Sight:
    pixels = read_radiograph(sight.path).pixels
    rows, columns = pixels.shape
    left, right, top, bottom = rng.uniform(0, 0.12, 4)
    part = pixels[round(top * rows) : round((1 - bottom) * rows)]
    part = part[:, round(left * columns) : round((1 - right) * columns)]
    part = part ** rng.uniform(0.6, 1.6) * rng.uniform(0.6, 1.0)
    picture = Image.fromarray((part[:, :: -1 if mirrored else 1] * 255).astype(np.uint8))
    scale = rng.uniform(0.4, 1.0)
    picture = picture.resize([max(64, round(n * scale)) for n in picture.size])
    data = BytesIO()
    picture.save(data, "JPEG", quality=int(rng.integers(30, 90)))
    grey = np.asarray(Image.open(data)).astype(np.float32) / 255
    name = f"version {Path(sight.name).name}"
    film = replace(
        sight.film, image=name, group=name, sha256=hashlib.sha256(data.getvalue()).hexdigest()
    )
    return replace(sight, film=film, small=small_picture(grey))


def marks(sights: Sequence[Sight]) -> dict[str, Any]:
    """Marks on synthetic films whose effects are known, and on real ones."""
    rows = []
    for seed in range(PHANTOMS):
        drawn = draw_phantom(Order(als="3CH", rows=1024), seed)
        seen = find_marks(drawn.pixels)
        effects = " ".join(drawn.effects)
        rows.append(
            ("text" in drawn.effects, "Cobb lines" in effects, bool(seen.text), bool(seen.lines))
        )
    told = np.array(rows)
    styles = sorted({sight.film.labels.get("source_style", "") for sight in sights})

    def share(chosen: np.ndarray, seen: np.ndarray) -> dict[str, Any]:
        return share_with_interval(int(seen[chosen].sum()), int(chosen.sum()))

    return {
        "synthetic_films": PHANTOMS,
        "text_found_where_written": share(told[:, 0], told[:, 2]),
        "text_found_elsewhere": share(~told[:, 0], told[:, 2]),
        "lines_found_where_drawn": share(told[:, 1], told[:, 3]),
        "lines_found_elsewhere": share(~told[:, 1], told[:, 3]),
        "real_films_with_marks": {
            style: share_with_interval(
                sum(bool(s.marks.text or s.marks.lines) for s in of_style), len(of_style)
            )
            for style in styles
            if (of_style := [s for s in sights if s.film.labels.get("source_style", "") == style])
        },
    }


def without_the_spine(sights: Sequence[Sight], pairs: Sequence[Pair]) -> dict[str, Any]:
    """How well the classes are told by those who do not see the spine."""
    persons = as_one_person(sights, pairs)
    two = [s for s in persons if s.film.labels["fraiwan3"] in ("normal", "scoliosis")]
    crops = [s for s in two if s.film.labels["source_style"] == "pacs_crop"]
    return {
        "all_films": _told(persons),
        "normal_and_scoliosis": _told(two),
        "normal_and_scoliosis_pacs_crop": _told(crops),
    }


def _told(sights: Sequence[Sight]) -> dict[str, Any]:
    labels = [sight.film.labels["fraiwan3"] for sight in sights]
    classes = tuple(sorted(set(labels)))
    tellings = find_tellings(sights, labels, ("sex", "age"))
    return {
        "films": {one: labels.count(one) for one in classes},
        "persons": len({sight.film.group for sight in sights}),
        "spines_found": sum(sight.spine is not None for sight in sights),
        "always_the_largest_class": round(max(map(labels.count, classes)) / len(labels), 4),
        "by": {one.what: _figures(one) for one in tellings if one.classes == classes},
    }


def _figures(told: Telling) -> dict[str, Any]:
    return {
        "accuracy": told.accuracy,
        "accuracy_interval_95": list(told.accuracy_interval),
        "balanced_accuracy": told.balanced,
        "balanced_accuracy_interval_95": list(told.balanced_interval),
        "auc": told.auc,
    }


def main() -> None:
    """Measure, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("fraiwan", type=Path)
    parser.add_argument("aasce", type=Path)
    parser.add_argument("--work", type=Path, required=True, help="folder for the manifests")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/audit.json"))
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    fraiwan = sights_of(
        find_fraiwan(given.fraiwan), given.work / "fraiwan.csv", Scanner.default().scan
    )
    of_group: dict[str, list[str]] = {}
    for sight in fraiwan:
        of_group.setdefault(sight.film.group, []).append(Path(sight.name).name)
    listed = {frozenset(names) for names in of_group.values() if len(names) == 2}
    pairs = find_twins(fraiwan)
    persons = {Path(s.name).name: s.film.group for s in fraiwan}
    figures: dict[str, Any] = {
        "fraiwan": {
            "known_pairs": known_pairs(fraiwan, pairs, listed, persons),
            "made_pairs": made_pairs(fraiwan, pairs),
            "without_the_spine": without_the_spine(fraiwan, pairs),
        },
        "marks": marks(fraiwan),
    }
    aasce = sights_of(find_aasce(given.aasce), given.work / "aasce.csv")
    rows = read_rows(given.aasce / "index.csv", ("file", "case", "exact_duplicate_of"))
    listed = {
        frozenset((row["file"], row["exact_duplicate_of"]))
        for row in rows
        if row["exact_duplicate_of"]
    }
    figures["aasce"] = {
        "known_pairs": known_pairs(
            aasce, find_twins(aasce), listed, {row["file"]: row["case"] for row in rows}
        )
    }
    given.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
