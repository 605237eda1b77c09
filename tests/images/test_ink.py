"""Pen strokes as images."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support import is_framed

pytest.importorskip("cv2")

from gluon_htr.images.ink import PLAIN, PenStyle, level, render


def letters(count: int = 8) -> list[np.ndarray]:
    """A row of circles and bars, 100 units high."""
    turn = np.linspace(0, 2 * np.pi, 40)
    circles = [np.stack([60 * k + 25 * np.cos(turn), 70 + 30 * np.sin(turn)], 1) for k in range(count)]
    bars = [np.array([[60 * k + 25, 0], [60 * k + 25, 50], [60 * k + 25, 100]]) for k in range(count)]
    return [stroke.astype(np.float32) for pair in zip(circles, bars) for stroke in pair]


def test_the_same_seed_draws_the_same_line() -> None:
    """A packed data set could not be made again."""
    first, second, other = (render(letters(), PenStyle(), np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, second)
    assert first.shape != other.shape or not np.array_equal(first, other)


def test_no_ink_is_cut_off() -> None:
    """Half a letter at the edge would be taught as a whole one."""
    for margin in (0.0, 0.2):
        for seed in range(50):
            image = render(letters(), replace(PenStyle(), margin=margin), np.random.default_rng(seed))
            assert (image < 200).sum() > 500
            assert is_framed(image), f"seed {seed}: ink at the edge"
            assert not is_framed(image[:, 24:-24])


def test_the_height_is_the_style_s() -> None:
    """Lines of a few pixels' height would be enlarged to a blur."""
    for seed in range(20):
        image = render(letters(), PenStyle(height=64), np.random.default_rng(seed))
        assert 64 <= image.shape[0] <= 64 * 1.5
        assert image.dtype == np.uint8


def test_a_plain_style_draws_the_strokes_where_they_are() -> None:
    """A validation set that changes with each look is none."""
    images = [render(letters(), PLAIN, np.random.default_rng(0)) for _ in range(2)]
    assert np.array_equal(*images)
    bars = (images[0] < 128).sum(0)
    assert (bars > 50).sum() >= 8  # pixels: the eight upright bars stand upright


def test_a_wider_pen_leaves_more_ink() -> None:
    """All hands would write with the same pen."""
    thin, thick = (render(letters(), replace(PLAIN, pen=(pen, pen)), np.random.default_rng(0)) for pen in (0.03, 0.08))
    assert (thick < 128).sum() > 2 * (thin < 128).sum()


def test_a_line_that_rises_is_made_level() -> None:
    """Letters on a rising line would be drawn at half their size."""
    rising = [stroke + np.outer(stroke[:, 0], [0, -0.15]) for stroke in letters(24)]
    ys = np.concatenate(level(rising))[:, 1]
    assert np.ptp(ys) == pytest.approx(100, rel=0.1)


@pytest.mark.parametrize(
    "strokes",
    [
        [np.array([[5.0, 5.0]])],
        [np.array([[0.0, 0.0], [300.0, 0.0]])],
        [np.array([[0.0, 0.0], [0.0, 300.0]])],
        [np.full((7, 2), 3.0)],
        [np.zeros((0, 2)), np.array([[1.0, 1.0], [2.0, 2.0]])],
    ],
    ids=["dot", "dash", "bar", "standing pen", "empty stroke"],
)
def test_strange_strokes_are_drawn(strokes: list[np.ndarray]) -> None:
    """One dot among ten thousand lines would end the preparation."""
    for seed in range(5):
        image = render(strokes, PenStyle(), np.random.default_rng(seed))
        assert (image < 200).any()
        assert is_framed(image)
        assert max(image.shape) < 8000


def test_no_strokes_are_refused() -> None:
    """An empty picture with a text teaches nothing."""
    with pytest.raises(ValueError, match="no strokes"):
        render([], PenStyle(), np.random.default_rng(0))
