"""Scan the synthetic film and draw the overlay that README shows."""

import sys
import tempfile
from pathlib import Path

from draw_sample import main as draw_sample

import spinescan
from spinescan.io.overlay import draw_overlay


def main(target: Path) -> None:
    """Write the overlay of the sample film."""
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "sample.png"
        draw_sample(film)
        picture = draw_overlay(spinescan.read_radiograph(film), spinescan.scan(film))
    picture.thumbnail((900, 900))  # a picture in a text
    target.parent.mkdir(parents=True, exist_ok=True)
    picture.save(target, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
