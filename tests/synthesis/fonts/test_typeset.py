"""Texts in the fonts of a machine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("fontTools")
matplotlib = pytest.importorskip("matplotlib")

from PIL import features

from gluon_htr.errors import DataError
from gluon_htr.synthesis.fonts.layout import LineLayout
from gluon_htr.synthesis.fonts.shaping import needs_shaping
from gluon_htr.synthesis.fonts.small_capitals import Capitals
from gluon_htr.synthesis.fonts.typeset import Face, drawable, faces, typeset
from gluon_htr.synthesis.texts.sampler import IAM
from gluon_htr.text.direction import reordered

FOLDER = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
SANS = Face(str(FOLDER / "DejaVuSans.ttf"))


def plain(text: str, layout: LineLayout = LineLayout()) -> np.ndarray:  # noqa: B008
    return typeset(text, SANS, layout, np.random.default_rng(0))


def ink_box(image: np.ndarray) -> tuple[int, int, int, int]:
    """White rows above and below, white columns to the left and right."""
    rows, columns = (np.flatnonzero((image < 250).any(axis)) for axis in (1, 0))
    return rows[0], image.shape[0] - 1 - rows[-1], columns[0], image.shape[1] - 1 - columns[-1]


@pytest.mark.parametrize("text", ["fjord", "/f_y/", "Ägypten,", "W", ".", "'", "Ljubljana j'f", "(" * 30])
def test_no_ink_is_cut_off(text: str) -> None:
    """Half a letter at the edge would be taught as a whole one; italics and swashes lean out of their boxes."""
    for seed in range(12):
        random = np.random.default_rng(seed)
        layout = replace(LineLayout.draw(random), margins=(0.1, 0.1, 0.1, 0.1), ink=0)
        face = Face(str(FOLDER / "DejaVuSerif-BoldItalic.ttf"))
        assert min(ink_box(typeset(text, face, layout, random))) >= 1
        bare = replace(layout, slant=0.0, turn=0.0, wander=0.0)
        full = replace(bare, slant=layout.slant, turn=layout.turn)
        inks = [int((255 - typeset(text, face, chosen, random)).sum()) for chosen in (bare, full)]
        assert inks[1] == pytest.approx(inks[0], rel=0.06), f"seed {seed}: slanting lost ink"


def test_the_font_s_proportions_are_kept() -> None:
    """Squashed letters look like no letters."""
    small, large = plain("Hamburg", LineLayout(size=30)), plain("Hamburg", LineLayout(size=90))
    assert large.shape[1] / large.shape[0] == pytest.approx(small.shape[1] / small.shape[0], rel=0.06)
    assert 20 < small.shape[0] < 40 < large.shape[0] < 120


def test_letters_set_one_by_one_are_further_apart() -> None:
    """A spacing that changes nothing would teach one spacing."""
    assert plain("Hamburg", LineLayout(gap=0.1)).shape[1] > plain("Hamburg").shape[1] + 20
    assert plain("Ham burg", LineLayout(word_gap=0.5)).shape[1] > plain("Ham burg").shape[1] + 20


def test_small_capitals_are_capitals_made_smaller() -> None:
    """A writer of block letters would be taught in letters that look like nobody's."""
    half = Capitals(frozenset("hé"), 0.5)
    set_small, capital, small = (
        typeset(text, SANS, LineLayout(size=80), np.random.default_rng(0), capitals)
        for text, capitals in (("h", half), ("H", Capitals()), ("h", Capitals()))
    )
    (height, width), bare = set_small.shape, 2 * (1 + round(0.05 * 80))
    assert height - bare == pytest.approx((capital.shape[0] - bare) / 2, abs=1)
    assert width - bare == pytest.approx((capital.shape[1] - bare) / 2, abs=1)
    assert height < small.shape[0]
    accented = typeset("é", SANS, LineLayout(size=80), np.random.default_rng(0), half)
    assert accented.shape[0] > height  # the accent is part of it
    mixed = typeset("ah!", SANS, LineLayout(size=80), np.random.default_rng(0), half)
    assert mixed.shape[0] < plain("ah!", LineLayout(size=80)).shape[0] + 1


def test_slant_and_turn_do_what_they_say() -> None:
    """All generated lines would stand upright."""
    upright, slanted = (plain("IIII", LineLayout(slant=slant)) for slant in (0.0, 0.5))
    assert slanted.shape[1] > upright.shape[1] + 10
    level, reordered = (plain("x" * 20, LineLayout(turn=turn)) for turn in (0.0, 2.0))
    assert reordered.shape[0] > level.shape[0] + 8


def test_a_font_says_what_it_draws() -> None:
    """Lines would be full of boxes, which stand for letters in their text."""
    assert drawable(SANS, set(IAM).__contains__) == frozenset(IAM)
    everything = drawable(SANS, lambda character: True)
    assert everything.issuperset(IAM + "éß€אЖ")
    assert "好" not in everything
    assert drawable(SANS, "a好é \n".__contains__) == frozenset("aé ")
    last_resort = FOLDER / "LastResortHE-Regular.ttf"  # one sign for each script
    assert not last_resort.is_file() or not drawable(Face(str(last_resort)), set(IAM).__contains__) - {" "}
    everything = drawable(Face(str(FOLDER / "cmsy10.ttf")), lambda character: True)
    for character in everything - {" "}:
        assert (
            typeset(character, Face(str(FOLDER / "cmsy10.ttf")), LineLayout(), np.random.default_rng(0)) < 128
        ).any()


@pytest.mark.skipif(not features.check("raqm"), reason="this Pillow cannot write from right to left")
def test_text_from_right_to_left() -> None:
    """Hebrew and Arabic would be drawn backward, beside texts in the order of reading."""
    images = [255 - plain(text).astype(int) for text in ("לא", "אל")]
    first = [image[:, : image.shape[1] // 2].sum() / image.sum() for image in images]
    assert abs(first[0] - first[1]) > 0.02
    alef = 255 - plain("א").astype(int)
    right = images[1][:, -alef.shape[1] :]
    assert right.sum() > 0.6 * alef.sum()


@pytest.mark.skipif(not features.check("raqm"), reason="this Pillow cannot write from right to left")
@pytest.mark.parametrize("text", ["Linux היא מערכת הפעלה", "שלום abc defghij klm", "PDF: קובץ להורדה"])
def test_mixed_lines_are_drawn_in_the_order_of_their_labels(text: str) -> None:
    """The first letter of a line decides in Raqm, most letters do for labels: nothing would be learned from them."""
    order = reordered(text)
    line = plain(text) < 128
    for letter, part in ((order[0], line), (order[-1], line[:, ::-1])):
        alone = plain(letter, LineLayout(margins=(0, 0, 0, 0))) < 128
        alone = alone if letter == order[0] else alone[:, ::-1]
        places = range(line.shape[0] - alone.shape[0] + 1)
        matches = [
            np.mean(part[top : top + alone.shape[0], x : x + alone.shape[1]] == alone)
            for top in places
            for x in range(6)
        ]
        assert max(matches) > 0.95


@pytest.mark.skipif(not features.check("raqm"), reason="this Pillow cannot shape letters")
def test_vowel_signs_stay_with_their_letters() -> None:
    """Lao, Devanagari and their neighbors would be drawn as broken letters on empty circles."""
    for text in ("ກຳນົດ", "ກີ້"):
        spaced, usual = plain(text, LineLayout(gap=0.15)), plain(text)
        assert np.array_equal(spaced, usual)
    assert needs_shaping("वापस")
    assert not needs_shaping("Ägypten 天地 Привет")


def test_nothing_to_draw_is_refused() -> None:
    """An empty picture with a text teaches nothing."""
    with pytest.raises(ValueError, match="no ink"):
        plain(" ")


def test_a_file_that_is_no_font(tmp_path: Path) -> None:
    """One broken download in a folder of fonts would end the work."""
    for name in ("broken.ttf", "broken.ttc"):
        (tmp_path / name).write_bytes(b"<html>not found</html>")
        with pytest.raises(DataError, match=r"not a readable font|not a collection"):
            [drawable(face, str.isalpha) for face in faces(str(tmp_path / name))]


def test_every_font_of_a_collection(tmp_path: Path) -> None:
    """CJK fonts come as collections: only the first would be used."""
    from fontTools.ttLib import TTCollection, TTFont

    collection = TTCollection()
    collection.fonts = [TTFont(FOLDER / name) for name in ("DejaVuSans.ttf", "DejaVuSerif.ttf")]
    collection.save(tmp_path / "both.ttc")
    found = faces(str(tmp_path / "both.ttc"))
    images = [typeset("Ragout", face, LineLayout(), np.random.default_rng(0)) for face in found]
    assert len(images) == 2
    assert images[0].shape != images[1].shape
    assert all("R" in drawable(face, str.isalpha) for face in found)
