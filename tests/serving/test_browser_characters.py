"""Single characters in a real browser: drawn, chosen as a picture, and corrected. SCREENSHOTS=folder keeps pictures."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("fastapi", reason="needs gluon-htr[serve]")

from characters import CHARACTERS, CLASSES, save
from chromium import assert_accessible, expect, keep_picture, opened_page
from letters import LETTERS, draw
from reading_server import ReadingServer

#: Strokes in hundredths of the writing area.
L = [[(40, 20), (40, 50), (40, 80)], [(40, 80), (60, 80), (75, 80)]]
SMALL_L = [[(10, 70), (10, 76), (10, 82)], [(10, 82), (15, 82), (18, 82)]]
O = [[(50, 20), (32, 30), (25, 50), (32, 72), (50, 80), (68, 72), (75, 50), (68, 30), (50, 20)]]  # noqa: E741

#: The gray pixels of the image that was read, row by row.
PIXELS = """() => {
  const image = document.getElementById("image");
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  const row = (y) => Array.from({ length: canvas.width }, (_, x) => data[4 * (y * canvas.width + x)]);
  return Array.from({ length: canvas.height }, (_, y) => row(y));
}"""


@pytest.fixture(scope="module")
def server() -> Iterator[ReadingServer]:
    """Reads six characters."""
    with ReadingServer(model=CHARACTERS) as running:
        yield running


@pytest.fixture
def page(browser: Any, server: ReadingServer, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The page, open. Parameters are those of a Playwright context."""
    with opened_page(browser, server.url, **getattr(request, "param", {})) as opened:
        yield opened


def write(page: Any, strokes: list[list[tuple[int, int]]]) -> Any:
    """Draw into the writing area; returns what the server answered to the last stroke."""
    area = page.locator("#ink").bounding_box()
    with page.expect_response("**/v1/predict") as answer:
        for stroke in strokes:
            places = [(area["x"] + x / 100 * area["width"], area["y"] + y / 100 * area["height"]) for x, y in stroke]
            page.mouse.move(*places[0])
            page.mouse.down()
            for place in places[1:]:
                page.mouse.move(*place)
            page.mouse.up()
    return answer.value


@pytest.mark.parametrize(
    "page", [{"viewport": {"width": 360, "height": 800}, "color_scheme": "dark", "bypass_csp": True}, {}], indirect=True
)
def test_a_drawn_character_is_read_with_the_most_probable_ones(page: Any) -> None:
    """Nobody without a picture at hand could try the classifier, or see what else it thinks of."""
    page.get_by_role("tab", name="Write a character").click()
    area = page.locator("#ink").bounding_box()
    assert area["width"] == pytest.approx(area["height"], abs=2)
    for strokes, text in ((L, "L"), (O, "O"), (SMALL_L, "L")):
        write(page, strokes)
        expect(page.locator("#text")).to_have_value(text)
        expect(page.locator("#status")).to_contain_text(f"“{text}” – ")
        expect(page.locator("#status")).to_contain_text("sure that it is a character at all")
        shown = [button.get_attribute("data-text") for button in page.locator("#candidates button").all()]
        assert (shown[0], len(set(shown))) == (text, 5)
        assert set(shown) <= set(CLASSES)
        expect(page.locator("#candidates button").first).to_have_attribute("aria-pressed", "true")
        if strokes is O:
            keep_picture(page, f"character-{page.viewport_size['width']}")
            if page.viewport_size["width"] == 360:
                assert_accessible(page)
                assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.get_by_role("button", name="Clear", exact=True).click()
        expect(page.locator("#reading")).to_be_hidden()
    expect(page.locator("#letters")).to_be_hidden()


def test_the_pen_is_as_wide_in_a_small_drawing_as_in_a_large_one(page: Any) -> None:
    """A small character would be a blot to the network, and a large one a hair."""
    page.get_by_role("tab", name="Write a character").click()
    darkness = []
    for strokes in (L, SMALL_L):
        write(page, strokes)
        image = np.array(page.evaluate(PIXELS), np.uint8)
        assert image.shape == (112, 112)
        darkness.append(float((image < 128).mean()))
        page.get_by_role("button", name="Clear", exact=True).click()
        expect(page.locator("#reading")).to_be_hidden()
    assert darkness[1] == pytest.approx(darkness[0], rel=0.25)
    assert 0.04 < darkness[0] < 0.2


def test_another_candidate_is_chosen_and_kept(page: Any) -> None:
    """What a person has put right would be lost."""
    page.get_by_role("tab", name="Write a character").click()
    write(page, L)
    second = page.locator("#candidates button").nth(1)
    text = second.get_attribute("data-text")
    second.click()
    expect(page.locator("#text")).to_have_value(text)
    expect(second).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#candidates button").first).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Keep for training").click()
    expect(page.locator("#status")).to_contain_text(f"Kept “{text}”")


def test_a_picture_that_is_no_character_is_told(page: Any, tmp_path: Path) -> None:
    """A blot would be shown as a letter without a doubt, or an empty picture as an error."""
    noise = np.random.default_rng(0).integers(0, 256, (40, 40)).astype(np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    Image.new("L", (40, 40), 240).save(tmp_path / "blank.png")
    page.set_input_files("#file", save(tmp_path / "letter.png", "T", side=80))
    expect(page.locator("#status")).to_contain_text("“T” – ")
    expect(page.locator("#status")).not_to_contain_text("may not be")
    page.set_input_files("#file", tmp_path / "noise.png")
    expect(page.locator("#status")).to_contain_text("This may not be a character: ")
    page.set_input_files("#file", tmp_path / "blank.png")
    expect(page.locator("#status")).to_contain_text("No character was found")
    expect(page.locator("#candidates button")).to_have_count(0)


def test_the_page_changes_with_the_model(browser: Any) -> None:
    """With two models, lines would have to fit into a square, or characters would be read with a line's letters."""
    with ReadingServer("--model", LETTERS, model=CHARACTERS) as server, opened_page(browser, server.url) as page:
        expect(page.get_by_role("tab", name="Write a character")).to_be_visible()
        page.get_by_role("tab", name="Write a character").click()
        write(page, L)
        page.get_by_label("Model").select_option(index=1)
        expect(page.get_by_role("tab", name="Write here")).to_be_visible()
        expect(page.locator("#reading")).to_be_hidden()
        area = page.locator("#ink").bounding_box()
        assert area["width"] == pytest.approx(3 * area["height"], rel=0.05)
        buffer = io.BytesIO()
        draw("decade").save(buffer, "PNG")
        page.set_input_files("#file", {"name": "a.png", "mimeType": "image/png", "buffer": buffer.getvalue()})
        expect(page.locator("#text")).to_have_value("decade")
        expect(page.locator("#letters button")).to_have_count(6)
        expect(page.locator("#candidates")).to_be_hidden()
