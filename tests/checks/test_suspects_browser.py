"""The page of suspects in a real browser, opened from a file. `scripts/test_serving` installs what it needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from chromium import assert_accessible, new_page, playwright
from PIL import Image

from gluon_htr.checks.suspects import HEADER
from gluon_htr.checks.suspects_page import editing_page
from gluon_htr.datasets.listing.rows import read_rows

expect = playwright.expect
TEXTS = ['say "no"</script><b>x', "@ROWS@ $& é", "wrong", "gone"]


def test_texts_are_corrected_and_saved_as_the_list(browser: Any, tmp_path: Path) -> None:
    """Corrections would be lost, or a text with marks come back as another one."""
    rows = [(f"s/{k} a.png", text, "writer", f"read {k}", "1.5", f"id {k}") for k, text in enumerate(TEXTS)]
    (tmp_path / "s").mkdir()
    for path, *_ in rows:
        Image.fromarray(np.full((40, 200), 200, np.uint8)).save(tmp_path / path)
    (tmp_path / "s.html").write_bytes(editing_page("s.tsv", HEADER, rows))
    with new_page(browser) as tab:
        tab.goto((tmp_path / "s.html").as_uri())
        assert [tab.locator("input").nth(k).input_value() for k in range(4)] == TEXTS
        assert tab.evaluate("[...document.images].every(image => image.naturalWidth === 200)")
        assert_accessible(tab)
        tab.locator("input").nth(1).fill('"quoted" at last')
        tab.locator("input").nth(1).press("Enter")
        expect(tab.locator("input").nth(2)).to_be_focused()
        tab.get_by_role("button", name="Take").nth(2).click()
        tab.locator("input").nth(3).fill("")
        expect(tab.locator("#count")).to_have_text("3 of 4 changed")
        with tab.expect_download() as download:
            tab.get_by_role("button", name="Save s.tsv").click()
        assert download.value.suggested_filename == "s.tsv"
        download.value.save_as(tmp_path / "s.tsv")
    problems: list[Any] = []
    saved = read_rows(tmp_path / "s.tsv", problems)
    assert problems == []
    assert [row.label for row in saved] == [TEXTS[0], '"quoted" at last', "read 2", ""]
    assert [row.columns["id"] for row in saved] == [f"id {k}" for k in range(4)]
