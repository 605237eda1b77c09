"""The output formats of pages, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..document import Document, Page
from .alto import alto
from .dataturks import DATATURKS
from .hocr import HOCR
from .html import HTML
from .page_xml import page_xml
from .pdf import PdfWriter
from .plain import JSON, TEXT
from .writers import PageFilesWriter, Pieces, StreamWriter, Writer


@dataclass(frozen=True)
class Format:
    """An output format."""

    name: str
    #: Of its files, with the dot.
    suffix: str
    #: A file holds one page, or a whole document.
    unit: Literal["page", "document"]
    #: Open a writer for a path.
    open: Callable[[Path], Writer]
    #: It shows other readings of words.
    has_alternatives: bool
    #: Return the file of a single page. PDF and HTML have none: they need the image.
    encode: Callable[[Page], bytes] | None
    #: The parts of a document that can be printed.
    pieces: Pieces | None = None


def _page_format(name: str, suffix: str, encode: Callable[[Page], bytes]) -> Format:
    return Format(name, suffix, "page", lambda path: PageFilesWriter(path, suffix, encode), True, encode)


def _stream_format(name: str, suffix: str, pieces: Pieces, has_alternatives: bool = False) -> Format:
    def encode(page: Page) -> bytes:
        return pieces.encode(Document(page.source, (page,)))

    return Format(name, suffix, "document", lambda path: StreamWriter(path, pieces), has_alternatives, encode, pieces)


_ALL = (
    _stream_format("txt", ".txt", TEXT),
    _stream_format("json", ".json", JSON, has_alternatives=True),
    _page_format("page", ".xml", page_xml),
    _page_format("alto", ".alto.xml", alto),
    _stream_format("dataturks", ".dataturks.json", DATATURKS),
    _stream_format("hocr", ".hocr", HOCR),
    Format("pdf", ".pdf", "document", PdfWriter, False, None),
    Format("html", ".html", "document", lambda path: StreamWriter(path, HTML), True, None),
)
FORMATS = {each.name: each for each in _ALL}
