"""Draw the synthetic film that the demo scans: `python docs/draw_sample.py demo/sample.png`."""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from spinescan.phantom.film import sample_film


def main(target: Path) -> None:
    """Write the sample film as an 8-bit grey picture."""
    pixels = sample_film().pixels
    target.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.rint(pixels * 255).astype(np.uint8)).save(target)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
