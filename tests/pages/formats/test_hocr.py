"""hOCR files."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from example_pages import blank, page, turned, varied
from hypothesis import given
from lxml import etree
from strategies import pages

from gluon_htr.pages.document import Document, Page
from gluon_htr.pages.formats.hocr import HOCR
from gluon_htr.pages.formats.xml import allowed


def lines_of(blob: bytes) -> list[str]:
    return ["".join(line.itertext()) for line in etree.fromstring(blob).iterfind(".//{*}span[@class='ocr_line']")]


@given(pages())
def test_any_page_is_xml_with_its_lines(of: Page) -> None:
    """A control character would make the file of a whole book unreadable."""
    blob = HOCR.encode(Document(of.source, (of,)))
    assert lines_of(blob) == [allowed(line.text) for line in of.lines]
    names = etree.fromstring(blob).xpath("//@id")
    assert len(names) == len(set(names))


def test_words_and_lines_have_box_confidence_and_baseline() -> None:
    """Programs that make PDF or correct text from hOCR would put words at the wrong place."""
    root = etree.fromstring(HOCR.encode(Document("a.png", (page("two words", slope=0.1),))))
    assert root.find(".//{*}div").get("title") == 'image "letter.png"; bbox 0 0 1000 1400; ppageno 0'
    line = root.find(".//{*}span[@class='ocr_line']")
    assert line.get("title") == "bbox 100 160 298 232; baseline 0.1000 -32; x_wconf 75"
    assert line[0].get("title") == "bbox 100 160 166 219; x_wconf 88"
    assert line[0][1].get("title") == "x_bboxes 122 162 144 216; x_confs 50"


@pytest.mark.parametrize("orientation", [90, 180, 270])
def test_turned_writing_has_an_angle(orientation: int) -> None:
    """The text would be laid across the page."""
    blob = HOCR.encode(Document("a.png", (turned(page("text"), orientation),)))
    assert f"textangle {orientation};" in blob.decode()


def test_the_validator_of_the_specification_finds_no_error(tmp_path: Path) -> None:
    """A property that hOCR does not have is ignored by the programs that should use it."""
    validator = shutil.which("hocr-spec", path=str(Path(sys.executable).parent))
    if not validator or subprocess.run([validator, "--help"], capture_output=True, check=False).returncode:
        pytest.skip("hocr-spec, which needs setuptools below 82, is not installed")
    path = tmp_path / "a.hocr"
    path.write_bytes(HOCR.encode(Document("a.png", (varied(), blank(2)))))
    found = subprocess.run([validator, str(path)], capture_output=True, text=True, check=False)
    assert "Document is valid" in found.stdout, found.stdout
