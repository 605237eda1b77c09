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


def test_points_of_2010_are_elements() -> None:
    """Files of the first version of PAGE would seem to have no places."""
    page = parse_page(
        b"""<PcGts><Page imageWidth="100" imageHeight="80"><TextRegion><Coords><Point x="9" y="9"/></Coords>
        <TextLine id="l"><Coords><Point x="1" y="2"/><Point x="30" y="2"/><Point x="30" y="12"/></Coords>
        <Baseline><Point x="1" y="11"/><Point x="30" y="11"/></Baseline></TextLine></TextRegion></Page></PcGts>"""
    )
    (line,) = page.lines
    assert parse_points(line.polygon).tolist() == [[1, 2], [30, 2], [30, 12]]
    assert parse_points(line.baseline).tolist() == [[1, 11], [30, 11]]


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


def alto(*lines: str) -> list[str]:
    """The texts of lines of ALTO, given by their children."""
    text = "".join(f'<TextLine HPOS="0" VPOS="0" WIDTH="9" HEIGHT="9">{line}</TextLine>' for line in lines)
    return [line.text for line in parse_page(f"<alto><Layout><Page>{text}</Page></Layout></alto>".encode()).lines]


def strings(text: str) -> str:
    """Strings of the parts of a text between bars; a part `_` is a space."""
    return "".join("<SP/>" if part == "_" else f'<String CONTENT="{part}"/>' for part in text.split("|"))


def test_where_a_file_has_spaces_they_are_the_spaces() -> None:
    """Punctuation would stand apart from its word, or words run together."""
    assert alto(strings("Hello|,|_|old|_|world|!")) == ["Hello, old world!"]
    assert alto(strings("Hello|,|old")) == ["Hello , old"]  # as before: no file of this kind tells
    assert alto(strings("a|_|b"), strings("end|.")) == ["a b", "end."]
    assert alto(strings("a|_|b"), strings("two|words")) == ["a b", "two words"]  # its program has left SP out
    assert alto(strings("_|x|_|_|y|_")) == ["x y"]


def test_hyphens_end_their_word() -> None:
    """`hand -` would be learned, or `hand--`, or nothing of a hyphen on its own."""
    hyphen = '<HYP CONTENT="-"/>'
    assert alto(strings("by|_|hand") + hyphen) == ["by hand-"]
    assert alto(strings("by|hand") + hyphen) == ["by hand-"]
    assert alto(strings("by|_|hand-") + hyphen) == ["by hand-"]
    assert alto(hyphen) == ["-"]


@pytest.mark.parametrize(
    ("readings", "text"),
    [
        ([(' index="1"', "ocr"), ("", "person")], "person"),
        ([("", "ocr"), (' index="0"', "person")], "person"),
        ([(' conf="0.4"', "worse"), (' conf="0.9"', "better")], "better"),
        ([(' conf="0.99"', "ocr"), ("", "person")], "person"),
        ([("", "first"), ("", "second")], "first"),
        ([(' index="x"', "odd"), (' index="2"', "second")], "odd"),
    ],
)
def test_readings_without_an_index(readings: list[tuple[str, str]], text: str) -> None:
    """What a program guessed would be learned instead of what a person wrote, or one odd index cost the whole file."""
    found = "".join(
        f"<TextEquiv{attributes}><Unicode>{reading}</Unicode></TextEquiv>" for attributes, reading in readings
    )
    line = f'<TextLine id="l">{found}</TextLine>'
    [parsed] = parse_page(f"<PcGts><Page><TextRegion>{line}</TextRegion></Page></PcGts>".encode()).lines
    assert parsed.text == text
