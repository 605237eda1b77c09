"""Texts in stroke fonts."""

from __future__ import annotations

import string

import numpy as np
import pytest

pytest.importorskip("HersheyFonts")

from gluon_htr.synthesis.fonts.stroke_fonts import CAPITAL, FONTS, HersheyFont, glyphs, write
from gluon_htr.synthesis.texts.sampler import IAM


@pytest.mark.parametrize("font", FONTS)
def test_every_character_has_a_shape_of_its_own(font: str) -> None:
    """A font that draws nothing, or Greek, for a letter would teach a network to read what is not there."""
    known = glyphs(font)
    assert set(IAM) <= known.keys()
    shapes = {character: b"".join(stroke.tobytes() for stroke in known[character].strokes) for character in IAM}
    assert [character for character, shape in shapes.items() if not shape] == [" "]
    alike = [character for character, shape in shapes.items() if list(shapes.values()).count(shape) > 1]
    assert alike in ([], ["l", "I"])  # one bar without serifs, as in many hands


@pytest.mark.parametrize("font", FONTS)
def test_letters_stand_on_the_baseline(font: str) -> None:
    """Capitals that hang, or descenders that stand, would look like other letters."""
    known = glyphs(font)
    for character in "HIEx0":
        lowest = max(stroke[:, 1].max() for stroke in known[character].strokes)
        assert abs(lowest) <= 2
    highest = min(stroke[:, 1].min() for stroke in known["E"].strokes)
    assert highest == pytest.approx(-CAPITAL, abs=2)
    assert max(stroke[:, 1].max() for stroke in known["g"].strokes) > 4


def test_shares_add_up() -> None:
    """numpy would refuse to draw from them."""
    assert sum(FONTS.values()) == pytest.approx(1)


def test_the_same_letters_are_never_written_alike() -> None:
    """A network would learn the fonts by heart and read no hand."""
    strokes = write("oooooooo", HersheyFont("futural"), np.random.default_rng(0))
    assert len(strokes) == 8
    shapes = [np.round(stroke - stroke.min(0), 2) for stroke in strokes]
    assert len({shape.tobytes() for shape in shapes}) == 8


def test_letters_follow_each_other_and_words_are_parted() -> None:
    """Lines in the wrong order, or words that run together, would have the wrong text."""
    for seed in range(30):
        for font in FONTS:
            strokes = write("III III", HersheyFont(font), np.random.default_rng(seed))
            middles = sorted(float(stroke[:, 0].mean()) for stroke in strokes)
            gaps = np.diff(middles)
            gap = int(np.argmax(gaps))
            assert gap + 1 == len(middles) / 2, f"{font}, seed {seed}"


def test_a_pen_that_is_not_lifted_joins_letters_but_no_words_and_no_signs() -> None:
    """A stroke across a space would be read as a sign, and letters that never touch teach nothing of joined ones."""
    font, text = HersheyFont("futural"), "LI.LI 1L L"
    apart = [write(text, font, np.random.default_rng(seed), 0.0) for seed in range(200)]
    joined = [write(text, font, np.random.default_rng(seed), 0.0, joins=1.0) for seed in range(200)]
    fewer = {len(one) - len(other) for one, other in zip(apart, joined)}
    assert fewer == {0, 1, 2}  # L and I twice, and nothing else


def test_what_a_font_lacks_is_refused() -> None:
    """A letter that is left out would still stand in the text."""
    with pytest.raises(ValueError, match="lacks ü"):
        write("für", HersheyFont("scripts"), np.random.default_rng(0))
    with pytest.raises(ValueError, match="nothing to write"):
        write("  ", HersheyFont("scripts"), np.random.default_rng(0))


def test_all_of_ascii_can_be_written() -> None:
    """One rare sign would end a preparation of a million lines."""
    for font in FONTS:
        assert write(string.printable[:95], HersheyFont(font), np.random.default_rng(1))
