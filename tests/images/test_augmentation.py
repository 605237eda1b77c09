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
