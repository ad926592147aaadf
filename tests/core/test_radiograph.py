import numpy as np
import pytest

from spinescan.core.radiograph import Radiograph, SpacingOrigin


def film(**changes: object) -> Radiograph:
    values: dict[str, object] = {"pixels": np.full((4, 3), 0.5, np.float32), "sha256": "0" * 64}
    return Radiograph(**(values | changes))  # type: ignore[arg-type]


def test_size_is_rows_then_columns() -> None:
    assert film().size == (4, 3)


def test_pixels_are_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        film().pixels[0, 0] = 1


def test_nothing_is_known_of_a_plain_film() -> None:
    plain = film()
    assert plain.spacing_mm is None
    assert plain.spacing_origin is SpacingOrigin.UNKNOWN
    assert plain.declared_view is None
    assert plain.patient_left is None


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 3), np.float64),
        np.zeros((4, 3, 3), np.float32),
        np.zeros((0, 3), np.float32),
        np.full((4, 3), 1.01, np.float32),
        np.full((4, 3), -0.01, np.float32),
        np.full((4, 3), np.nan, np.float32),
    ],
)
def test_refuses_pixels_that_are_not_grey_values(pixels: np.ndarray) -> None:
    with pytest.raises(ValueError, match="pixels must"):
        film(pixels=pixels)


@pytest.mark.parametrize("aspect", [0.0, -1.0, np.nan, np.inf])
def test_refuses_an_impossible_aspect(aspect: float) -> None:
    with pytest.raises(ValueError, match="pixel_aspect"):
        film(pixel_aspect=aspect)


@pytest.mark.parametrize("spacing", [(0.0, 0.1), (0.1, -0.1), (np.nan, 0.1), (np.inf, 0.1)])
def test_refuses_an_impossible_spacing(spacing: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="spacing_mm"):
        film(spacing_mm=spacing)
