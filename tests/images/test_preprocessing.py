"""What the network sees of an image."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gluon_htr.images.preprocessing import Preprocessing, fit

NOTEBOOK = Preprocessing(mode="box", height=32, width=128, resample="linear")
LINES = Preprocessing(mode="height", height=48, width=2048, width_multiple=32)


def notebook_rule(image: np.ndarray) -> np.ndarray:
    """The notebook's own code, with OpenCV."""
    cv2 = pytest.importorskip("cv2")
    height, width = image.shape
    if height > 32 or width > 128:
        ratio = min(32 / height, 128 / width)
        height, width = max(1, int(height * ratio)), max(1, int(width * ratio))
        image = cv2.resize(image, (width, height))
    down, across = 32 - height, 128 - width
    paper = max(230, int(image[0, 0]))
    edges = (down // 2, down - down // 2, across // 2, across - across // 2)
    return cv2.copyMakeBorder(image, *edges, cv2.BORDER_CONSTANT, value=paper)


@pytest.mark.parametrize("shape", [(70, 150), (20, 90), (33, 128), (32, 129), (200, 40), (1, 1), (64, 1882), (300, 7)])
def test_the_notebooks_rule_is_matched_within_one_gray_level(shape: tuple[int, int]) -> None:
    """Results of the original could not be compared with ours."""
    random = np.random.default_rng(0)
    image = random.integers(0, 256, shape).astype(np.uint8)
    image[: shape[0] // 8, : shape[1] // 8] = random.integers(225, 256, (shape[0] // 8, shape[1] // 8))  # light corner
    ours, theirs = fit(image, NOTEBOOK).astype(int), notebook_rule(image).astype(int)
    assert np.abs(ours - theirs).max() <= 1


def test_a_small_image_is_never_enlarged_and_stands_in_the_middle() -> None:
    """Punctuation marks would become as large as words."""
    image = np.zeros((10, 20), np.uint8)
    fitted = fit(image, NOTEBOOK)
    assert np.argwhere(fitted == 0).min(axis=0).tolist() == [11, 54]
    assert (fitted == 0).sum() == 200


def test_padding_is_light_even_beside_dark_corners() -> None:
    """A word that touches the corner would be padded with ink."""
    assert fit(np.full((10, 20), 40, np.uint8), NOTEBOOK)[0, 0] == 230
    assert fit(np.full((10, 20), 250, np.uint8), NOTEBOOK)[0, 0] == 250


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 300), st.integers(1, 3000))
def test_any_size_gives_a_width_that_the_network_takes(height: int, width: int) -> None:
    """A line of an odd size would stop the network."""
    image = np.full((height, width), 255, np.uint8)
    assert fit(image, NOTEBOOK).shape == (32, 128)
    fitted = fit(image, LINES)
    assert fitted.shape[0] == 48
    assert fitted.shape[1] % 32 == 0
    assert fitted.shape[1] <= 2048


def test_a_line_of_twenty_thousand_pixels_is_shrunk_not_refused() -> None:
    """One absurd image would exhaust the memory of a whole batch."""
    assert fit(np.full((60, 20_000), 255, np.uint8), LINES).shape == (48, 2048)


def test_thin_strokes_survive_shrinking() -> None:
    """A pencil line one pixel wide would vanish between the samples of a large scan."""
    image = np.full((480, 1920), 255, np.uint8)
    image[:, 5::160] = 0
    assert fit(image, LINES).min(axis=0).min() < 240
    assert (fit(image, LINES).min(axis=0) < 240).sum() >= 12
