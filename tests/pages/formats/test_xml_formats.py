"""PAGE and ALTO files: valid against their schemas, and read by programs that we did not write."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alto_tools.alto_tools import alto_parse, alto_text
from example_pages import blank, doubtful, page, turned, varied
from hypothesis import given
from lxml import etree
from schemas import schema
from strategies import pages

from gluon_htr.pages.annotations import parse_page, parse_points
from gluon_htr.pages.document import Page
from gluon_htr.pages.formats.alto import alto
from gluon_htr.pages.formats.page_xml import page_xml
from gluon_htr.pages.formats.xml import allowed, on_page

ENCODERS = {"page": page_xml, "alto": alto}
EXAMPLES = {
    "varied": varied(),
    "blank": blank(),
    "turned": turned(varied(), 90),
    "upside down": turned(varied(), 180),
    "turned right": turned(varied(), 270),
    "controls": page("a\0b \x08 \ufffe \x1b]]>"),
    "no line": page(),
    "doubtful": doubtful(),
}


@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.parametrize("example", EXAMPLES)
def test_files_are_valid(name: str, example: str) -> None:
    """Transkribus, eScriptorium and digital libraries refuse files that break their schema."""
    schema(name).assertValid(etree.fromstring(ENCODERS[name](EXAMPLES[example])))


@given(pages())
@pytest.mark.parametrize("name", ENCODERS)
def test_any_page_is_valid_and_reads_back_equal(name: str, written: Page) -> None:
    """A rare character or an odd outline would lose a page, or change it silently."""
    blob = ENCODERS[name](written)
    schema(name).assertValid(etree.fromstring(blob))
    found = parse_page(blob)
    assert (found.image, found.width, found.height) == (allowed(written.source), 1000, 1400)
    assert [line.id for line in found.lines] == [line.id for line in written.lines]
    for line, given_line in zip(found.lines, written.lines):
        assert line.text.split() == allowed(given_line.text).split()
        assert parse_points(line.polygon).tolist() == [list(point) for point in on_page(given_line.polygon, written)]
        assert parse_points(line.baseline).tolist() == [list(point) for point in on_page(given_line.baseline, written)]


def test_other_readings_are_in_page_files() -> None:
    """A person who corrects in Transkribus or eScriptorium would get another reading as the text, or no choice."""
    blob = page_xml(doubtful())
    assert [line.text for line in parse_page(blob).lines] == ["inthe house", "certain"]
    root = etree.fromstring(blob)

    def readings(path: str) -> list[tuple[str | None, str | None, str]]:
        found = root.find(f".//{path}", root.nsmap).findall("TextEquiv", root.nsmap)
        return [(each.get("index"), each.get("conf"), each.findtext("Unicode", None, root.nsmap)) for each in found]

    first, second = "TextLine[@id='l0']", "TextLine[@id='l1']"
    assert readings(f"{first}/Word[1]") == [
        ("0", "0.8750", "inthe"),
        ("1", "0.3000", "in the"),
        ("2", "0.1000", "<nthe>"),
    ]
    assert readings(f"{first}/Word[2]") == [(None, "0.8750", "house")]
    assert readings(first) == [("0", "0.7500", "inthe house"), ("1", "0.3000", "in the house")]
    assert readings(second) == [(None, "0.7500", "certain")]


def test_other_readings_are_in_alto_files() -> None:
    """A library's search would not find the word that was really written."""
    blob = alto(doubtful())
    assert [line.text for line in parse_page(blob).lines] == ["inthe house", "certain"]
    root = etree.fromstring(blob)
    found = [
        (each.getparent().get("CONTENT"), each.text, each.get("PURPOSE"))
        for each in root.iterfind(".//ALTERNATIVE", root.nsmap)
    ]
    assert found == [
        ("inthe", "in the", "recognition, probability 0.3000"),
        ("inthe", "<nthe>", "recognition, probability 0.1000"),
    ]


@pytest.mark.parametrize("encode", ENCODERS.values())
def test_regions_are_in_reading_order_and_say_their_kind(encode: Callable[[Page], bytes]) -> None:
    """Notes in the margin would be mixed into the text by whoever reads the file."""
    root = etree.fromstring(encode(varied()))
    references = [element.get("regionRef") or element.get("REF") for element in root.iterfind(".//{*}ReadingOrder//*")]
    assert [name for name in references if name] == ["r1", "r2", "r3", "r4"]
    assert b"marginalia" in encode(varied())
    assert b"marginalia" not in encode(page("text only"))


def ocrd_parser() -> Any:
    """The parser that OCR-D generated from the schema. ocrd_models needs 60 packages, but this file none of them."""
    found = importlib.util.find_spec("ocrd_models")
    if not found or not found.origin:
        pytest.skip("OCR-D's parser is not installed: pip install --no-deps ocrd_models")
    path = Path(found.origin).parent / "ocrd_page_generateds.py"
    specification = importlib.util.spec_from_file_location("ocrd_page", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_another_parser_reads_the_same_page_file(tmp_path: Path) -> None:
    """Only our own reader would understand our files."""
    path = tmp_path / "a.xml"
    path.write_bytes(page_xml(varied()))
    found = ocrd_parser().parse(str(path), silence=True).get_Page()
    lines, given_lines = found.get_TextRegion()[0].get_TextLine(), varied().regions[0].lines
    assert [text_of(line) for line in lines] == [line.text for line in given_lines]
    words = [[text_of(word) for word in line.get_Word()] for line in lines]
    assert words == [[word.text for word in line.words] for line in given_lines]
    assert [len(region.get_TextLine()) for region in found.get_TableRegion()[0].get_TextRegion()] == [2]
    points = [parse_points(line.get_Coords().get_points()).tolist() for line in lines]
    assert points == [[list(at) for at in on_page(line.polygon, varied())] for line in given_lines]


def text_of(element: Any) -> str:
    return element.get_TextEquiv()[0].get_Unicode()


def test_another_parser_reads_the_same_alto_file(capsys: pytest.CaptureFixture[str]) -> None:
    """Only our own reader would understand our files."""
    _, tree, namespace = alto_parse(io.BytesIO(alto(varied())))
    alto_text(tree, namespace)
    assert capsys.readouterr().out.split() == varied().text.split()


@pytest.mark.parametrize(("orientation", "written"), [(0, "0"), (90, "90"), (180, "180"), (270, "-90")])
def test_a_turned_page_says_how_it_is_turned(orientation: int, written: str) -> None:
    """A viewer would show the page on its side."""
    of = turned(page("text"), orientation)
    assert etree.fromstring(page_xml(of)).find("{*}Page").get("orientation") == written
    assert etree.fromstring(alto(of)).find(".//{*}Page").get("ROTATION") == str(orientation)


def test_characters_have_their_confidence_in_both(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who corrects by confidence would see none."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    glyph = etree.fromstring(page_xml(page("ab"))).find(".//{*}Glyph/{*}TextEquiv")
    assert (glyph.get("conf"), glyph[0].text) == ("0.5000", "a")
    glyph = etree.fromstring(alto(page("ab"))).find(".//{*}Glyph")
    assert (glyph.get("GC"), glyph.get("CONTENT")) == ("0.5000", "a")
    assert b"1970-01-01T00:00:00Z" in page_xml(page("ab"))
