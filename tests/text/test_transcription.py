"""The one convention for transcriptions of pages."""

from __future__ import annotations

import importlib.util
import unicodedata

import pytest
from support import PROJECT

from gluon_htr.text.transcription import plain


@pytest.mark.parametrize(
    ("transcribed", "expected"),
    [
        ("M^e Dupont, 9^e jour", "Me Dupont, 9e jour"),
        ("Mʳ de Volˢ", "Mr de Vols"),
        ("l’en¬", "l'en-"),
        ("“oui” – dit ⋎ il", '"oui" - dit il'),
        ("e\u0301te\u0301  \u00a0 1\u036f85", "été 185"),
        ("Durand &amp;amp; fils", "Durand & fils"),
        ("ſeſſion", "ſeſſion"),
        ("in fine...", "in fine..."),
    ],
)
def test_editors_marks_become_plain_text(transcribed: str, expected: str) -> None:
    """A model would learn the marks of twenty editors, and be scored on them."""
    found = plain(transcribed)
    assert found == expected
    assert found == unicodedata.normalize("NFC", found)


@pytest.mark.parametrize("transcribed", ["le <...> jour", "un [...] mot", "⟦non⟧ oui", "Vente.....12", "¥", " ^ ", ""])
def test_lines_that_nobody_can_read_have_no_text(transcribed: str) -> None:
    """A model would learn to write dots where it cannot read, and leaders as if they were text."""
    assert plain(transcribed) is None


def test_marks_of_other_scripts_are_letters() -> None:
    """Labels in Thai, Hindi or pointed Hebrew would lose their vowels, without a word."""
    for text in ("कुत्ता", "ที่นี่", "שָׁלוֹם", "Việt Nam"):
        assert plain(text) == unicodedata.normalize("NFC", text)
    assert plain("q\u0303ue bn\u0304") == "que bn"  # strokes of abbreviation, as the collections' own script says


def test_the_convention_is_that_of_the_published_scores() -> None:
    """Figures would be of other texts than those that our scores elsewhere use."""
    file = PROJECT.parent / "shared" / "data" / "pages-more" / "conventions.py"
    if not file.is_file():
        pytest.skip("the collections, ../shared/data/pages-more, are not here")
    specification = importlib.util.spec_from_file_location("conventions", file)
    assert specification
    assert specification.loader
    conventions = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(conventions)
    for text in ("M^e ¬", "Mʳ", "<x> y", "a……b", "«Ça» — ⎀", "x\u0301y", "&lt;...&gt;", "  "):
        assert plain(text) == conventions.plain(text), text
