"""On a published set: its known duplicates, and its known trap."""

from dataclasses import replace
from pathlib import Path

import pytest

from spinescan.audit.confound import find_tellings
from spinescan.audit.sights import Sight, look
from spinescan.audit.twins import find_twins
from spinescan.data.labelled import write_labelled
from spinescan.data.published import find_fraiwan

pytestmark = pytest.mark.slow

UNLISTED = {
    frozenset(pair)
    for pair in (("p035.jpg", "p037.jpg"), ("s004.jpg", "s068.jpg"), ("s067.jpg", "s106.jpg"))
}
"""One film each, seen side by side: the set's table lists them as two persons."""


@pytest.fixture(scope="module")
def sights(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Sight]:
    pytest.importorskip("sklearn")
    out = tmp_path_factory.mktemp("audit") / "manifest.csv"
    manifest = write_labelled(find_fraiwan(shared_data / "fraiwan"), out)
    listed = [
        ("fraiwan", row, film, out.parent / film.image)
        for row, film in enumerate(manifest.films, start=2)
    ]
    return [one for one in look(listed) if isinstance(one, Sight)]


def test_the_known_duplicates_are_found_and_no_two_other_films(sights: list[Sight]) -> None:
    groups: dict[str, set[str]] = {}
    for sight in sights:
        groups.setdefault(sight.film.group, set()).add(Path(sight.name).name)
    known = {frozenset(names) for names in groups.values() if len(names) > 1}
    assert len(known) == 3
    found = {frozenset(Path(s.name).name for s in (p.a, p.b)) for p in find_twins(sights)}
    assert found == known | UNLISTED


def test_the_width_of_the_file_tells_normal_from_scoliosis(sights: list[Sight]) -> None:
    chosen = [s for s in sights if s.film.labels["fraiwan3"] in ("normal", "scoliosis")]
    narrow = [replace(s, film=replace(s.film, source="", view="")) for s in chosen]
    tellings = find_tellings(narrow, [s.film.labels["fraiwan3"] for s in narrow], covered=False)
    (width,) = [one for one in tellings if one.what == "width"]
    assert width.tells
    assert width.accuracy > width.most_common + 0.05
    assert width.balanced_interval[0] > 0.7
