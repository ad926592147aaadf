"""What the HTML pages share: each is one file, with no script, and untrusted text is escaped."""

import base64
from io import BytesIO

from jinja2 import Environment, PackageLoader, StrictUndefined
from PIL import Image


def page_environment(package: str) -> Environment:
    """Templates of a package's `templates` folder; what a template lacks is an error."""
    environment = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["words"] = lambda name: name.replace("_", " ")
    return environment


def embedded_jpeg(picture: Image.Image, longest: int | None = None, *, quality: int = 82) -> str:
    """The picture as a data address, reduced so that its longer side is at most `longest` pixels.

    From a quality of 88 on, colours keep their full resolution: thin lines stay sharp.
    """
    if longest is not None:
        picture = picture.copy()
        picture.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    out = BytesIO()
    subsampling = 0 if quality >= 88 else -1
    picture.save(out, "JPEG", quality=quality, subsampling=subsampling, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode("ascii")
