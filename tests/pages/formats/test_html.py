"""Review pages, as files. `test_html_browser.py` uses them."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import tracemalloc
from pathlib import Path
from typing import Any

import lxml.html
import msgspec
import numpy as np
import pytest
from example_pages import HEIGHT, WIDTH, blank, page, scan, turned, varied
from hypothesis import given
from PIL import Image
from strategies import pages

from gluon_htr.pages.document import Page
from gluon_htr.pages.formats.html import MAX_SIDE, SCRIPTS, section
from gluon_htr.pages.formats.registry import FORMATS
from gluon_htr.pages.formats.xml import allowed

HOSTILE = (
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onfocus='alert(1)' autofocus='",
    "<!-- ]]> &quot; &#60; ${alert(1)}",
    "\u202eabc\u0000\u0007\u0085\x1b[2J\u2028",
)
SMALL = np.full((14, 10), 240, np.uint8)


def write(path: Path, *written: Page) -> Path:
    with FORMATS["html"].open(path) as writer:
        for each in written:
            writer.add(each, scan(each))
    return path


def parsed(content: bytes) -> Any:
    return lxml.html.document_fromstring(content.decode())


def texts_of(root: Any) -> list[str]:
    return [field.get("value") for field in root.iterfind(".//input[@type='text']")]


def shown(text: str) -> str:
    """The text as it stands in a field of one line."""
    return " ".join(allowed(text).split())


def scan_of(root: Any) -> Image.Image:
    url = root.find(".//img").get("src")
    return Image.open(io.BytesIO(base64.b64decode(url.removeprefix("data:image/jpeg;base64,"))))


@given(pages())
def test_any_page_is_html_with_its_lines(of: Page) -> None:
    """A character of one line would hide the others, or a strange outline would end the reading of a book."""
    root = parsed(b"<meta charset=utf-8>" + section(of, SMALL))
    assert texts_of(root) == [shown(line.text) for line in of.lines]
    names = root.xpath("//@id")
    assert len(names) == len(set(names))
    assert len(root.findall(".//polygon")) == len(of.lines)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_markup(text: str, tmp_path: Path) -> None:
    """Whoever writes a page, or names its file, could run programs where it is reviewed."""
    of = page("first", text, "last")
    region = msgspec.structs.replace(of.regions[0], id=text)
    of = msgspec.structs.replace(of, source=f"{text}.png", regions=(region,))
    root = parsed(write(tmp_path / "a.html", of).read_bytes())
    assert texts_of(root) == ["first", shown(text), "last"]
    assert [len(root.findall(f".//{tag}")) for tag in ("script", "style", "img", "title")] == [1, 1, 1, 1]
    assert not [name for element in root.iter("*") for name in element.attrib if name.startswith("on")]
    assert root.find("body").get("data-source") == f"{allowed(text)}.png"


def test_nothing_is_loaded_and_nothing_else_may_run(tmp_path: Path) -> None:
    """A page from an archive would tell a server that it is read, or break when that server is gone."""
    root = parsed(write(tmp_path / "a.html", varied(), blank(2)).read_bytes())
    policy = root.find(".//meta[@http-equiv='Content-Security-Policy']").get("content")
    assert policy.startswith("default-src 'none'; ")
    assert "http" not in policy
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        content = root.find(f".//{tag}").text_content()
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
        assert not re.search(r"https?:|//\w+\.|@import|url\(|\bfetch\b|XMLHttpRequest|^import |^export ", content, re.M)
    addresses = [value for element in root.iter("*") for key, value in element.items() if key in ("src", "href")]
    assert addresses
    assert all(address.startswith("data:image/jpeg;base64,") for address in addresses)
    assert not root.xpath("//@style")  # the policy would refuse it


def test_every_script_is_part_of_the_page() -> None:
    """A new script would be forgotten, and the page would end in an error."""
    folder = Path(__file__).parents[3] / "gluon_htr" / "pages" / "formats" / "review"
    assert sorted(SCRIPTS) == sorted(path.name for path in folder.glob("*.js"))
    for place, name in enumerate(SCRIPTS):
        needed = re.findall(r'^import .* from "\./(.*)";$', (folder / name).read_text("utf-8"), re.M)
        assert set(needed) <= set(SCRIPTS[:place])


@pytest.mark.parametrize("orientation", [0, 90, 180, 270])
def test_a_turned_page_is_upright_with_its_lines_in_place(orientation: int) -> None:
    """The scan would lie on its side, or its outlines on other words."""
    upright = np.full((HEIGHT, WIDTH), 240, np.uint8)
    upright[160:212, 100:300] = 0  # where the first line is
    image = np.ascontiguousarray(np.rot90(upright, orientation // 90))
    straight, found = (
        parsed(section(turned(page("some text"), angle), pixels))
        for angle, pixels in ((0, upright), (orientation, image))
    )
    assert np.abs(np.asarray(scan_of(found)).astype(int) - upright).mean() < 3
    assert outline_of(found) == outline_of(straight)


def outline_of(root: Any) -> list[list[float]]:
    return sorted([float(x) for x in point.split(",")] for point in root.find(".//polygon").get("points").split())


def test_a_large_scan_is_scaled_down_with_its_outlines() -> None:
    """A book of 300 scans would be too large for a browser, or its lines be cut out of the wrong places."""
    factor = 3
    of, image = page("text"), np.full((factor * HEIGHT, factor * WIDTH), 240, np.uint8)
    large = msgspec.convert(scaled(msgspec.to_builtins(of), factor), Page)
    found = parsed(section(large, image))
    assert max(scan_of(found).size) == MAX_SIDE
    ratio = MAX_SIDE / HEIGHT
    expected = [[x * ratio, y * ratio] for x, y in outline_of(parsed(section(of, scan(of))))]
    assert np.allclose(outline_of(found), expected, atol=1)


def scaled(value: Any, factor: float) -> Any:
    """The same page with more pixels."""
    if isinstance(value, dict):
        grow = {key: value[key] * factor for key in ("width", "height") if key in value}
        points = {
            key: [[x * factor, y * factor] for x, y in value[key]] for key in ("polygon", "baseline") if key in value
        }
        return {key: scaled(part, factor) for key, part in value.items()} | grow | points
    return [scaled(part, factor) for part in value] if isinstance(value, (list, tuple)) else value


def test_a_page_without_lines_says_so(tmp_path: Path) -> None:
    """People would take a blank page for one that failed."""
    root = parsed(write(tmp_path / "a.html", blank()).read_bytes())
    assert "No lines were found" in root.text_content()


def test_a_book_needs_no_more_memory_than_a_page(tmp_path: Path) -> None:
    """A book of 300 pages would fill the memory of the computer that reads it."""
    noise = np.random.default_rng(0).integers(0, 256, (400, 300), np.uint8)
    path = tmp_path / "book.html"
    with FORMATS["html"].open(path) as writer:
        writer.add(page("text"), noise)
        tracemalloc.start()
        for number in range(2, 301):
            writer.add(page("text", number=number), noise)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert path.stat().st_size > 20e6
    assert peak < 3e6
