"""Text and JSON files."""

from __future__ import annotations

import msgspec
from example_pages import blank, doubtful, page, varied
from hypothesis import given
from hypothesis import strategies as st
from strategies import pages

from gluon_htr.pages.document import Document, Page, Word
from gluon_htr.pages.formats.plain import JSON, TEXT


def test_form_feeds_separate_pages_also_blank_ones() -> None:
    """The text of page 3 would be taken for that of page 2."""
    written = TEXT.encode(Document("a.pdf", (page("one", "two"), blank(), page("a\fb"))))
    assert written.decode().split("\f") == ["one\ntwo\n", "", "a b\n"]


def test_a_single_page_is_plain_text() -> None:
    """Whoever redirects the text to a file would find characters that nobody wrote."""
    assert TEXT.encode(Document("a.png", (varied(),))).decode() == f"{varied().text}\n"


def test_json_has_alternatives_only_where_there_are_some() -> None:
    """Programs would get longer files, or other ones, from pages that nobody asked alternatives of."""
    [empty] = page("").lines
    assert msgspec.json.encode(empty).endswith(b',"words":[]}')
    plain, asked = JSON.encode(Document("a", (varied(),))), JSON.encode(Document("a", (doubtful(),)))
    assert b"alternatives" not in plain
    assert b'"characters":[],' not in plain
    assert b'"alternatives":[{"text":"inthe","probability":0.5},{"text":"in the","probability":0.3},' in asked
    bare = Word("a", 0.5, ((0, 0), (1, 0), (1, 1)))
    assert list(msgspec.json.decode(msgspec.json.encode(bare))) == ["text", "confidence", "polygon", "characters"]


@given(st.lists(pages(), max_size=3))
def test_json_is_that_of_the_document(found: list[Page]) -> None:
    """Programs that read the JSON would need two readers."""
    document = Document("a.pdf", tuple(found))
    assert JSON.encode(document) == msgspec.json.encode(document)
    assert msgspec.json.decode(JSON.encode(document), type=Document) == document
