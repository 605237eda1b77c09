"""Pictures of the worst lines show what is wrong, in any script."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from gluon_htr.comparison.picture import WRONG, Line, draw, marked


def red(content: bytes) -> int:
    """Number of pixels in the color of errors."""
    return int((np.asarray(Image.open(io.BytesIO(content))) == WRONG).all(axis=2).sum())


def test_wrong_and_missing_characters_are_marked() -> None:
    """A user would search each line for its error."""
    assert "".join(c for c, _ in marked("decade", "dexade")) == "dexade"
    assert [k for k, (_, wrong) in enumerate(marked("decade", "dexade")) if wrong] == [2]
    assert marked("abc", "ac") == [("a", False), ("_", True), ("c", False)]
    assert marked("ac", "abc")[1] == ("b", True)
    assert marked("ab", "") == [("_", True), ("_", True)]


def test_only_errors_are_red() -> None:
    """A line that is right would look wrong."""
    image = np.full((20, 90), 128, np.uint8)
    assert red(draw([Line("1", image, "bead", "bead", "bead")])) == 0
    assert red(draw([Line("1", image, "bead", "bead", "beaf")])) > 0
    assert red(draw([Line("1", image, "a b", "a b", "ab")])) > 0


def test_any_script_and_size_is_drawn() -> None:
    """A line without a font, without an image or of 2,000 letters would end the command."""
    lines = [
        Line("ש", np.zeros((3, 9000), np.uint8), "שלום", "שלוס", ""),
        Line("你", np.zeros((900, 2), np.uint8), "你好\U0001f600", "你", "x" * 2000),
        Line("gone", None, "", "", "a"),
    ]
    picture = Image.open(io.BytesIO(draw(lines)))
    assert picture.width == 1400
    assert picture.height < 900
    assert Image.open(io.BytesIO(draw([]))).height > 0
