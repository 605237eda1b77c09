"""Images that every bundle carries to prove itself."""

from __future__ import annotations

import string

import pytest

from gluon_htr.exporting.golden import draw_golden
from gluon_htr.images.decoding import decode
from gluon_htr.images.preprocessing import Preprocessing


@pytest.mark.parametrize("mode", ["box", "height"])
def test_a_model_of_digits_is_shown_numbers(mode: str) -> None:
    """It would guess at letters, and be called damaged on a machine that rounds otherwise."""
    preprocessing = Preprocessing(mode=mode, height=32, width=256)  # type: ignore[arg-type]
    numbers = draw_golden(preprocessing, string.digits)
    assert len(numbers) == 5
    widths = [decode(png).shape[1] for png in numbers]
    assert widths.index(max(widths)) == 3  # twenty digits
    assert widths.index(min(widths)) == 2  # one
    for characters in (string.digits + "abc", "abc", "好人"):
        assert not set(numbers) & set(draw_golden(preprocessing, characters))
