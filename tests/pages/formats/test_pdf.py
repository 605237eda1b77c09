"""Searchable PDF files: the text that programs find in them, and where."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
import pytest
from example_pages import HEBREW, HEIGHT, LATIN, WIDTH, blank, page, scan, turned, varied
from hypothesis import given
from hypothesis import strategies as st
from pdfminer.high_level import extract_pages, extract_text
from pdfminer.layout import LTChar, LTTextLine
from PIL import Image
from strategies import pages
from support import PROJECT

from gluon_htr.errors import ImageError
from gluon_htr.pages.document import Page
from gluon_htr.pages.formats import pdf
from gluon_htr.pages.formats.pdf import DPI, PdfWriter

WESTERN = "".join(c for c in map(chr, range(0x21, 0x250)) if c.isprintable() and c not in "\xad\xa0") + "αβγабв—“”…€😀"
LINES = ("Lieber Freund, ça va?", "x 😀 𝔘𝔫𝔦 I", "a < b ]]>")


def write(path: Path, *written: Page) -> Path:
    with PdfWriter(path) as writer:
        for each in written:
            writer.add(each, scan(each))
    return path


def pdfium_words(path: Path, number: int = 0) -> list[str]:
    document = pypdfium2.PdfDocument(path)
    try:
        text = document[number].get_textpage().get_text_bounded()
    finally:
        document.close()
    return text.replace("\ufffe", "-").replace("\x02", "-").split()  # its hyphens at the end of a line


@pytest.mark.parametrize("orientation", [0, 90, 180, 270])
@pytest.mark.parametrize("slope", [0.0, 0.05, -0.1])
def test_two_readers_find_the_text_in_reading_order(tmp_path: Path, orientation: int, slope: float) -> None:
    """Searching and copying would give other words than the page has."""
    of = turned(page(*LINES, slope=slope), orientation)
    path = write(tmp_path / "a.pdf", of)
    assert pdfium_words(path) == of.text.split()
    assert extract_text(path).split() == of.text.split()


@pytest.mark.parametrize("orientation", [0, 90, 180, 270])
def test_right_to_left_text_is_in_logical_order(tmp_path: Path, orientation: int) -> None:
    """Hebrew and Arabic words would be spelled backwards when they are copied."""
    of = turned(page(*HEBREW, backwards=True), orientation)
    path = write(tmp_path / "a.pdf", of)
    assert pdfium_words(path) == of.text.split()
    assert extract_text(path).split() == of.text.split()


@given(st.lists(st.text(st.sampled_from(WESTERN), min_size=1, max_size=8), min_size=1, max_size=6))
def test_any_western_words_are_found(tmp_path_factory: pytest.TempPathFactory, words: list[str]) -> None:
    """A mark or a short word would end the text of its page."""
    of = page(" ".join(words[:3]), " ".join(words[3:]))
    path = write(tmp_path_factory.mktemp("pdf") / "a.pdf", of)
    assert "".join(pdfium_words(path)) == "".join(of.text.split())
    assert "".join(extract_text(path).split()) == "".join(of.text.split())


@pytest.mark.parametrize("orientation", [0, 90, 180, 270])
@pytest.mark.parametrize(("texts", "backwards"), [(LINES, False), (HEBREW, True)])
def test_pdftotext_finds_the_text(tmp_path: Path, orientation: int, texts: tuple[str, ...], backwards: bool) -> None:
    """The program that most people use would find other words than the page has."""
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext, of poppler-utils, is not installed")
    of = turned(page(*texts, backwards=backwards), orientation)
    path = write(tmp_path / "a.pdf", of)
    found = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, text=True, check=True).stdout
    marks = dict.fromkeys(map(ord, "\u202a\u202b\u202c"))  # of direction
    assert found.translate(marks).split() == of.text.split()


def test_latin_words_in_hebrew_lines_are_whole(tmp_path: Path) -> None:
    """A search for a year would find nothing in a Hebrew letter."""
    of = page("בשנת 1944 היה abc כאן", backwards=True)
    path = write(tmp_path / "a.pdf", of)
    assert pdfium_words(path) == of.text.split()
    assert sorted(extract_text(path).split()) == sorted(of.text.split())


def test_every_part_of_a_varied_page_is_found(tmp_path: Path) -> None:
    """A line without words, an empty line or a hyphen would hide what follows."""
    path = write(tmp_path / "a.pdf", varied(), blank(), page(*LATIN))
    assert pdfium_words(path) == varied().text.split()
    assert pdfium_words(path, 1) == []
    assert pdfium_words(path, 2) == page(*LATIN).text.split()


def test_words_are_where_they_are_written(tmp_path: Path) -> None:
    """A search would highlight empty paper."""
    of = page("first second", slope=0.05)
    [layout] = extract_pages(write(tmp_path / "a.pdf", of))
    lines = [line for box in layout for line in box if isinstance(line, LTTextLine)]
    letters = [letter for line in lines for letter in line if isinstance(letter, LTChar)]
    second = [letter for letter in letters if letter.get_text() in "second"][-6:]
    left, _, right, _ = of.lines[0].words[1].polygon
    pixels = DPI / 72
    assert second[0].x0 * pixels == pytest.approx(left[0], abs=3)
    assert second[-1].x1 * pixels == pytest.approx(right[0], abs=6)
    assert HEIGHT - second[0].matrix[5] * pixels == pytest.approx(200 + 0.05 * (left[0] - 100), abs=1)


@given(pages())
def test_any_page_can_be_opened_with_its_characters(of: Page) -> None:
    """A page with a rare character or an odd outline would be missing from a book."""
    codes = pdf.CharacterCodes()
    pdf.content_stream(of, codes, pdf.PageTransform.of(of, 72 / DPI))
    buffer = io.BytesIO()
    document = pikepdf.Pdf.new()
    font = pdf.page_font(document, codes, pdf.add_font_file(document))
    document.add_blank_page()
    document.pages[0].Resources = pikepdf.Dictionary({"/Font": {"/Text": font}})
    document.save(buffer)
    with pikepdf.Pdf.open(buffer) as opened:
        mapped = opened.pages[0].Resources.Font.Text.ToUnicode.read_bytes().decode()
    for character in pdf.allowed(of.text):
        assert character.isspace() or f"<{character.encode('utf-16-be').hex().upper()}>" in mapped


def test_the_image_keeps_its_size_and_the_page_is_upright(tmp_path: Path) -> None:
    """A scan would lose resolution, or lie on its side."""
    of = turned(page("text"), 90)
    with pikepdf.open(write(tmp_path / "a.pdf", of)) as document:
        first = document.pages[0]
        image = first.Resources.XObject.Image
        assert (image.Width, image.Height, str(image.Filter)) == (HEIGHT, WIDTH, "/DCTDecode")
        assert [float(side) for side in list(first.MediaBox)[2:]] == [WIDTH * 72 / DPI, HEIGHT * 72 / DPI]


@pytest.mark.parametrize("orientation", [0, 90, 180, 270])
def test_the_image_is_turned_upright(tmp_path: Path, orientation: int) -> None:
    """The text would lie on the wrong words of the scan."""
    upright = np.full((HEIGHT, WIDTH), 240, np.uint8)
    upright[100:300, 50:250] = 0  # beside the upper left corner
    of, path = turned(page("text"), orientation), tmp_path / "a.pdf"
    with PdfWriter(path) as writer:
        writer.add(of, np.ascontiguousarray(np.rot90(upright, orientation // 90)))
    document = pypdfium2.PdfDocument(path)
    try:
        shown = np.asarray(document[0].render(scale=DPI / 72).to_pil().convert("L"))
    finally:
        document.close()
    assert np.abs(shown[:HEIGHT, :WIDTH].astype(int) - upright).mean() < 3


def test_the_image_is_seen_and_the_text_is_not(tmp_path: Path) -> None:
    """Two texts would lie over one another."""
    of = page(*LATIN)
    document = pypdfium2.PdfDocument(write(tmp_path / "a.pdf", of))
    try:
        shown = np.asarray(document[0].render(scale=1).to_pil().convert("L"))
    finally:
        document.close()
    assert abs(int(shown.min()) - 240) <= 2
    assert abs(int(shown.max()) - 240) <= 2


def test_an_encoded_image_is_turned_as_its_camera_says(tmp_path: Path) -> None:
    """Photographs of a phone would lie on their side under the text."""
    buffer, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 20), "white").save(buffer, "JPEG", exif=exif)
    with Image.open(io.BytesIO(pdf.to_jpeg(buffer.getvalue()))) as image:
        assert (image.size, image.mode) == ((20, 40), "L")
    with pytest.raises(ImageError):
        pdf.to_jpeg(b"not an image")


def test_a_full_disk_is_named_wherever_it_happens(tmp_path: Path) -> None:
    """A long book would end in a traceback after hours, or leave its parts behind."""
    code = f"""
import resource, sys
sys.path.insert(0, {str(PROJECT / "tests")!r})
from pathlib import Path
import numpy as np
from example_pages import page
from gluon_htr.errors import StorageError
from gluon_htr.pages.formats import pdf
pdf.PART_BYTES = 100_000
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
noise = np.random.default_rng(0).integers(0, 256, (400, 300), np.uint8)
try:
    with pdf.PdfWriter(Path({str(tmp_path / "a.pdf")!r})) as writer:
        for _ in range(8):
            writer.add(page("text"), noise)
except StorageError as error:
    print(error)
"""
    for limit in (50_000, 250_000, 450_000, 540_000):  # bytes of a file: less than a part, less than the whole
        found = subprocess.run([sys.executable, "-c", code, str(limit)], capture_output=True, text=True, check=False)
        assert "the disk is full" in found.stdout, found.stderr
        assert list(tmp_path.iterdir()) == []


def test_an_image_wider_than_jpeg_allows_is_scaled(tmp_path: Path) -> None:
    """One long strip would end a whole batch."""
    with Image.open(io.BytesIO(pdf.to_jpeg(np.zeros((20, 131_000), np.uint8)))) as image:
        assert image.size == (65_500, 10)


def test_parts_are_joined_in_order_and_leave_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long book would be shuffled, or fill the disk with its parts."""
    monkeypatch.setattr(pdf, "PART_BYTES", 20_000)
    texts = [f"page number {unicodedata.name(chr(0x41 + k)).lower()}" for k in range(7)]
    path = write(tmp_path / "Größe – 1.pdf", *(page(text) for text in texts))
    assert [pdfium_words(path, k) for k in range(7)] == [text.split() for text in texts]
    assert list(tmp_path.iterdir()) == [path]
