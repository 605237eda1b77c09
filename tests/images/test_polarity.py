"""Chalk on a board is inverted; ink on paper never is."""

from __future__ import annotations

import tarfile

import numpy as np
import pytest
from letters import WORDS, array
from support import SAMPLE

from gluon_htr.images.decoding import decode
from gluon_htr.images.polarity import dark_on_light, is_inverted


@pytest.mark.parametrize("word", WORDS)
def test_a_negative_is_recognized(word: str) -> None:
    """White on black would be read as noise."""
    image = array(word)
    negative = np.uint8(255) - image
    np.testing.assert_array_equal(dark_on_light(image), image)
    np.testing.assert_array_equal(dark_on_light(negative), image)


def test_dense_ink_and_dots_stay_as_they_are() -> None:
    """A full stop that fills its crop would turn into a white hole."""
    dot = np.full((9, 9), 30, np.uint8)
    dot[0, 0] = dot[-1, -1] = 250
    dash = np.full((14, 40), 240, np.uint8)
    dash[2:12, 1:39] = 25
    bold = np.full((40, 60), 235, np.uint8)
    bold[5:35, 3:57] = 40
    for image in (dot, dash, bold, np.zeros((30, 30), np.uint8), np.full((30, 30), 90, np.uint8)):
        assert not is_inverted(image)


def test_a_photograph_in_the_dark_is_no_negative() -> None:
    """Dark paper with darker ink would be turned around."""
    image = np.random.default_rng(0).normal(85, 6, (60, 200)).clip(0, 255).astype(np.uint8)
    image[20:40, 30:160:7] = 30
    assert not is_inverted(image)
    image[25:30, 40:60] = 120  # a spot of light
    assert not is_inverted(image)


def test_no_line_of_the_sample_is_inverted_and_their_negatives_are() -> None:
    """What a model was trained on would be altered before it is read."""
    archive = SAMPLE / "iam" / "lines.tgz"
    if not archive.is_file():
        pytest.skip("the real sample is not here")
    found = missed = 0
    with tarfile.open(archive) as tar:
        for member in tar:
            if not member.isfile() or not member.name.endswith((".png", ".webp")):
                continue
            image = decode(tar.extractfile(member).read())  # type: ignore[union-attr]
            assert not is_inverted(image), member.name
            found += 1
            missed += not is_inverted(np.uint8(255) - image)
    assert found > 20
    assert missed <= 0.05 * found


def on_ground(word: str, ground: int, ink: int) -> np.ndarray:
    """A word in ink of one gray on a ground of another."""
    share = (255 - array(word).astype(float)) / 255
    return np.round(ground + share * (ink - ground)).astype(np.uint8)


@pytest.mark.parametrize("ground", [0, 60, 110, 113, 150, 180, 200])
@pytest.mark.parametrize("word", WORDS[:3])
def test_light_ink_is_found_on_a_ground_of_any_gray(word: str, ground: int) -> None:
    """A white pen on brown paper would be read as noise, with confidence."""
    assert is_inverted(on_ground(word, ground, 255))


@pytest.mark.parametrize("ground", [90, 113, 150, 180, 200, 255])
@pytest.mark.parametrize("word", WORDS[:3])
def test_dark_ink_is_never_inverted_whatever_the_ground(word: str, ground: int) -> None:
    """Ink on colored or shaded paper, with glare on it, would become a negative."""
    image = on_ground(word, ground, 10)
    assert not is_inverted(image)
    lit = image.astype(float)
    middle = image.shape[1] // 2
    lit[8:-8, middle - 15 : middle + 15] += np.hanning(30) * (250 - ground)
    assert not is_inverted(lit.clip(0, 255).astype(np.uint8))


def test_a_page_on_a_dark_table_is_no_negative() -> None:
    """Photographs of books, whose edges are dark and whose paper is shaded, would be inverted."""
    page = np.full((600, 800), 60, np.uint8)
    page[20:580, 20:780] = np.linspace(150, 235, 760).astype(np.uint8)
    page[100:500:20, 60:700:5] -= 60
    assert not is_inverted(page)
