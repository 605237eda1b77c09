"""Other readings of words in a real browser: offered by a click, and put in the place of the word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs gluon-htr[serve]")

from chromium import assert_accessible, expect, keep_picture, opened_page
from letters import encoded
from reading_server import ReadingServer, word
from word_pages import drawn_page

LINES = ["decade", "dad", "cab"]


@pytest.fixture(scope="module")
def server() -> Iterator[ReadingServer]:
    """A server with beam search."""
    with ReadingServer(pages=True, decoder="beam") as running:
        yield running


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1200, "dark")])
def test_a_line_of_a_page_gets_another_reading(browser: Any, server: ReadingServer, width: int, scheme: str) -> None:
    """A person would have to type what the model had thought of, or a choice would be lost on the way to the file."""
    size = {"width": width, "height": 800}
    with opened_page(browser, server.url, viewport=size, color_scheme=scheme, bypass_csp=True) as page:
        page.set_input_files("#file", _file(encoded(drawn_page(LINES))))
        page.locator("#lines .line").nth(1).click()
        field = page.get_by_label("Text of this line")
        expect(field).to_be_focused()
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="dad, other readings")).to_be_focused()
        page.keyboard.press("Enter")
        readings = page.get_by_role("group", name="Readings of dad").get_by_role("button")
        assert [text.split()[0] for text in readings.all_inner_texts()][:2] == ["dad", "bad"]
        assert_accessible(page)
        keep_picture(page, f"page-readings-{scheme}-{width}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.keyboard.press("Escape")
        expect(readings).to_have_count(0)
        expect(field).to_be_visible()  # the editor is still open
        field.click()
        readings.nth(1).click()
        expect(field).to_have_value("bad")
        expect(field).to_be_focused()
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#lines .line span:first-child").nth(1)).to_have_text("bad")
        with page.expect_download() as download:
            page.get_by_role("button", name="ALTO").click()
        written = download.value.path().read_text()
        assert 'CONTENT="bad"' in written
        assert ">bad</ALTERNATIVE>" not in written
        assert ">decede</ALTERNATIVE>" in written


def test_a_single_line_gets_another_reading(browser: Any, server: ReadingServer) -> None:
    """A picture of one line would offer nothing, or the readings of the picture before."""
    with opened_page(browser, server.url) as page:
        for text, other in (("beeb", "bee"), ("dad", "bad")):
            page.set_input_files("#file", _file(word(text)))
            page.get_by_role("button", name=f"{text}, other readings").click()
            keep_picture(page, "line-readings")
            page.get_by_role("group", name=f"Readings of {text}").get_by_text(other, exact=True).click()
            expect(page.locator("#text")).to_have_value(other)
        assert page.locator(".alternatives").count() == 1


def _file(content: bytes) -> dict[str, Any]:
    return {"name": "picture.png", "mimeType": "image/png", "buffer": content}
