"""Lines on paper, as a camera sees them."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

pytest.importorskip("cv2")

from gluon_htr.images.augmentation_settings import PaperSettings
from gluon_htr.images.paper import on_paper

NOTHING = PaperSettings(**dict.fromkeys(PaperSettings.__struct_fields__, 0.0))


def line(height: int = 48, width: int = 640) -> np.ndarray:
    image = np.full((height, width), 250, np.uint8)
    for left in range(width // 32, width - width // 16, width // 16):
        image[height // 20 : height - height // 20, left : left + max(1, height // 12)] = 20
    return image


def only(name: str) -> PaperSettings:
    return msgspec.structs.replace(NOTHING, **{name: 1.0})


def contrast(clean: np.ndarray, seen: np.ndarray) -> float:
    """Gray levels between the paper beside the strokes and the middle of the strokes, on average."""
    ink = clean < 100
    near = np.zeros_like(ink)
    near[:, 12:-12] = ink[:, 24:] | ink[:, :-24]
    return float(seen[near & ~ink].mean() - seen[ink].mean())


@pytest.mark.parametrize("name", PaperSettings.__struct_fields__)
def test_each_change_shows_and_leaves_the_writing_there(name: str) -> None:
    """A stain or shadow that hides the ink teaches the network to guess."""
    for seed in range(40):
        seen = on_paper(line(), only(name), np.random.default_rng(seed))
        assert seen.shape == line().shape
        assert seen.dtype == np.uint8
        assert abs(contrast(line(), seen)) > 25, seed
    assert any(not np.array_equal(on_paper(line(), only(name), np.random.default_rng(s)), line()) for s in range(10))


def test_all_at_once_can_still_be_read() -> None:
    """Lines without any ink would be taught as text."""
    contrasts = [
        contrast(line(), on_paper(line(), PaperSettings(), np.random.default_rng(seed))) for seed in range(300)
    ]
    assert np.quantile(contrasts, 0.02) > 20


def test_the_same_seed_gives_the_same_paper() -> None:
    """A resumed training would see other images."""
    first, second, other = (on_paper(line(), PaperSettings(), np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_the_given_line_is_left_alone() -> None:
    """The second epoch would stain what the first had stained."""
    image = line()
    for seed in range(30):
        on_paper(image, PaperSettings(), np.random.default_rng(seed))
    assert np.array_equal(image, line())


@pytest.mark.parametrize("size", [(1, 1), (2, 3000), (300, 4), (64, 64), (500, 3000)])
def test_any_size_is_papered(size: tuple[int, int]) -> None:
    """One odd crop would end a training."""
    for seed in range(12):
        image = np.full(size, 255, np.uint8)
        assert on_paper(image, PaperSettings(), np.random.default_rng(seed)).shape == size
