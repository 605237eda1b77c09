"""Transparent pictures: the visible pixels decide what their paper is."""

from __future__ import annotations

import numpy as np
import pytest
from letters import draw, encoded
from PIL import Image

from gluon_htr.images.decoding import decode

INK = np.uint8(255) - np.asarray(draw("decade").convert("L"))  # opacity of strokes


def strokes(*color: int) -> Image.Image:
    """Strokes of a color on nothing."""
    image = Image.new("RGBA", INK.shape[::-1], (*color, 0))
    image.putalpha(Image.fromarray(INK))
    return image


@pytest.mark.parametrize("color", [(255, 255, 255), (255, 230, 120), (150, 220, 255), (200, 200, 200)])
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "array", "palette"])
def test_light_ink_on_nothing_is_dark_ink_on_paper(color: tuple[int, int, int], kind: str) -> None:
    """Notes of a tablet in dark mode would be a blank page, with confidence."""
    image = strokes(*color)
    if kind == "array":
        gray = decode(np.asarray(image))
    elif kind == "palette":
        binary = Image.fromarray((INK > 127) * np.uint8(1)).convert("P")
        binary.putpalette([9, 9, 9, *color])
        gray = decode(encoded(binary, transparency=0))
    else:
        gray = decode(encoded(image, kind, **({"lossless": True} if kind == "WEBP" else {})))
    assert np.median(gray) == 255
    assert gray[INK > 200].mean() < 110


@pytest.mark.parametrize("color", [(0, 0, 0), (30, 60, 200), (200, 0, 0)])
def test_dark_ink_on_nothing_stays_as_it_is(color: tuple[int, int, int]) -> None:
    """Ordinary cut-out words would be inverted."""
    gray = decode(encoded(strokes(*color)))
    expected = np.asarray(
        Image.alpha_composite(Image.new("RGBA", INK.shape[::-1], "white"), strokes(*color)).convert("RGB").convert("L")
    )
    assert np.array_equal(gray, expected)


@pytest.mark.parametrize("ink", [30, 150])
def test_paper_that_was_cut_out_stays_paper(ink: int) -> None:
    """A page without its background, written in ink or faint pencil, would be a negative."""
    page = np.full((60, 200), 235, np.uint8)
    page[20:40, 30:170:6] = ink
    image = Image.fromarray(page).convert("RGBA")
    alpha = np.zeros((60, 200), np.uint8)
    alpha[4:-4, 8:-8] = 255
    image.putalpha(Image.fromarray(alpha))
    gray = decode(encoded(image))
    assert gray[10, 20] == 235
    assert gray[0, 0] == 255
    assert gray[30, 30] == ink


def test_a_transparent_value_of_16_bits_is_paper() -> None:
    """The chunk tRNS of a 16-bit gray PNG would be ignored, and its paper black."""
    samples = np.full((40, 40), 0, np.uint16)
    samples[10:20, 5:30:5] = 9000
    samples[30, 20:30] = 65000
    gray = decode(encoded(Image.fromarray(samples), transparency=0))
    assert gray[0, 0] == 255
    assert gray[12, 5] == round(9000 / 257)


def test_nothing_at_all_is_blank_paper() -> None:
    """An empty layer would be black."""
    assert (decode(Image.new("RGBA", (30, 20), (0, 0, 0, 0))) == 255).all()
