"""The page in a real browser: words and lines. SCREENSHOTS=folder keeps pictures."""

import contextlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("fastapi", reason="needs gluon-htr[serve]")

from chromium import assert_accessible, expect, keep_picture, opened_page
from reading_server import ReadingServer
from support import PROJECT

from gluon_htr.datasets.spec import open_spec, parse_spec
from gluon_htr.images.decoding import decode
from gluon_htr.runtime.loading import load

WORD = PROJECT / "examples" / "word.png"
#: Points of a pen that writes "lo", in hundredths of the writing area.
PEN = [
    [(30, 20), (30, 35), (30, 50), (30, 65), (31, 78), (34, 80)],
    [(46, 55), (42, 54), (39, 60), (39, 70), (42, 78), (46, 79), (50, 73), (50, 62), (46, 55)],
]


@pytest.fixture(scope="module")
def server() -> Iterator[ReadingServer]:
    """Reads with the model that ships, as a user sees it."""
    with ReadingServer(model="words") as running:
        yield running


@pytest.fixture
def page(browser: Any, server: ReadingServer, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The page, open. Parameters are those of a Playwright context."""
    with opened_page(browser, server.url, **getattr(request, "param", {})) as opened:
        yield opened


def upload(page: Any) -> None:
    """Chooses the picture of the word `reading`."""
    page.wait_for_load_state()  # a script takes the file
    page.set_input_files("#file", WORD)
    expect(page.locator("#text")).to_have_value("reading")


def write(page: Any) -> None:
    """Moves the pen over the writing area."""
    page.get_by_role("tab", name="Write here").click()
    area = page.locator("#ink").bounding_box()
    for stroke in PEN:
        places = [(area["x"] + x / 100 * area["width"], area["y"] + y / 100 * area["height"]) for x, y in stroke]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place, steps=3)
        page.mouse.up()


def test_a_picture_is_read_and_its_letters_found(page: Any) -> None:
    """The page would show nothing, or point at the wrong part of the image."""
    upload(page)
    letters = page.locator("#letters button")
    assert letters.all_inner_texts() == list("reading")
    image = page.locator("#image").bounding_box()
    middles = []
    for k in range(7):
        letters.nth(k).hover()
        mark = page.locator("#mark").bounding_box()
        middles.append((mark["x"] + mark["width"] / 2 - image["x"]) / image["width"])
    assert middles == sorted(middles)
    assert 0 < middles[0] < 0.25 < 0.75 < middles[-1] < 1
    assert "percent" in letters.first.get_attribute("aria-label")


def test_what_is_written_is_read_as_it_is_written(page: Any) -> None:
    """Nobody without a picture at hand could try the recognizer."""
    write(page)
    expect(page.locator("#letters button")).not_to_have_count(0)
    expect(page.locator("#status")).to_contain_text("sure")
    keep_picture(page, "write")
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#reading")).to_be_hidden()
    expect(page.locator("#status")).to_contain_text("Nothing")


def test_a_text_is_corrected_downloaded_and_kept_for_training(page: Any, tmp_path: Path) -> None:
    """What a person has put right would be lost, or be of no use to `train`."""
    upload(page)
    page.locator("#text").fill("Reading")
    with page.expect_download() as text:
        page.get_by_role("button", name="Download", exact=True).click()
    assert Path(text.value.path()).read_text() == "Reading\n"
    page.get_by_role("button", name="Keep for training").click()
    expect(page.locator("#kept-count")).to_contain_text("1 image with text")
    keep_picture(page, "picture")
    page.reload()  # it is kept beyond the visit
    with page.expect_download() as kept:
        page.get_by_role("button", name="Download as data set").click()
    with zipfile.ZipFile(io.BytesIO(Path(kept.value.path()).read_bytes())) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path)
    [sample] = open_spec(parse_spec(f"listing:{tmp_path / 'corrections' / 'labels.tsv'}"))
    assert sample.text == "Reading"
    assert np.array_equal(sample.image(), decode(WORD))
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete all").click()
    expect(page.locator("#kept-count")).to_contain_text("Nothing yet")


def test_the_original_is_read_and_kept(page: Any, tmp_path: Path) -> None:
    """The page would read a smaller JPEG otherwise than the command, and training would learn its noise."""
    with Image.open(WORD) as word:
        word.convert("L").resize((2900, 480)).save(tmp_path / "large.png")
    page.set_input_files("#file", tmp_path / "large.png")
    read = load("words").read(tmp_path / "large.png").text
    expect(page.locator("#text")).to_have_value(read)
    page.locator("#text").fill('a "large" one')
    page.get_by_role("button", name="Keep for training").click()
    expect(page.locator("#kept-count")).to_contain_text("1 image with text")
    with page.expect_download() as kept:
        page.get_by_role("button", name="Download as data set").click()
    with zipfile.ZipFile(io.BytesIO(Path(kept.value.path()).read_bytes())) as archive:
        archive.extractall(tmp_path)
    [sample] = open_spec(parse_spec(f"listing:{tmp_path / 'corrections'}"))
    assert sample.text == 'a "large" one'
    [image] = (tmp_path / "corrections" / "images").iterdir()
    assert image.read_bytes() == (tmp_path / "large.png").read_bytes()


def test_a_picture_never_gets_the_text_of_another(page: Any, tmp_path: Path) -> None:
    """Training would learn a text with the pixels of another picture."""
    upload(page)
    answers: list[Any] = []
    page.route("**/v1/predict", lambda route: answers.append(route))  # the answers come late, in the wrong order
    Image.new("L", (300, 80), 255).save(tmp_path / "blank.png")
    line = PROJECT / "examples" / "line.png"
    page.set_input_files("#file", tmp_path / "blank.png")
    page.wait_for_timeout(300)
    page.locator("#text").fill("still the first")
    page.get_by_role("button", name="Keep for training").click()  # while the second is being read
    expect(page.locator("#status")).to_contain_text("Kept")
    page.set_input_files("#file", line)
    page.wait_for_timeout(300)
    for route in reversed(answers):
        with contextlib.suppress(Exception):  # the page has given up the older one
            route.continue_()
    page.unroute("**/v1/predict")
    expect(page.locator("#text")).to_have_value(load("words").read(line).text)
    width = page.locator("#image").evaluate("image => image.decode().then(() => image.naturalWidth)")
    assert width == decode(line).shape[1]
    with page.expect_download() as kept:
        page.get_by_role("button", name="Download as data set").click()
    with zipfile.ZipFile(io.BytesIO(Path(kept.value.path()).read_bytes())) as archive:
        archive.extractall(tmp_path)
    [sample] = open_spec(parse_spec(f"listing:{tmp_path / 'corrections'}"))
    assert sample.text == "still the first"
    assert np.array_equal(sample.image(), decode(WORD))


def test_the_page_works_below_a_path(browser: Any) -> None:
    """Behind https://host/htr/ neither the page nor its parts would load."""
    with (
        ReadingServer("--root-path", "/htr", model="words") as server,
        opened_page(browser, server.url, path="/htr") as page,
    ):
        upload(page)
        page.get_by_role("link", name="For programs").click()
        expect(page.locator("table").first).to_be_visible()
        expect(page.locator("#curl")).to_contain_text(f"{server.url}/htr/v1/predict")
        page.get_by_role("link", name="Web page").click()
        upload(page)
        assert page.url == f"{server.url}/htr/"


def test_a_picture_is_pasted_or_dropped(page: Any) -> None:
    """Screenshots would have to be saved before they could be read."""
    for event, carrier in (("paste", "clipboardData"), ("drop", "dataTransfer")):
        page.reload()
        page.evaluate(
            """async ([bytes, event, carrier]) => {
                const transfer = new DataTransfer();
                transfer.items.add(new File([new Uint8Array(bytes)], "word.png", { type: "image/png" }));
                const Kind = event === "paste" ? ClipboardEvent : DragEvent;
                document.dispatchEvent(new Kind(event, { [carrier]: transfer, bubbles: true, cancelable: true }));
            }""",
            [list(WORD.read_bytes()), event, carrier],
        )
        expect(page.locator("#text")).to_have_value("reading")


def test_a_file_that_is_no_picture_is_told_of(page: Any, tmp_path: Path) -> None:
    """A user would wait for a text that never comes."""
    (tmp_path / "notes.png").write_text("no picture")
    page.set_input_files("#file", tmp_path / "notes.png")
    expect(page.locator("#status")).to_contain_text("PNG")


@pytest.mark.parametrize("page", [{"viewport": {"width": 360, "height": 780}}], indirect=True)
def test_everything_can_be_reached_by_keyboard_and_fits_a_phone(page: Any) -> None:
    """People without a mouse, or with a small screen, would be left out."""
    upload(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    reached = []
    page.evaluate("document.activeElement.blur()")
    while "keep" not in reached and len(reached) < 20:
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
    wanted = ["For programs", "picture-tab", "file", "r", "text", "copy", "download", "keep"]
    assert [name for name in reached if name in wanted] == wanted
    page.locator("#letters button").first.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.textContent") == "e"
    assert page.locator("#mark").is_visible()
    page.locator("#picture-tab").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#write-panel").is_visible()


@pytest.mark.parametrize("width", [360, 1100])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_is_found_by_axe(browser: Any, server: ReadingServer, width: int, scheme: str) -> None:
    """People with a screen reader, or with weak eyes, could not use the page (WCAG 2.2)."""
    telephone = {"is_mobile": True, "has_touch": True} if width < 500 else {}
    size = {"width": width, "height": 780}
    context = browser.new_context(base_url=server.url, viewport=size, color_scheme=scheme, bypass_csp=True, **telephone)
    page = context.new_page()
    for address, prepare in (("/", upload), ("/", write), ("/docs", lambda page: page.wait_for_selector("table"))):
        page.goto(address)
        prepare(page)
        if prepare is upload:
            assert page.get_by_text("Take a photo").is_visible() == (width < 500)
        if prepare is upload:
            page.locator("#letters button").nth(2).focus()
            keep_picture(page, f"{scheme}-{width}")
        assert_accessible(page)
    context.close()


def test_a_key_is_asked_for_where_one_is_needed(browser: Any) -> None:
    """The page would be of no use on a server that is protected."""
    with ReadingServer(model="words", GLUON_HTR_API_KEY="correct horse battery") as server:
        page = browser.new_page(base_url=server.url)
        page.goto("/")
        page.get_by_label("API key").fill("correct horse battery")
        page.get_by_role("button", name="Use it").click()
        expect(page.locator("#key-section")).to_be_hidden()
        upload(page)
        page.close()
