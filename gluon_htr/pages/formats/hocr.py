"""hOCR 1.2: https://kba.github.io/hocr-spec/1.2.

ocr_page > ocr_carea > ocr_par > ocr_line > ocrx_word > ocrx_cinfo, as tesseract writes it. A region is an area with one
paragraph. `baseline` is left out where the writing is turned; `textangle` says how.
"""

from __future__ import annotations

from html import escape
from typing import Any

from ... import __version__
from ...text.direction import runs_backwards
from ..document import Character, Line, Page, Point, Region, Word
from .geometry import quarter_turns
from .writers import Pieces
from .xml import Ids, allowed, box, maker

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml">
<head>
<title>{title}</title>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8" />
<meta name="ocr-system" content="gluon_htr {version}" />
<meta name="ocr-capabilities" content="ocr_page ocr_carea ocr_par ocr_line ocrx_word ocrx_cinfo ocrp_dir" />
</head>
<body>
"""


def hocr_page(page: Page) -> bytes:
    """Return the `ocr_page` element of a page. Ids begin with the number of the page: a document has each once."""
    root = _Encoder(page).root()  # names what to install if there is no lxml
    from lxml import etree

    return etree.tostring(root, encoding="UTF-8", xml_declaration=False) + b"\n"


def _head(source: str) -> bytes:
    return _HEAD.format(title=escape(allowed(source)), version=__version__).encode("utf-8")


HOCR = Pieces(_head, hocr_page, b"", b"</body>\n</html>\n")


class _Encoder:
    def __init__(self, page: Page) -> None:
        self._page, self._make = page, maker(None)
        self._prefix = f"page_{page.number}"
        self._ids = Ids([self._prefix])

    def root(self) -> Any:
        page = self._page
        image = allowed(page.source).replace('"', "'")
        title = f'image "{image}"; bbox 0 0 {page.width} {page.height}; ppageno {page.number - 1}'
        root = self._make.div({"class": "ocr_page", "id": self._prefix, "title": title}, "\n")
        root.extend(map(self._area, page.regions))
        return root

    def _area(self, region: Region) -> Any:
        title = self._bbox(region.polygon)
        paragraph = self._make.p({"class": "ocr_par", "title": title}, "\n")
        paragraph.extend(map(self._line, region.lines))
        attributes = {"class": "ocr_carea", "id": self._claim(region.id), "title": title}
        return _ended(self._make.div(attributes, "\n", _ended(paragraph)))

    def _line(self, line: Line) -> Any:
        title = f"{self._bbox(line.polygon)}; {self._slope(line)}; x_wconf {_percent(line.confidence)}"
        root = self._make.span({"class": "ocr_line", "id": self._claim(line.id), "title": title})
        if runs_backwards(line.text):
            root.set("dir", "rtl")
        for number, word in enumerate(line.words, 1):
            root.append(self._word(f"{line.id}_w{number}", word))
            root[-1].tail = " " if number < len(line.words) else None
        if not line.words:
            root.text = allowed(line.text)
        return _ended(root)

    def _word(self, name: str, word: Word) -> Any:
        title = f"{self._bbox(word.polygon)}; x_wconf {_percent(word.confidence)}"
        root = self._make.span({"class": "ocrx_word", "id": self._claim(name), "title": title})
        if "".join(glyph.text for glyph in word.characters) == word.text:
            root.extend(map(self._character, word.characters))
        if not len(root):
            root.text = allowed(word.text)
        return root

    def _character(self, glyph: Character) -> Any:
        bounds = self._bbox(glyph.polygon).replace("bbox", "x_bboxes")
        title = f"{bounds}; x_confs {_percent(glyph.confidence)}"
        return self._make.span({"class": "ocrx_cinfo", "title": title}, allowed(glyph.text))

    def _slope(self, line: Line) -> str:
        """Describe the baseline as slope and offset from the lower left corner of the line, or how it is turned."""
        quarters = quarter_turns(line, self._page)
        (x0, y0), (x1, y1) = line.baseline[0], line.baseline[-1]
        if quarters or x0 == x1:
            return f"textangle {90 * quarters}"
        left, _, _, bottom = box(line.polygon, self._page)
        slope = (y1 - y0) / (x1 - x0)
        return f"baseline {slope:.4f} {round(y0 + slope * (left - x0) - bottom)}".replace(" -0.0000 ", " 0.0000 ")

    def _bbox(self, polygon: tuple[Point, ...]) -> str:
        return "bbox {} {} {} {}".format(*box(polygon, self._page))

    def _claim(self, name: str) -> str:
        return self._ids.claim(f"{self._prefix}_{name}")


def _ended(element: Any) -> Any:
    """Put a line break after an element."""
    element.tail = "\n"
    return element


def _percent(confidence: float) -> int:
    return round(100 * confidence)
