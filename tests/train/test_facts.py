"""Facts fitted on a finished encoder."""

import numpy as np
import torch

from spinescan.infer.decode import FACTS
from spinescan.infer.preprocess import InputSpec, letterbox
from spinescan.train.facts import fit_facts
from spinescan.train.films import Film
from spinescan.train.finder import TAUGHT_LAST
from spinescan.train.network import Finder
from tests.train.dots import SIZE, dotted, spine_corners

SPEC = InputSpec(rows=160, columns=64)
FRONTAL = FACTS.index("frontal")


def film(frontal: bool, brace: float, seed: int) -> Film:
    """Dots, or for a film from the side stripes; a brace is a bright frame."""
    rng = np.random.default_rng(seed)
    pixels = dotted(SIZE, spine_corners()) if frontal else np.zeros(SIZE, np.float32)
    if not frontal:
        pixels[np.arange(SIZE[0]) % 80 < 40] = 1
    if brace == 1:
        pixels[200:500, 20:60] = pixels[200:500, -60:-20] = 1
    pixels = np.clip(pixels + rng.normal(0, 0.05, SIZE), 0, 1)
    return Film(
        file=str(seed),
        pixels=(pixels * 255).astype(np.uint8),
        corners=spine_corners() if frontal else np.full((17, 4, 2), np.nan),
        points=np.full((9, 2), np.nan),
        points_known=np.zeros(9, bool),
        ribs=np.full(17, np.nan),
        facts=np.array([0.0, np.nan, brace, float(frontal)]),
        in_view=frontal,
    )


def finder() -> Finder:
    torch.manual_seed(0)
    return Finder("mobilenetv2_050", 8)


def chance_of(network: Finder, name: str, shown: Film) -> float:
    picture, _ = letterbox(shown.pixels.astype(np.float32) / 255, SPEC)
    with torch.inference_mode():
        _, facts = network.eval()(torch.from_numpy(picture)[None, None])
    return float(torch.sigmoid(facts[0, FACTS.index(name)]))


def test_the_facts_are_learnt_and_nothing_else_changes() -> None:
    network = finder()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    films = [film(True, float(k % 4 == 0), k) for k in range(8)]
    extra = [film(k % 2 == 0, np.nan, 100 + k) for k in range(8)]
    fit_facts(network, films, extra, SPEC, seed=0, workers=0)
    for k in range(3):
        assert chance_of(network, "frontal", film(True, 0.0, 200 + k)) > 0.5
        assert chance_of(network, "frontal", film(False, 0.0, 200 + k)) < 0.5
        braced, free = (chance_of(network, "brace", film(True, b, 300 + k)) for b in (1.0, 0.0))
        assert braced > 0.5 > free
    fitted = [FACTS.index(name) for name in TAUGHT_LAST]
    kept = [k for k in range(len(FACTS)) if k not in fitted]
    for key, value in network.state_dict().items():
        rows = kept if key.startswith("facts.") else ...
        assert torch.equal(value[rows], before[key][rows]), key


def test_a_fact_that_all_films_share_stays_as_it_was() -> None:
    network = finder()
    before = network.facts.weight.detach().clone()
    fit_facts(network, [film(True, np.nan, k) for k in range(3)], [], SPEC, seed=0, workers=0)
    assert torch.equal(network.facts.weight, before)


def test_the_same_seed_fits_the_same() -> None:
    films = [film(k % 2 == 0, np.nan, k) for k in range(6)]
    weights = []
    for seed in (0, 0, 1):
        network = finder()
        fit_facts(network, films, [], SPEC, seed=seed, workers=0)
        weights.append(network.facts.weight[FRONTAL].detach().clone())
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
