"""Draw the synthetic films that the demo scans: `python docs/draw_sample.py demo/sample.png`."""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from spinescan.phantom.film import sample_film
from spinescan.phantom.truth import View


def main(target: Path, view: View = "frontal") -> None:
    """Write the sample film as an 8-bit grey picture."""
    pixels = sample_film(view).pixels
    target.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.rint(pixels * 255).astype(np.uint8)).save(target)


if __name__ == "__main__":
    path = Path(sys.argv[1])
    main(path)
    main(path.with_stem(path.stem + "-lateral"), "lateral")
