"""Crops of pages and the classes of their pixels."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_pages import draw_page

from gluon_htr.pages.annotations import parse_page, parse_points
from gluon_htr.training.layout.settings import PageAugmentation
from gluon_htr.training.layout.targets import draw_targets

pytest.importorskip("cv2")
from gluon_htr.training.layout.augmentation import crop

PAGE, XML = draw_page(6, seed=3)
PIXELS = np.asarray(PAGE)
LINES = [(parse_points(line.polygon), parse_points(line.baseline)) for line in parse_page(XML.encode()).lines]

PLAIN = {"contrast": 0.0, "shadow": 0.0, "noise": 0.0, "blur": 0.0, "binary": 0.0, "bleed": 0.0}


def test_lines_stay_on_their_ink() -> None:
    """A network would learn places beside the writing."""
    settings = PageAugmentation(**PLAIN)
    total = outside = 0
    for seed in range(16):
        square, lines = crop(PIXELS, LINES, 1.0, 384, settings, np.random.default_rng(seed))
        ink = square < 128
        total += int(ink.sum())
        outside += int((ink & (draw_targets(lines, 384, 384, "lines") == 0)).sum())
    assert total > 10_000
    assert outside < 0.03 * total


def test_the_same_generator_gives_the_same_crop() -> None:
    """A resumed training would see other crops."""
    one, other = (crop(PIXELS, LINES, 1.0, 128, PageAugmentation(), np.random.default_rng(7)) for _ in range(2))
    assert np.array_equal(one[0], other[0])
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(one[1], other[1]))


def test_baselines_run_from_left_to_right_on_a_mirrored_page() -> None:
    """The ends of a line would lie above and below each other."""
    settings = PageAugmentation(mirror=1.0, rotation=0.0)
    _, lines = crop(PIXELS, LINES, 1.0, 384, settings, np.random.default_rng(1))
    assert lines
    assert all(baseline[0, 0] < baseline[-1, 0] for _, baseline in lines)


def test_the_other_side_of_the_sheet_shows_through_but_is_no_line() -> None:
    """Faint mirrored writing was found as lines, and read."""
    plain, lines = crop(PIXELS, LINES, 1.0, 384, PageAugmentation(**PLAIN), np.random.default_rng(2))
    settings = PageAugmentation(**{**PLAIN, "bleed": 1.0})
    square, same = crop(PIXELS, LINES, 1.0, 384, settings, np.random.default_rng(2))
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(lines, same, strict=True))
    faint = (plain > 200) & (square < plain - 10.0)
    assert faint.mean() > 0.01
    assert square[faint].min() > plain.min()
