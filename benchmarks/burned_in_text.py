"""How often text on a film is seen: `python benchmarks/burned_in_text.py --n 400`; prints JSON.

Phantoms go through a clinic that writes on half of them (blocks of a console's text), and puts
rulers, scales, side letters and drawn lines on others. `audit.marks.find_marks` looks at each, as
`spinescan deidentify` does. Counted are films, with Wilson's 95 % intervals:

text        films with blocks of text: the share on which text is seen
writing     films with other figures: of a ruler, a scale, drawn Cobb lines
blank       films with none of these: the share on which text is seen that is not there; many have
            a side letter, which is no text

All letters are of one type face, and upright unless the film was photographed askew; what a clinic
writes looks otherwise. The figures are of these phantoms, and no promise for real films.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from spinescan.audit.marks import find_marks
from spinescan.core.intervals import wilson_interval
from spinescan.phantom.clinic.recipe import STYLES, ClinicRecipe
from spinescan.phantom.film import Order, draw_phantom

RECIPE = ClinicRecipe(text_chance=0.5)
FIRST_SEED = 90_000
WRITING = ("ruler", "scale", "Cobb lines")
"""How the effects begin that put other figures on a film."""


def main() -> None:
    """Draw, look, count, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=400, help="films")
    given = parser.parse_args()
    films = [
        looked_at(FIRST_SEED + k, "lateral" if k % 4 == 3 else "frontal") for k in range(given.n)
    ]
    print(
        json.dumps(
            {
                "benchmark": "burned-in text",
                "n": given.n,
                "first_seed": FIRST_SEED,
                "seen": {kind: share(f for f in films if f[0] == kind) for kind in KINDS},
                "text_seen_by_style": {
                    style: share(f for f in films if f[:2] == ("text", style)) for style in STYLES
                },
            },
            indent=1,
        )
    )


KINDS = ("text", "writing", "blank")


def looked_at(seed: int, view: Any) -> tuple[str, str, bool]:
    """What is on a film, its style, and whether text is seen on it."""
    phantom = draw_phantom(Order(view=view, clinic=RECIPE), seed)
    effects = phantom.effects
    other = any(effect.startswith(WRITING) for effect in effects)
    kind = "text" if "text" in effects else "writing" if other else "blank"
    return kind, effects[0], bool(find_marks(phantom.pixels).text)


def share(films: Iterable[tuple[str, str, bool]]) -> dict[str, Any]:
    """How many films, on how many text is seen, and the share with its interval."""
    counts = Counter(seen for _, _, seen in films)
    n = counts.total()
    if not n:
        return {"n": 0}
    low, high = wilson_interval(counts[True], n)
    return {
        "n": n,
        "seen": counts[True],
        "share": round(counts[True] / n, 4),
        "interval_95": [round(low, 4), round(high, 4)],
    }


if __name__ == "__main__":
    main()
