"""What PAGE files say of a line, and in which order."""

from __future__ import annotations

import pytest

from gluon_htr.pages.annotations import parse_page, parse_points


def test_the_text_of_a_line_is_its_own_and_the_first_alternative() -> None:
    """Words, glyphs and rejected readings would be mixed into the label."""
    xml = (
        "<p:PcGts xmlns:p='x'><p:Page><p:TextLine id='a'>"
        "<p:Word><p:Glyph><p:TextEquiv><p:Unicode>G</p:Unicode></p:TextEquiv></p:Glyph>"
        "<p:TextEquiv><p:Unicode>Word</p:Unicode></p:TextEquiv></p:Word>"
        "<p:TextEquiv index='1'><p:Unicode>wrong</p:Unicode></p:TextEquiv>"
        "<p:TextEquiv index='0'><p:PlainText>x</p:PlainText><p:Unicode>the &amp;\n line</p:Unicode></p:TextEquiv>"
        "</p:TextLine><p:TextLine id='b'>"
        "<p:Word><p:TextEquiv><p:Unicode>two</p:Unicode></p:TextEquiv></p:Word>"
        "<p:Word><p:TextEquiv><p:Unicode>words</p:Unicode></p:TextEquiv></p:Word></p:TextLine></p:Page></p:PcGts>"
    )
    assert [found.text for found in parse_page(xml.encode()).lines] == ["the & line", "two words"]


def test_points_may_be_parted_by_commas_or_blanks() -> None:
    """One of the two programs that are used most would not be read."""
    assert parse_points("1,2 3,4").tolist() == parse_points("1 2  3 4\n").tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("ranks", "text"), [(("", ""), "Dear Dear"), (("1", "2"), "Dear Dear"), (("2", "1"), "Bear Bear")]
)
def test_a_word_has_the_alternative_of_the_lowest_index_and_among_equals_the_first(
    ranks: tuple[str, str], text: str
) -> None:
    """Lines would be "Dear Bear", or have no text where a program counts from one."""
    indices = [f" index='{rank}'" if rank else "" for rank in ranks]
    readings = "".join(
        f"<TextEquiv{index}><Unicode>{reading}</Unicode></TextEquiv>"
        for index, reading in zip(indices, ("Dear", "Bear"))
    )
    xml = f"<PcGts><Page><TextLine>{f'<Word>{readings}</Word>' * 2}</TextLine></Page></PcGts>"
    assert [found.text for found in parse_page(xml.encode()).lines] == [text]
