"""Whole pages in a real browser: shown with their lines, corrected, trained on, downloaded."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="needs gluon-htr[serve]")

from chromium import assert_accessible, expect, keep_picture, opened_page
from letters import LETTERS, WORDS
from needs_mxnet import need_mxnet
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from reading_server import ReadingServer
from support import TINY, Command
from word_pages import LEFT, STEP, TOP, WIDTH, drawn_page, written_page

from gluon_htr.bundles.catalog import find_bundle
from gluon_htr.datasets.spec import open_spec, parse_spec

LINES = ["decade", "bead", "cab"]
PHONE = {"viewport": {"width": 360, "height": 780}}
SIZES = [PHONE, {"viewport": {"width": 1200, "height": 800}}]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The server's folder of corrections."""
    return tmp_path_factory.mktemp("server") / "kept"


@pytest.fixture(scope="module")
def server(kept: Path) -> Iterator[ReadingServer]:
    """One server for all tests."""
    with ReadingServer(pages=True, limits={"corrections": str(kept), "max_page_pixels": 2_000_000}) as running:
        yield running


@pytest.fixture
def page(browser: Any, server: ReadingServer, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The page, open. Parameters are those of a Playwright context."""
    with opened_page(browser, server.url, **getattr(request, "param", {})) as opened:
        expect(opened.locator("#kind-choice")).to_be_visible()
        yield opened


def upload(page: Any, *pages: Image.Image, kind: str = "PNG") -> None:
    """Choose a file with these pages."""
    buffer = io.BytesIO()
    more = {"save_all": True, "append_images": pages[1:]} if len(pages) > 1 else {}
    pages[0].save(buffer, kind, **more)
    file = {"name": f"letter.{kind.lower()}", "mimeType": "application/octet-stream", "buffer": buffer.getvalue()}
    page.set_input_files("#file", file)


def shown(page: Any) -> list[str]:
    """The texts of the lines that the page shows."""
    return page.locator("#lines .line span:first-child").all_inner_texts()  # type: ignore[no-any-return]


@pytest.mark.parametrize("page", SIZES, indirect=True)
def test_a_page_is_shown_with_its_lines_where_they_are(page: Any) -> None:
    """A reader could not compare the text with the page."""
    upload(page, drawn_page(LINES))
    expect(page.locator("#status")).to_contain_text("Read 3 lines")
    assert shown(page) == LINES
    image = page.locator("#page-image").bounding_box()
    assert page.locator("#outlines").get_attribute("aria-label")
    for k, text in enumerate(LINES):
        outline = page.get_by_role("button", name=text, exact=False).and_(page.locator("polygon")).bounding_box()
        scale = image["width"] / WIDTH
        assert outline["x"] - image["x"] == pytest.approx(LEFT * scale, abs=4)
        assert outline["y"] - image["y"] == pytest.approx((TOP + k * STEP) * scale, abs=4)
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


@pytest.mark.parametrize("page", SIZES, indirect=True)
def test_a_line_is_corrected_and_can_be_trained_on(page: Any, kept: Path) -> None:
    """What a person has put right would be lost, or be of no use to `train`."""
    upload(page, drawn_page(["abc", *LINES]))
    page.locator("#outlines polygon").nth(1).click()
    field = page.get_by_label("Text of this line")
    expect(field).to_have_value("decade")
    expect(field).to_be_focused()
    width, height = page.locator(".crop img").evaluate("image => [image.naturalWidth, image.naturalHeight]")
    assert width > 60
    assert height >= 16
    new = f"faded {page.viewport_size['width']}"
    field.fill(new)
    field.press("Enter")
    expect(page.locator("#status")).to_contain_text(f"Kept “{new}”")
    expect(page.locator("#lines .line").nth(1)).to_be_focused()
    assert shown(page) == ["abc", new, *LINES[1:]]
    expect(page.locator("#lines .line").nth(1)).to_contain_text("corrected")
    expect(page.locator("#kept-count")).to_contain_text("1 image with text, in this browser and on the server")
    samples = {sample.text: sample.image() for sample in open_spec(parse_spec(f"listing:{kept / 'labels.tsv'}"))}
    assert new in samples
    assert samples[new].shape == (height, width)
    assert samples[new].min() < 100  # the ink of the word
    assert samples[new].max() == 255


@pytest.mark.parametrize("turn", ["upside down", "oblong"])
def test_a_line_is_cut_out_of_the_pixels_that_were_read(page: Any, kept: Path, turn: str) -> None:
    """Browsers ignore some orientations and resolutions: a text would be kept with the pixels of another line."""
    texts = ["abc", *LINES]
    drawn, buffer, information = drawn_page(texts), io.BytesIO(), PngInfo()
    if turn == "upside down":
        exif = Image.Exif()
        exif[0x0112] = 3
        content = b"Exif\0\0" + exif.tobytes().removeprefix(b"Exif\0\0")
        information.add_text("Raw profile type exif", f"\nexif\n{len(content):8}\n{content.hex()}\n")
        drawn.rotate(180).save(buffer, "PNG", pnginfo=information)
    else:
        drawn.resize((drawn.width, drawn.height // 2)).save(buffer, "PNG", dpi=(204, 102))
    file = {"name": "letter.png", "mimeType": "image/png", "buffer": buffer.getvalue()}
    page.get_by_label("Read it as").select_option("page")
    page.set_input_files("#file", file)
    expect(page.locator("#status")).to_contain_text("Read 4 lines")
    page.locator("#lines .line").first.click()
    field = page.get_by_label("Text of this line")
    field.fill(f"cut {turn}")
    field.press("Enter")
    expect(page.locator("#status")).to_contain_text("Kept")
    samples = {sample.text: sample.image() for sample in open_spec(parse_spec(f"listing:{kept / 'labels.tsv'}"))}
    pixels = samples[f"cut {turn}"]
    height, width = pixels.shape
    top = round(TOP - (height - 16) / 2) if height >= 16 else TOP
    expected = np.asarray(drawn.convert("L"))[max(top, 0) :][:height, LEFT : LEFT + width]
    ink, wanted = pixels < 128, expected < 128
    assert ink.any()
    columns = np.flatnonzero(wanted.any(0))
    assert abs(np.flatnonzero(ink.any(0)).max() - columns.max()) <= 12  # the first line is as wide as its text


def test_saved_lines_are_trained_on(browser: Any, command: Command, tmp_path: Path) -> None:
    """Hours of correcting would end in an error of `train`."""
    need_mxnet()
    kept = tmp_path / "kept"
    with (
        ReadingServer(pages=True, limits={"corrections": str(kept)}) as server,
        opened_page(browser, server.url) as page,
    ):
        expect(page.locator("#kind-choice")).to_be_visible()
        upload(page, drawn_page(WORDS[:4]), drawn_page(WORDS[4:]), kind="TIFF")
        for k, text in enumerate(WORDS):
            if k == 4:
                page.get_by_role("button", name="Next page").click()
            expect(page.locator("#lines .line").nth(k % 4)).to_contain_text(text)
            page.locator("#lines .line").nth(k % 4).click()
            page.get_by_role("button", name="Save").click()
            expect(page.locator("#lines .line").nth(k % 4)).to_contain_text("corrected")
    data = ["--data", "listing:kept/labels.tsv", "--validation", "listing:kept/labels.tsv"]
    start = ["--config", TINY, "--init", LETTERS, "--output", "tuned", "--budget", "1s", "--workers", "0"]
    done = command("train", *data, *start)
    assert done.returncode == ("keeping its weights" in done.stderr), done.stderr
    assert (tmp_path / "tuned" / "scores.json").is_file()


def test_one_line_is_open_at_a_time(page: Any) -> None:
    """A text would be saved with the picture of another line."""
    upload(page, drawn_page(LINES))
    lines = page.locator("#lines .line")
    expect(lines).to_have_count(3)
    page.evaluate("document.querySelectorAll('#lines .line').forEach((line) => { line.click(); line.click(); })")
    expect(page.get_by_label("Text of this line")).to_have_value("cab")
    expect(page.locator(".editor")).to_have_count(1)
    assert page.locator("#outlines .open").count() == 1


def test_a_correction_is_saved_when_another_line_is_opened(page: Any) -> None:
    """What somebody typed would be lost with a click on the next line."""
    upload(page, drawn_page(LINES))
    lines = page.locator("#lines .line")
    lines.first.click()
    page.get_by_label("Text of this line").fill("faded")
    page.locator("#outlines polygon").nth(1).click()
    expect(lines.first).to_contain_text("corrected")
    expect(page.get_by_label("Text of this line")).to_have_value("bead")
    expect(page.get_by_label("Text of this line")).to_be_focused()
    assert shown(page) == ["faded", *LINES[1:]]


def test_a_corrected_document_is_not_replaced_without_asking(page: Any) -> None:
    """An hour's corrections would be gone with a picture that was dropped by mistake."""
    upload(page, drawn_page(LINES))
    page.locator("#lines .line").first.click()
    page.get_by_label("Text of this line").fill("faded")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#lines .line").first).to_contain_text("corrected")
    asked: list[str] = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    upload(page, drawn_page(["abc"]))
    assert asked
    assert "corrections" in asked[0]
    assert shown(page) == ["faded", *LINES[1:]]
    with page.expect_download():
        page.get_by_role("button", name="PAGE", exact=True).click()
    expect(page.locator("#status")).to_contain_text("Downloaded")
    upload(page, drawn_page(["abc"]))
    expect(page.locator("#lines .line")).to_have_count(1)


def test_an_empty_text_is_not_kept(page: Any) -> None:
    """A row without text would stop a training of hours; the user would think it saved."""
    upload(page, drawn_page(LINES))
    page.locator("#lines .line").first.click()
    page.get_by_label("Text of this line").fill("  ")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".editor [role=alert]")).to_contain_text("Enter a text")
    page.keyboard.press("Escape")
    expect(page.locator(".editor")).to_have_count(0)
    assert shown(page) == LINES


def test_a_page_is_corrected_by_keyboard(page: Any) -> None:
    """People without a mouse would be left out."""
    upload(page, drawn_page(LINES))
    expect(page.locator("#lines .line")).to_have_count(3)
    page.locator("#outlines polygon").first.focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("bead")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Text of this line")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#lines .line").nth(1)).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Text of this line")).to_have_value("cab")


@pytest.mark.parametrize(
    ("button", "ending", "holds"),
    [
        ("Text", "letter.txt", b"faded\nbead\ncab\n"),
        ("PAGE", "letter.xml", b"faded"),
        ("ALTO", "letter.alto.xml", b"faded"),
        ("hOCR", "letter.hocr", b"faded"),
        ("Searchable PDF", "letter.pdf", b"%PDF-"),
    ],
)
def test_a_corrected_page_is_downloaded(page: Any, button: str, ending: str, holds: bytes) -> None:
    """The corrections would be missing in what people take away."""
    upload(page, drawn_page(LINES))
    page.locator("#lines .line").first.click()
    page.get_by_label("Text of this line").fill("faded")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#lines .line").first).to_contain_text("faded")
    with page.expect_download() as download:
        page.get_by_role("button", name=button, exact=True).click()
    assert download.value.suggested_filename == ending
    assert holds in Path(download.value.path()).read_bytes()


def test_pages_that_browsers_do_not_show_are_turned_over(page: Any) -> None:
    """Scans as TIFF and PDF could be read, but neither seen nor corrected."""
    large = Image.new("L", (2000, 2000), 255)
    upload(page, drawn_page(["abc"]), large, drawn_page(["dad"]), kind="TIFF")
    expect(page.locator("#status")).to_contain_text("Read 2 lines on 2 pages")
    expect(page.locator("#status")).to_contain_text("Not read: page 2 has 2000 × 2000 pixels")
    assert shown(page) == ["abc"]
    page.get_by_role("button", name="Next page").click()
    expect(page.locator("#page-number")).to_contain_text("Page 3, 2 of 2")
    assert shown(page) == ["dad"]
    assert page.locator("#page-image").evaluate("image => image.decode().then(() => image.naturalWidth)") == WIDTH
    page.locator("#lines .line").first.click()
    expect(page.get_by_label("Text of this line")).to_have_value("dad")


def test_a_line_is_still_read_as_a_line(page: Any) -> None:
    """The letters of a word, and their places, would no longer be shown; or a page could not be read as one."""
    upload(page, drawn_page(["cab"]).crop((LEFT, TOP, LEFT + 64, TOP + 16)))
    expect(page.locator("#text")).to_have_value("cab")
    page.get_by_label("Read it as").select_option("page")
    expect(page.locator("#document")).to_be_visible()
    expect(page.locator("#reading")).to_be_hidden()
    page.get_by_label("Read it as").select_option("line")
    expect(page.locator("#text")).to_have_value("cab")


def test_a_blank_page_and_a_broken_file_are_told_of(page: Any) -> None:
    """A user would wait for a text that never comes."""
    upload(page, Image.new("L", (600, 800), 255))
    expect(page.locator("#no-lines")).to_be_visible()
    page.set_input_files("#file", {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 no more"})
    expect(page.locator("#status")).to_contain_text("broken")


def test_a_server_without_pages_offers_none(browser: Any) -> None:
    """Users would choose a PDF, and get an error that they can do nothing about."""
    with ReadingServer(limits={"max_pages": 4}) as server, opened_page(browser, server.url) as page:
        expect(page.locator("#what-is-read")).to_contain_text("Crop the picture")
        expect(page.locator("#kind-choice")).to_be_hidden()
        assert "pdf" not in page.locator("#file").get_attribute("accept")


@pytest.mark.parametrize("width", [360, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_is_found_by_axe(browser: Any, server: ReadingServer, width: int, scheme: str) -> None:
    """People with a screen reader, or with weak eyes, could not use the page (WCAG 2.2)."""
    options = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme, "bypass_csp": True}
    with opened_page(browser, server.url, **options) as page:
        expect(page.locator("#kind-choice")).to_be_visible()
        assert_accessible(page)
        upload(page, drawn_page(LINES), drawn_page(["abc"]), kind="TIFF")
        page.locator("#lines .line").nth(1).click()
        expect(page.locator(".crop img")).to_be_visible()
        assert_accessible(page)
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#lines .line").nth(1)).to_contain_text("corrected")
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        keep_picture(page, f"page-{scheme}-{width}")


@pytest.mark.skipif(find_bundle("pages") is None, reason="no bundle named `pages`, which finds lines, ships yet")
def test_a_page_is_read_with_the_models_that_ship(browser: Any) -> None:
    """The page would work with the stand-in of these tests only."""
    bundle = find_bundle("pages")
    assert bundle is not None
    with (
        ReadingServer("--layout", bundle, model="english-lines") as server,
        opened_page(browser, server.url) as page,
    ):
        expect(page.locator("#kind-choice")).to_be_visible()
        upload(page, written_page())
        expect(page.locator("#lines .line").nth(16)).to_contain_text("nobody has ever", timeout=60_000)
        page.locator("#lines .line").nth(3).click()
        expect(page.locator(".crop img")).to_be_visible()
        keep_picture(page, "page")
