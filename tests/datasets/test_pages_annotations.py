"""What PAGE files say of a line, and in which order."""

from __future__ import annotations

from gluon_htr.datasets.pages_annotations import parse_page, parse_points


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
