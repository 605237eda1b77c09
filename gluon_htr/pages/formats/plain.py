"""Text and JSON."""

from __future__ import annotations

import msgspec

from ..document import Page
from .writers import Pieces


def text_of(page: Page) -> bytes:
    """Return the text of a page in UTF-8, with a newline at its end. A blank page has no bytes."""
    text = page.text.replace("\f", " ")  # it separates pages
    return f"{text}\n".encode("utf-8", "replace") if text else b""


def _json_head(source: str) -> bytes:
    return b'{"source":' + msgspec.json.encode(source) + b',"pages":['


#: A form feed separates pages, so that the parts between form feeds are the pages, as with pdftotext and tesseract.
TEXT = Pieces(lambda source: b"", lambda page, image: text_of(page), b"\f", b"")
#: The JSON of `Document`, as msgspec writes it.
JSON = Pieces(_json_head, lambda page, image: msgspec.json.encode(page), b",", b"]}")
