"""A single character in pictures of every kind becomes the same input."""

from __future__ import annotations

import numpy as np
import pytest
from characters import draw

from gluon_htr.images.preprocessing import Preprocessing, fit, place

SHAPE = Preprocessing("character", 28, 28)


def test_polarity_contrast_size_and_place_make_no_difference() -> None:
    """A network would read one data set, and nothing that others send."""
    plain = fit(draw("R", 60, 0, 255), SHAPE).astype(int)
    for image in (
        draw("R", 60, 255, 0),  # white on black
        draw("R", 60, 90, 170),  # gray on gray
        draw("R", 60, 0, 255, shift=9),
        np.pad(draw("R", 60, 0, 255), ((30, 0), (0, 50)), constant_values=255),
    ):
        other = fit(image, SHAPE).astype(int)
        assert np.abs(other - plain).mean() < 1
    larger = fit(draw("R", 200, 0, 255), SHAPE).astype(int)
    assert ((larger < 128) == (plain < 128)).mean() > 0.85  # the font has other strokes at another size


def test_ink_fills_the_box_up_to_a_margin_of_two_pixels() -> None:
    """Small characters would stay small, unlike those of EMNIST."""
    for character in "HIw-":
        rows, columns = np.nonzero(fit(draw(character, 60, 0, 255), SHAPE) < 128)
        spans = [np.ptp(rows) + 1, np.ptp(columns) + 1]
        assert 20 <= max(spans) <= 24
        assert min(rows.min(), columns.min(), 27 - rows.max(), 27 - columns.max()) >= 2


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (300, 2), (28, 28)])
def test_a_picture_without_contrast_becomes_paper(shape: tuple[int, int]) -> None:
    """Noise of a scanner would be read as a character."""
    noise = np.random.default_rng(0).integers(200, 215, shape, np.uint8)
    assert (fit(noise, SHAPE) == 255).all()
    assert (fit(np.zeros(shape, np.uint8), SHAPE) == 255).all()


def test_extreme_shapes_stay_within_the_box() -> None:
    """A dot or a long dash would end a training."""
    for height, width in ((1, 1), (1, 5000), (5000, 1), (28, 28), (27, 31)):
        where = place(height, width, SHAPE)
        assert where.canvas_width == 28
        assert where.top >= 2
        assert where.left >= 2
        assert where.top + where.height <= 26
        assert where.left + where.width <= 26
    dot = np.full((100, 100), 255, np.uint8)
    dot[50, 50] = 0
    assert fit(dot, SHAPE).min() < 255
