"""Random changes to training images."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("cv2")

from gluon_htr.images.augmentation import augment
from gluon_htr.images.augmentation_settings import Augmentation


def word() -> np.ndarray:
    image = np.full((48, 192), 245, np.uint8)
    image[20:28, 60:130] = 30
    image[10:38, 90:96] = 30
    return image


def test_the_same_generator_state_gives_the_same_image() -> None:
    """A resumed run would see other images than one that never stopped."""
    first = augment(word(), Augmentation(), np.random.default_rng([1, 2, 3]))
    second = augment(word(), Augmentation(), np.random.default_rng([1, 2, 3]))
    other = augment(word(), Augmentation(), np.random.default_rng([1, 2, 4]))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_the_original_is_left_alone() -> None:
    """The second epoch would augment what the first had augmented."""
    image = word()
    for seed in range(20):
        augment(image, Augmentation(share=1), np.random.default_rng(seed))
    assert np.array_equal(image, word())


def test_ink_stays_ink_and_paper_stays_paper() -> None:
    """Strong settings would wash words out, or push them off the canvas."""
    for seed in range(200):
        changed = augment(word(), Augmentation(share=1), np.random.default_rng(seed))
        assert changed.shape == (48, 192)
        ink = (changed < 140).sum() / (word() < 140).sum()
        assert 0.4 < ink < 2.2
        assert np.median(changed) > 170


def test_nothing_changes_where_nothing_is_asked_for() -> None:
    """Augmentation could not be turned off."""
    off = Augmentation(share=0)
    assert np.array_equal(augment(word(), off, np.random.default_rng(0)), word())


def test_lines_lean_right_more_than_left() -> None:
    """Most hands lean right: half of the images would show what hardly anybody writes."""
    upright = np.full((64, 320), 245, np.uint8)
    upright[4:60, 158:163] = 20
    only_shear = {"rotation": 0, "scale": 0, "stretch": 0, "shift": 0, "elastic": 0, "thickness": 0, "contrast": 0}
    settings = Augmentation(share=1, shear=0.6, lean=0.5, blur=0, noise=0, **only_shear)
    leans = []
    for seed in range(200):
        ink = augment(upright, settings, np.random.default_rng(seed)) < 130
        top, bottom = (np.flatnonzero(ink[rows].any(axis=0)).mean() for rows in (slice(5, 12), slice(52, 59)))
        leans.append((top - bottom) / 47)  # to the right, per row
    assert max(leans) == pytest.approx(0.6, abs=0.03)
    assert min(leans) == pytest.approx(-0.3, abs=0.03)


def test_nothing_is_cut_off_where_lines_may_get_wider() -> None:
    """Labels would have letters that stretching or slanting has moved out of the image."""
    line = np.full((48, 640), 245, np.uint8)
    line[8:40, [2, 3, 4, 635, 636, 637]] = 20
    settings = Augmentation(share=1, shear=0.6, scale=0.3, stretch=0.4, shift=0, elastic=0, rotation=0, widen=32)
    widths = set()
    for seed in range(100):
        changed = augment(line, settings, np.random.default_rng(seed))
        widths.add(changed.shape[1])
        dark = np.flatnonzero((changed < 150).any(axis=0))
        assert dark.max() - dark.min() > 0.4 * 640
        assert dark.min() > 0
        assert dark.max() < changed.shape[1] - 1
    assert min(widths) == 640
    assert max(widths) > 640
    assert all(width % 32 == 0 for width in widths)
