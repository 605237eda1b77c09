"""Texts written into the PAGE or ALTO file that gave the lines."""

from __future__ import annotations

import codecs

import pytest
from example_pages import doubtful, page, rectangle, varied
from hypothesis import given
from lxml import etree
from schemas import schema
from strategies import pages

from gluon_htr.errors import AnnotationError
from gluon_htr.pages.annotations import parse_page
from gluon_htr.pages.document import Line, Page
from gluon_htr.pages.formats.alto import alto
from gluon_htr.pages.formats.page_xml import page_xml
from gluon_htr.pages.formats.xml import allowed
from gluon_htr.pages.segmentation import read_segmentation, write_texts

TRANSKRIBUS = """<?xml version="1.0" encoding="{encoding}" standalone="yes"?>
<!-- made by hand: ä -->
<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2013-07-15">
    <Metadata><Creator>prov=me</Creator><TranskribusMetadata docId="1" status="GT"/></Metadata>
    <Page imageFilename="a.jpg" imageWidth="1000" imageHeight="800">
        <TextRegion id="r1" custom="readingOrder {{index:0;}}">
            <Coords points="0,0 900,0 900,700"/>
            <TextLine id="l1" custom="readingOrder {{index:0;}} textStyle {{offset:0; length:3;}}">
                <Coords points="10,10 500,10 500,60"/>
                <Baseline points="10,50 500,50"/>
                <Word id="w1"><Coords points="1,1 2,2"/><TextEquiv><Unicode>old</Unicode></TextEquiv></Word>
                <!-- between -->
                <TextEquiv index="1"><Unicode>worse</Unicode></TextEquiv>
                <TextEquiv index="0"><Unicode>old text</Unicode></TextEquiv>
                <TextStyle fontSize="12"/>
            </TextLine>
            <TextLine id="l2"><Coords points="10,110 500,110 500,160"/></TextLine>
            <TextLine id="l3">
                <Coords points="10,210 500,210 500,260"/>
                <TextEquiv><Unicode>kept &amp; whole</Unicode></TextEquiv>
            </TextLine>
            <TextEquiv><Unicode>old text

kept &amp; whole</Unicode></TextEquiv>
        </TextRegion>
    </Page>
</PcGts>
"""
ALTO_2 = """<alto xmlns="http://www.loc.gov/standards/alto/ns-v2#">
<Description><MeasurementUnit>{unit}</MeasurementUnit></Description>
<Layout><Page ID="p" PHYSICAL_IMG_NR="1" WIDTH="1000" HEIGHT="800"><PrintSpace><TextBlock ID="b">
 <TextLine ID="l1" HPOS="10" VPOS="20" WIDTH="300" HEIGHT="40">
  <String ID="s1" CONTENT="old" HPOS="10" VPOS="20" WIDTH="30" HEIGHT="40"/><SP/>
  <String CONTENT="text"/><HYP CONTENT="-"/>
 </TextLine>
 <TextLine ID="l2" HPOS="10" VPOS="80" WIDTH="300" HEIGHT="40"/>
</TextBlock></PrintSpace></Page></Layout></alto>"""


def read(text: str) -> Line:
    """A line that was read, with words."""
    return page(text).lines[0]


def texts_of(blob: bytes) -> list[str]:
    return [line.text for line in parse_page(blob).lines]


def test_only_what_is_text_of_the_line_changes() -> None:
    """A file would come back without the tags, styles and comments of somebody's long work."""
    before = TRANSKRIBUS.format(encoding="UTF-8")
    after = write_texts(before.encode(), {"l1": Line("l1", "new <text>", 0.5, rectangle(0, 0, 9, 9), ((0, 5), (9, 5)))})
    old = before[before.index('                <Word id="w1">') : before.index("                <TextStyle")]
    new = '                <TextEquiv conf="0.5000"><Unicode>new &lt;text&gt;</Unicode></TextEquiv>\n'
    expected = before.replace(old, new + "                <!-- between -->\n")
    expected = expected.replace("old text\n\nkept", "new &lt;text&gt;\n\nkept")
    assert after.decode() == expected


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16", "ISO-8859-1", "windows-1252", "US-ASCII"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", [False, True])
def test_encoding_line_endings_and_byte_order_mark_stay(encoding: str, newline: str, bom: bool) -> None:
    """The program that made the file could not read it any more."""
    text = TRANSKRIBUS.format(encoding=encoding).replace("\n", newline)
    blob = text.encode(encoding, "xmlcharrefreplace")
    if bom and encoding == "UTF-8":
        blob = codecs.BOM_UTF8 + blob
    if not bom and encoding == "UTF-16":
        blob = text.encode("utf-16-be")
    assert write_texts(blob, {}) == blob
    after = write_texts(blob, {"l2": read("neu 😀 é")})
    assert texts_of(after) == ["old text", "neu 😀 é", "kept & whole"]
    start, end = blob[:200], blob[-20:]
    assert (after[:200], after[-20:]) == (start, end)
    assert after.count("\n".encode("utf-16-le" if encoding == "UTF-16" else "ascii")) >= text.count("\n") - 1


@pytest.mark.parametrize("unit", ["pixel", "mm10"])
def test_strings_of_alto_are_replaced(unit: str) -> None:
    """Words of the old text would stay between the new ones."""
    after = write_texts(ALTO_2.format(unit=unit).encode(), {"l1": read("new words"), "l2": read('a "quoted" one')})
    assert texts_of(after) == ["new words", 'a "quoted" one']
    strings = etree.fromstring(after).findall(".//{*}String")
    assert len(strings) == 5
    assert [strings[0].get(name) for name in ("HPOS", "VPOS", "WIDTH", "HEIGHT")] == ["100", "160", "66", "52"]
    assert b"HYP" not in after


def test_other_readings_are_written_into_the_file() -> None:
    """`read --segmentation --n-best` would find them, and forget them."""
    line = doubtful().lines[0]
    written = write_texts(TRANSKRIBUS.format(encoding="UTF-8").encode(), {"l1": line})
    assert texts_of(written)[0] == "inthe house"
    found = parse_page(written).lines[0]
    assert [text for _, text in found.texts] == ["inthe house", "in the house"]
    assert write_texts(written, {}) == written  # and the next reader keeps them
    written = write_texts(ALTO_2.format(unit="mm10").encode(), {"l1": line})
    assert texts_of(written)[0] == "inthe house"
    readings = [each.text for each in etree.fromstring(written).iterfind(".//{*}ALTERNATIVE")]
    assert readings == ["in the", "<nthe>"]


def test_lines_without_an_id_and_with_the_same_id_are_told_apart() -> None:
    """The text of one line would be written into another."""
    ids = ("", " id='a'", " id='a'", "")
    lines = "".join(f"<TextLine{each}><Coords points='1,1 2,2 3,3'/></TextLine>" for each in ids)
    blob = f"<PcGts><Page><TextRegion>{lines}</TextRegion></Page></PcGts>".encode()
    names = [line.id for line in read_segmentation(blob).lines]
    assert names == ["line-1", "a", "a-3", "line-4"]
    after = write_texts(blob, {name: read(f"text {name}") for name in names})
    assert texts_of(after) == [f"text {name}" for name in names]


def test_prefixes_and_inner_namespaces_are_used() -> None:
    """The new elements would belong to no schema."""
    blob = (
        b"<p:PcGts xmlns:p='urn:page' xmlns:x='urn:other'><p:Page><p:TextRegion><p:TextLine id='a'>"
        b"<p:Coords points='1,1 2,2 3,3'/><x:TextEquiv>mine</x:TextEquiv></p:TextLine>"
        b"<TextLine xmlns='urn:page' id='b'/></p:TextRegion></p:Page></p:PcGts>"
    )
    root = etree.fromstring(write_texts(blob, {"a": read("one"), "b": read("two")}))
    found = root.iterfind(".//{urn:page}TextLine/{urn:page}TextEquiv/{urn:page}Unicode")
    assert [element.text for element in found] == ["one", "two"]
    assert [element.text for element in root.iterfind(".//{urn:other}TextEquiv")] == ["mine"]


def test_writing_twice_gives_the_same_file() -> None:
    """Each correction would rename the words."""
    blob = TRANSKRIBUS.format(encoding="UTF-8").encode()
    once = write_texts(blob, {"l1": read("two words"), "l2": read("more")})
    assert write_texts(once, {"l1": read("two words"), "l2": read("more")}) == once


@given(pages())
@pytest.mark.parametrize(("name", "blob"), [("page", page_xml(varied())), ("alto", alto(varied()))])
def test_any_text_is_written_into_our_own_files(name: str, blob: bytes, of: Page) -> None:
    """A rare character would break somebody's file."""
    known = [line.id for line in read_segmentation(blob).lines]
    texts = dict(zip(known, of.lines))
    after = write_texts(blob, texts)
    schema(name).assertValid(etree.fromstring(after))
    found = {line.id: line.text.split() for line in parse_page(after).lines}
    for line_id, line in texts.items():
        assert found[line_id] == allowed(line.text).split()
    assert all(found[line.id] == line.text.split() for line in varied().lines if line.id not in texts)


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE PcGts [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE PcGts [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE PcGts SYSTEM "http://example.org/page.dtd">',
        '<!DOCTYPE PcGts [<!ENTITY % p SYSTEM "http://example.org/p"> %p;]>',
    ],
)
def test_hostile_files_are_refused(head: str) -> None:
    """A file from the internet could read other files, or fill the memory."""
    blob = f"{head}<PcGts><Page><TextLine id='a'/></Page></PcGts>".encode()
    with pytest.raises(AnnotationError):
        write_texts(blob, {"a": read("text")})
    with pytest.raises(AnnotationError):
        read_segmentation(blob)


@pytest.mark.parametrize("blob", [b"", b"<PcGts>", b"no xml", b"<html/>", b"\xff\xfe<", b"<PcGts/>"])
def test_broken_files_and_unknown_ids_are_refused(blob: bytes) -> None:
    """The command would end in a traceback, or do nothing."""
    with pytest.raises(AnnotationError):
        write_texts(blob, {"a": read("text")})


def test_a_deep_file_is_no_problem() -> None:
    """A hostile file could overflow the stack."""
    blob = b"<PcGts><Page>" + b"<a>" * 50_000 + b"</a>" * 50_000 + b"<TextLine id='l'/></Page></PcGts>"
    assert texts_of(write_texts(blob, {"l": read("text")})) == ["text"]
