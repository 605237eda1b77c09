"""Text and JSON files."""

from __future__ import annotations

import msgspec
from example_pages import blank, page, varied
from hypothesis import given
from hypothesis import strategies as st
from strategies import pages

from gluon_htr.pages.document import Document, Page
from gluon_htr.pages.formats.plain import JSON, TEXT


def test_form_feeds_separate_pages_also_blank_ones() -> None:
    """The text of page 3 would be taken for that of page 2."""
    written = TEXT.encode(Document("a.pdf", (page("one", "two"), blank(), page("a\fb"))))
    assert written.decode().split("\f") == ["one\ntwo\n", "", "a b\n"]


def test_a_single_page_is_plain_text() -> None:
    """Whoever redirects the text to a file would find characters that nobody wrote."""
    assert TEXT.encode(Document("a.png", (varied(),))).decode() == f"{varied().text}\n"


@given(st.lists(pages(), max_size=3))
def test_json_is_that_of_the_document(found: list[Page]) -> None:
    """Programs that read the JSON would need two readers."""
    document = Document("a.pdf", tuple(found))
    assert JSON.encode(document) == msgspec.json.encode(document)
    assert msgspec.json.decode(JSON.encode(document), type=Document) == document
