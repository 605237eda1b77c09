"""Lines that are written on a rule."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

pytest.importorskip("cv2")

from gluon_htr.images.augmentation import augment
from gluon_htr.images.augmentation_settings import Augmentation
from gluon_htr.images.ruling import baseline, write_on_rule

FEET = 32  # the row under the small letters of `line`


def line(paper: int = 240) -> np.ndarray:
    """Small letters of eight rows, one with a head and a tail."""
    image = np.full((48, 400), paper, np.uint8)
    image[24:FEET, 20:340:6] = 30
    image[8:44, 200:204] = 30
    return image


def test_the_rule_runs_along_the_feet_of_the_letters() -> None:
    """A rule through the middle of the letters, or through their tails alone, is one that nobody writes on."""
    assert abs(baseline(line()) - FEET) <= 1
    for seed in range(50):
        ruled = write_on_rule(line(), np.random.default_rng(seed))
        assert ruled.shape == line().shape
        assert (ruled <= line()).all()
        rows = np.flatnonzero(ruled[:, 390] < line()[:, 390])  # where nothing is written
        rows = rows[rows > 22]
        assert rows.size
        assert FEET - 5 <= rows.min() <= rows.max() <= FEET + 8


def test_some_lines_show_the_rule_above() -> None:
    """On narrowly ruled paper it runs through the heads of the letters."""
    above = [write_on_rule(line(), np.random.default_rng(seed))[:20, 390].min() < 240 for seed in range(50)]
    assert 0.1 < np.mean(above) < 0.6


def test_a_rule_in_the_corner_is_not_the_color_of_the_paper() -> None:
    """All that a rotation or a smaller scale uncovers would be as dark as the rule."""
    settings = Augmentation(share=1, ruled=1, noise=0, contrast=0, blur=0, thickness=0)
    for seed in range(200):
        corner = augment(line(), settings, np.random.default_rng(seed))[-3:, -20:]  # below all rules and letters
        assert corner.min() > 220


def test_an_empty_line_is_left_as_it_is() -> None:
    """A training would end at the first image without ink."""
    blank = np.full((48, 64), 255, np.uint8)
    assert np.array_equal(write_on_rule(blank, np.random.default_rng(0)), blank)


def test_rules_come_as_often_as_asked_for() -> None:
    """They could not be turned off, or would never come."""
    bare = Augmentation(share=1, rotation=0, elastic=0, noise=0, contrast=0, thickness=0, blur=0, scale=0, stretch=0)
    for ruled in (0.0, 0.3, 1.0):
        settings = msgspec.structs.replace(bare, ruled=ruled)
        images = [augment(line(), settings, np.random.default_rng(seed)) for seed in range(200)]
        found = np.mean([(image[26:42, 355:370].min(axis=1) < 230).any() for image in images])
        assert abs(found - ruled) < 0.1
