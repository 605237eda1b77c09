"""A page as cameras and old scanners leave it: what is read must be close to what is read of the clean page."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from rapidfuzz.distance import Levenshtein
from support import PROJECT

from gluon_htr.bundles.catalog import find_bundle
from gluon_htr.pages.document import Document
from gluon_htr.runtime.loading_pages import load_reader
from gluon_htr.runtime.page_reader import PageReader

pytest.importorskip("shapely")
if find_bundle("pages") is None:
    pytest.skip("no model that finds lines ships with this version", allow_module_level=True)

#: The written lines of examples/page.jpg; its printed head has two more, which may be found as well.
TEXT = """Dr David Starr Jordan.
Dear Sir.
The Century Club of
which the late Mrs Stanford
was an honored member
would like to express the
esteem and respect in which
she was held, by sending
representatives to the funeral
ceremonies at Palo Alta.
I would ask if it be"""
LINES = len(TEXT.splitlines())


@pytest.fixture(scope="module")
def reader() -> PageReader:
    return load_reader(threads=1)


@pytest.fixture(scope="module")
def page() -> Image.Image:
    with Image.open(PROJECT / "examples" / "page.jpg") as image:
        return image.convert("L")


@pytest.fixture(scope="module")
def clean(reader: PageReader, page: Image.Image) -> str:
    document = reader.read(page)
    assert LINES <= len(document.lines) <= LINES + 2
    written = "\n".join(line.text for line in list(document.lines)[-LINES:])
    assert Levenshtein.distance(TEXT, written) < 0.15 * len(TEXT)
    return document.text


def difference(document: Document, clean: str) -> float:
    """Edits of the text, as a proportion of the text of the clean page. Other lines differ by 0.7 or more."""
    return Levenshtein.distance(clean, document.text) / len(clean)


def tiff(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "TIFF")
    return buffer.getvalue()


def test_a_shadow_over_half_a_page_hides_no_lines(reader: PageReader, page: Image.Image, clean: str) -> None:
    """Whoever photographs a letter by a window would lose the half in the shadow."""
    pixels = np.asarray(page).astype(float)
    y, x = np.mgrid[: pixels.shape[0], : pixels.shape[1]]
    dark = 1 - 0.6 / (1 + np.exp(-(x + 0.5 * y - 0.7 * pixels.shape[1]) / (0.04 * pixels.shape[1])))
    document = reader.read((pixels * dark).astype(np.uint8))
    assert LINES <= len(document.lines) <= LINES + 2
    assert difference(document, clean) < 0.4


def test_a_page_of_one_bit_a_pixel_is_read(reader: PageReader, page: Image.Image, clean: str) -> None:
    """Faxes and old scans would have no lines."""
    document = reader.read(tiff(page.point(lambda value: 255 * (value > 150)).convert("1")))
    assert LINES <= len(document.lines) <= LINES + 2
    assert difference(document, clean) < 0.3


def test_a_photographed_double_page_is_read_page_by_page(reader: PageReader, page: Image.Image, clean: str) -> None:
    """The lines of both pages of an open book would be mixed, or the table that it lies on be read as well."""
    sheet = np.pad(np.asarray(page), ((0, 0), (60, 60)), mode="edge")  # with the margins of a bound book
    spread = np.concatenate([sheet, sheet], axis=1).astype(float)
    fold = np.abs(np.arange(spread.shape[1]) - sheet.shape[1])
    spread *= 1 - 0.6 * np.exp(-((fold / 25) ** 2))  # the shadow of the fold
    desk = np.pad(spread.astype(np.uint8), 200, constant_values=40)
    document = reader.read(desk)
    assert 2 * LINES <= len(document.lines) <= 2 * LINES + 4
    assert difference(document, f"{clean}\n\n{clean}") < 0.3
    inside = np.array([point for line in document.lines for point in line.polygon])
    assert (inside > 100).all()
    assert (inside < np.array(desk.shape[::-1]) - 100).all()


def test_a_page_of_a_hundred_megapixels_is_read(reader: PageReader, page: Image.Image, clean: str) -> None:
    """A large-format scan would be refused, or fill the memory with floats."""
    factor = (100e6 / (page.width * page.height)) ** 0.5
    size = (round(page.width * factor), round(page.height * factor))
    document = reader.read(tiff(page.resize(size)))
    assert (document.pages[0].width, document.pages[0].height) == size
    assert difference(document, clean) < 0.3
