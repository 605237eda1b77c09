"""Review pages in a real browser, opened from a file as users do. `scripts/test_serving` installs what this needs."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from chromium import assert_accessible, keep_picture, new_page, playwright
from example_pages import HEBREW, HEIGHT, WIDTH, blank, doubtful, page, turned, varied

from gluon_htr.datasets.spec import open_spec, parse_spec
from gluon_htr.pages.crops import cut_straight
from gluon_htr.pages.document import Line, Page
from gluon_htr.pages.formats.registry import FORMATS
from gluon_htr.pages.outlines import LineGeometry, found_bands

expect = playwright.expect
WIDE, NARROW = {"width": 1200, "height": 800}, {"width": 360, "height": 740}


@pytest.fixture
def opened(browser: Any) -> Iterator[Any]:
    """A page of a browser, with nothing in it yet. A dialog fails the test."""
    dialogs: list[str] = []
    with new_page(browser, viewport=WIDE) as tab:
        tab.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        yield tab
    assert dialogs == []


def letter(*confidences: float, number: int = 1, bent: bool = False) -> Page:
    """A page with a line for each confidence: `line 1`, `line 2`, …"""
    of = page(*(f"line {k} of the letter" for k in range(1, len(confidences) + 1)), slope=0.04, number=number)
    lines = [msgspec.structs.replace(line, confidence=sure) for line, sure in zip(of.lines, confidences)]
    if bent:
        lines = [sagging(line) for line in lines]
    return msgspec.structs.replace(of, regions=(msgspec.structs.replace(of.regions[0], lines=tuple(lines)),))


def sagging(line: Line) -> Line:
    """A line whose middle hangs down by 25 pixels."""
    (left, y), (right, _) = line.baseline
    base = ((left, y), ((left + right) / 2, y + 25), (right, y))
    around = tuple((x, y - 40) for x, y in base) + tuple((x, y + 12) for x, y in base[::-1])
    return msgspec.structs.replace(line, baseline=base, polygon=around)


def strokes(of: Page) -> np.ndarray:
    """A scan with smooth marks all over it, so that every crop is different from all others."""
    y, x = np.mgrid[: of.height, : of.width].astype(float)
    return (150 + 60 * np.sin(x / 9 + y / 31) * np.cos(y / 7 - x / 57)).astype(np.uint8)


def show(tab: Any, path: Path, *written: Page) -> None:
    with FORMATS["html"].open(path) as writer:
        for each in written:
            writer.add(each, strokes(each))
    tab.goto(path.as_uri())


def shown_texts(tab: Any) -> list[str]:
    return [field.input_value() for field in tab.locator("input[type=text]").all()]


def press(tab: Any, *keys: str) -> None:
    for key in keys:
        tab.keyboard.press(key)


def focused(tab: Any) -> str:
    return tab.evaluate("document.activeElement.value ?? document.activeElement.id")


def downloaded(tab: Any, button: str) -> Any:
    with tab.expect_download() as download:
        tab.get_by_role("button", name=button).click()
    return download.value


def test_the_least_certain_lines_of_all_pages_come_first(opened: Any, tmp_path: Path) -> None:
    """People would search a whole book for the few lines that need them."""
    show(opened, tmp_path / "a.html", letter(0.9, 0.3, 0.8), letter(0.95, 0.2, number=2))
    labels = opened.locator("#queue .line label[for]").all_inner_texts()
    assert labels == [f"Page {page}, Line {line}" for page, line in ((2, 2), (1, 2), (1, 3), (1, 1), (2, 1))]
    assert opened.locator("#queue .confidence").all_inner_texts()[:3] == [
        "unsure, 20 %",
        "unsure, 30 %",
        "fairly sure, 80 %",
    ]
    expect(opened.get_by_alt_text("Scan of page 2")).to_be_visible()
    expect(opened.get_by_alt_text("Scan of page 1")).to_be_hidden()
    opened.get_by_label("as on the page").check()
    expect(opened.get_by_alt_text("Scan of page 1")).to_be_visible()
    assert shown_texts(opened) == [f"line {k} of the letter" for k in (1, 2, 3, 1, 2)]


def test_lines_are_checked_and_corrected_by_keyboard_alone(opened: Any, tmp_path: Path) -> None:
    """People who cannot use a mouse could not correct, and for all others it would take twice as long."""
    show(opened, tmp_path / "a.html", letter(0.5, 0.6, 0.7, 0.8))
    expect(opened.locator("#progress")).to_have_text("0 of 4 lines checked")
    for _ in range(8):  # from the top of the page
        if focused(opened) == "line 1 of the letter":
            break
        press(opened, "Tab")
    press(opened, "End")
    opened.keyboard.type("!")
    press(opened, "Enter")
    assert focused(opened) == "line 2 of the letter"
    press(opened, "Tab")
    assert focused(opened) == "line 3 of the letter"
    expect(opened.locator("#progress")).to_have_text("2 of 4 lines checked")
    press(opened, "Shift+Enter")
    assert focused(opened) == "line 2 of the letter"
    press(opened, "Shift+Tab")
    assert focused(opened) == "line 1 of the letter!"
    assert opened.locator(".changed:visible").count() == 1
    outline = opened.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert float(outline.removesuffix("px")) >= 2
    press(opened, "Escape")
    assert focused(opened) == "line 1 of the letter"
    assert opened.locator(".changed:visible").count() == 0
    expect(opened.locator("#progress")).to_have_text("1 of 4 lines checked")


def test_another_reading_of_a_word_is_chosen(opened: Any, tmp_path: Path) -> None:
    """A person would type what the model had thought of, or a choice would change another word of the line."""
    show(opened, tmp_path / "a.html", doubtful())
    field = opened.get_by_label("Page 1, Line 1")
    word = opened.get_by_role("button", name="inthe, other readings")
    assert opened.locator(".alternatives button:visible").all_inner_texts() == ["inthe"]
    word.click()
    readings = opened.get_by_role("group", name="Readings of inthe").get_by_role("button")
    assert readings.all_inner_texts() == ["inthe 50 %", "in the 30 %", "<nthe> 10 %"]
    expect(readings.nth(1)).to_be_focused()
    press(opened, "Enter")
    expect(field).to_have_value("in the house")
    expect(field).to_be_focused()
    assert opened.locator(".changed:visible").count() == 1
    expect(readings).to_have_count(0)
    field.fill("in the my house is in the house")  # a person goes on writing
    press(opened, "ArrowDown")
    expect(opened.get_by_role("group", name="Readings of in the")).to_be_visible()
    press(opened, "ArrowRight", "Escape")
    expect(field).to_be_focused()
    expect(field).to_have_value("in the my house is in the house")
    press(opened, "Escape")
    expect(field).to_have_value("inthe house")
    field.click(position={"x": 20, "y": 15})
    press(opened, "Tab")
    expect(opened.locator("#progress")).to_have_text("0 of 2 lines checked")
    keep_picture(opened, "review-readings")
    press(opened, "Tab", "Tab", "Enter")
    expect(field).to_have_value("<nthe> house")
    opened.reload()
    expect(field).to_have_value("<nthe> house")
    expect(opened.get_by_role("button", name="<nthe>, other readings")).to_be_visible()
    field.fill("somebody wrote this")
    expect(opened.locator(".alternatives")).to_be_hidden()


def test_a_line_on_the_scan_leads_to_its_text(opened: Any, tmp_path: Path) -> None:
    """Whoever sees an error on the scan would have to search the list for it."""
    show(opened, tmp_path / "a.html", letter(0.5, 0.6, 0.7))
    opened.locator("#page-1-line-3-place polygon").click()
    assert focused(opened) == "line 3 of the letter"
    assert "current" in opened.locator("#page-1-line-3-place").get_attribute("class")


def test_what_is_saved_can_be_trained_on(opened: Any, tmp_path: Path) -> None:
    """The work of an evening would be refused by `train`, or teach it wrong texts."""
    show(opened, tmp_path / "letters, no. 1.html", letter(0.1, 0.9), letter(0.2, 0.3, bent=True, number=2))
    opened.get_by_label("Page 1, Line 1").fill(' a "new"\ttext, cafe\u0301 ')
    opened.get_by_label("Page 1, Line 1").press("Enter")
    opened.get_by_label("Page 2, Line 1").press("Enter")
    opened.get_by_label("Page 2, Line 2").fill("   ")  # nothing is written there
    download = downloaded(opened, "Save for training")
    assert download.suggested_filename == "letter-lines.zip"
    expect(opened.locator("#note")).to_have_text("Saved 2 lines. Left out without a text: 1.")
    with zipfile.ZipFile(io.BytesIO(Path(download.path()).read_bytes())) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path)
    samples = list(open_spec(parse_spec(f"listing:{tmp_path / 'letter' / 'labels.tsv'}")))
    assert [(sample.text, sample.group) for sample in samples] == [
        ('a "new" text, café', "page 1"),
        ("line 1 of the letter", "page 2"),
    ]
    for sample, of in zip(samples, (letter(0.1, 0.9), letter(0.2, 0.3, bent=True))):
        assert_alike(sample.image(), expected_crop(of, 0))
    [kept] = open_spec(parse_spec(f"listing:{tmp_path / 'letter' / 'labels.tsv'}?split=train"))
    assert kept.text


@pytest.mark.parametrize("orientation", [90, 180])
def test_lines_of_a_turned_page_are_cut_out_upright(opened: Any, tmp_path: Path, orientation: int) -> None:
    """Lines would lie on their side, and training on them would spoil a model."""
    of = turned(letter(0.1), orientation)
    image = np.ascontiguousarray(np.rot90(strokes(letter(0.1)), orientation // 90))
    with FORMATS["html"].open(tmp_path / "a.html") as writer:
        writer.add(of, image)
    opened.goto((tmp_path / "a.html").as_uri())
    opened.get_by_label("Line 1").press("Enter")
    with zipfile.ZipFile(downloaded(opened, "Save for training").path()) as archive:
        archive.extractall(tmp_path)
    [sample] = open_spec(parse_spec(f"listing:{tmp_path / 'letter'}"))
    assert_alike(sample.image(), expected_crop(letter(0.1), 0))


def expected_crop(of: Page, number: int) -> np.ndarray:
    """The image of a line as the recognizer sees it."""
    places = [LineGeometry(np.array(line.polygon), np.array(line.baseline)) for line in of.lines]
    crop, _ = cut_straight(strokes(of), found_bands(places, (WIDTH, HEIGHT))[number], places[number].baseline)
    return crop


def assert_alike(found: np.ndarray, expected: np.ndarray) -> None:
    """Both are the same cut, up to JPEG and interpolation."""
    assert np.abs(np.subtract(found.shape, expected.shape)).max() <= 2
    height, width = np.minimum(found.shape, expected.shape)
    inner = np.s_[4 : height - 4, 4 : width - 4]
    assert np.abs(found[inner].astype(int) - expected[inner]).mean() < 8


def test_the_text_is_saved_in_reading_order(opened: Any, tmp_path: Path) -> None:
    """The text of a book would be in the order of its errors."""
    written = (varied(), blank(2), letter(0.9, 0.1, number=3))
    show(opened, tmp_path / "a.html", *written)
    plain = tmp_path / "a.txt"
    with FORMATS["txt"].open(plain) as writer:
        for each in written:
            writer.add(each, b"")
    assert Path(downloaded(opened, "Save text").path()).read_text("utf-8") == plain.read_text("utf-8")


def test_edits_survive_a_reload_but_not_another_reading(opened: Any, tmp_path: Path) -> None:
    """A closed window would cost an hour of work, or edits would end up in the lines of another reading."""
    show(opened, tmp_path / "a.html", letter(0.5, 0.6))
    opened.get_by_label("Line 2").fill("corrected")
    opened.get_by_label("Line 1").press("Enter")
    opened.reload()
    expect(opened.get_by_label("Line 2")).to_have_value("corrected")
    expect(opened.locator("#progress")).to_have_text("1 of 2 lines checked")
    show(opened, tmp_path / "a.html", letter(0.5, 0.6, 0.7))
    expect(opened.locator("#progress")).to_have_text("0 of 3 lines checked")
    assert shown_texts(opened) == [f"line {k} of the letter" for k in (1, 2, 3)]


def test_a_browser_that_keeps_nothing_is_told_of(opened: Any, tmp_path: Path) -> None:
    """The page would not start at all where files may store nothing."""
    opened.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new Error('denied') } })")
    show(opened, tmp_path / "a.html", letter(0.5, 0.6))
    expect(opened.locator("#note")).to_contain_text("save before you close it")
    opened.get_by_label("Line 1").press("Enter")
    expect(opened.locator("#progress")).to_have_text("1 of 2 lines checked")


def test_hostile_texts_are_shown_and_do_nothing(opened: Any, tmp_path: Path) -> None:
    """Whoever writes a page could run programs where it is reviewed."""
    texts = ["</script><script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "\u202eabc\x07\x00d"]
    of = msgspec.structs.replace(page(*texts), source="</title><script>alert(1)</script>.png")
    show(opened, tmp_path / "a.html", of)
    assert shown_texts(opened) == [*texts[:2], "\u202eabc\ufffd\ufffdd"]
    expect(opened.locator("h1")).to_have_text(of.source)
    opened.get_by_label("Line 1").press("Enter")
    assert downloaded(opened, "Save for training").suggested_filename == "title_script_alert_1_script_-lines.zip"


def test_right_to_left_lines_begin_at_the_right(opened: Any, tmp_path: Path) -> None:
    """The cursor would run against the writing."""
    show(opened, tmp_path / "a.html", page(*HEBREW, backwards=True))
    for field in opened.locator("input[type=text]").all():
        assert field.evaluate("(field) => getComputedStyle(field).direction") == "rtl"


def test_a_blank_document_can_be_opened(opened: Any, tmp_path: Path) -> None:
    """An empty sheet would end in an error."""
    show(opened, tmp_path / "a.html", blank())
    expect(opened.get_by_alt_text("Scan of page 1")).to_be_visible()
    opened.get_by_role("button", name="Save for training").click()
    expect(opened.locator("#note")).to_contain_text("Check or change a line first")


def test_a_printout_has_every_page_with_its_text(opened: Any, tmp_path: Path) -> None:
    """A printout would have one page of the book, and fields that cut off their texts."""
    show(opened, tmp_path / "a.html", letter(0.5, 0.6), letter(0.7, number=2))
    opened.get_by_label("Page 1, Line 2").fill("corrected")
    pypdfium2 = pytest.importorskip("pypdfium2")
    document = pypdfium2.PdfDocument(opened.pdf())
    texts = [sheet.get_textpage().get_text_bounded() for sheet in document]
    document.close()
    assert len(texts) == 2
    assert "corrected" in texts[0]
    assert "line 1 of the letter" in texts[1]
    assert opened.locator("#queue .line").count() == 3  # the screen is as it was


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_is_found_by_axe(browser: Any, tmp_path: Path, size: dict[str, int], scheme: str) -> None:
    """People with a screen reader, with weak eyes or with a telephone could not use the page (WCAG 2.2)."""
    fourth = msgspec.structs.replace(doubtful(), number=4)
    with new_page(browser, viewport=size, color_scheme=scheme, bypass_csp=True) as tab:
        show(
            tab,
            tmp_path / "a.html",
            letter(0.5, 0.75, 0.95),
            msgspec.structs.replace(varied(), number=2),
            blank(3),
            fourth,
        )
        tab.locator("#queue input[type=text]").nth(1).focus()
        press(tab, "x", "Enter")
        tab.get_by_role("button", name="inthe, other readings").click()
        assert_accessible(tab)
        for order in ("least certain first", "as on the page"):
            tab.get_by_label(order).check()
            assert tab.evaluate("document.documentElement.scrollWidth") <= size["width"]
            keep_picture(tab, f"review-{scheme}-{size['width']}-{order.replace(' ', '-')}")
            assert_accessible(tab)
