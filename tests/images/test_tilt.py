"""Lines that rise or fall, as on photographs that were not held level."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from support import PROJECT

import gluon_htr
from gluon_htr.images.tilt import straighten, tilt

TEXT = "Dear reader, nobody has ever written this line by hand."


@pytest.fixture(scope="module")
def line() -> np.ndarray:
    return np.asarray(Image.open(PROJECT / "examples" / "line.png").convert("L"))


def turned(line: np.ndarray, degrees: float) -> np.ndarray:
    """Turn clockwise, on the paper of the line."""
    paper = int(np.median(line))
    return np.asarray(Image.fromarray(line).rotate(-degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=paper))


@pytest.mark.parametrize("degrees", [-8, -5, -3, 3, 5, 8])
def test_a_tilted_line_is_read(line: np.ndarray, degrees: float) -> None:
    """Whoever does not hold the telephone level would get half of the letters wrong, or nearly all of them."""
    assert gluon_htr.load().read(turned(line, degrees)).text == TEXT


def test_a_tilted_line_of_light_ink_with_paper_around_it_is_read(line: np.ndarray) -> None:
    """Each of the three would be put right alone, but not together."""
    sheet = np.pad(line, 2 * len(line), constant_values=int(np.median(line)))
    assert gluon_htr.load().read(255 - turned(sheet, 6)).text == TEXT


@pytest.mark.parametrize("degrees", [0, -0.5, 1])
def test_a_line_that_is_nearly_level_stays_as_it_is(line: np.ndarray, degrees: float) -> None:
    """Lines that are read well as they are would be resampled, and read otherwise than in training."""
    assert tilt(turned(line, degrees)) == 0


@pytest.mark.parametrize("degrees", [-7, -4, 4, 7])
def test_the_slope_is_that_of_the_line(line: np.ndarray, degrees: float) -> None:
    """A line would be straightened by too much, and rise instead of falling."""
    found = tilt(turned(line, degrees))
    assert found == pytest.approx(degrees, abs=0.75)
    assert tilt(straighten(turned(line, degrees), found)) == 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (400, 1), (48, 2000)])
def test_an_image_without_ink_is_level(shape: tuple[int, int]) -> None:
    """Blank paper would end in an error, or be bent."""
    assert tilt(np.full(shape, 200, np.uint8)) == 0


def test_noise_is_level() -> None:
    """Grain and shadows would be taken for a line, and what is faint in them be sheared."""
    noise = np.random.default_rng(0).integers(0, 256, (60, 900)).astype(np.uint8)
    shadow = np.linspace(40, 230, 900).astype(np.uint8)[None].repeat(60, axis=0)
    assert tilt(noise) == tilt(shadow) == 0


def test_characters_stay_where_they_were_drawn(line: np.ndarray) -> None:
    """Marks drawn around the letters of a tilted line would stand beside them."""
    recognizer = gluon_htr.load()
    level = recognizer.read(line).characters
    height, width = line.shape
    for degrees in (-6, 6):
        tilted = turned(line, degrees)
        cosine, margin = np.cos(np.deg2rad(degrees)), abs(np.sin(np.deg2rad(degrees))) * height
        for straight, other in zip(level, recognizer.read(tilted).characters):
            middle = (straight.left + straight.right) / 2
            expected = tilted.shape[1] / 2 + (middle - width / 2) * cosine
            assert (other.left + other.right) / 2 == pytest.approx(expected, abs=0.5 * height + margin)
