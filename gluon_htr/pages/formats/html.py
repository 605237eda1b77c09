"""Review page: one HTML file per document, with its scans and its lines, to be corrected and saved for training.

`review/` has its head, its style and its scripts. A Content Security Policy (https://www.w3.org/TR/CSP3) admits these
by their hashes, and nothing else: no text becomes a script, and nothing is loaded from elsewhere.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from string import Template

import numpy as np
from PIL import Image

from ... import __version__
from ...errors import AnnotationError
from ...images.decoding import decode
from ..document import Line, Page, Point, Region, other_readings, own_probability
from ..drawing import SURE
from ..outlines import LineGeometry, Outline, found_bands
from ..turns import Turn
from .writers import PageImage, Pieces
from .xml import allowed

MAX_SIDE = 2200  # pixels of the longer side: larger scans are scaled down, which keeps 50 pixels of a line's height
JPEG_QUALITY = 75
FAIRLY_SURE = 0.7  # confidence below which a line is called unsure
#: Scripts, each after those that it imports.
SCRIPTS = ("zip.js", "tsv.js", "crop.js", "alternatives.js", "line.js", "memory.js", "saving.js", "review.js")
STYLES = ("review.css", "alternatives.css")
KINDS = {"text": "", "marginalia": ", in the margin", "table": ", in a table"}


def section(page: Page, image: PageImage) -> bytes:
    """Return the element of a page: its scan with the outlines of its lines, and the lines in reading order."""
    sheet = _Sheet.of(page, image)
    numbered = list(enumerate(((region, line) for region in page.regions for line in region.lines), 1))
    places = "".join(_place(sheet, k, line, outline) for (k, (_, line)), outline in zip(numbered, sheet.outlines()))
    items = "".join(_item(page, k, region, line) for k, (region, line) in numbered)
    width, height = sheet.size
    return (
        f'<section class="page" data-number="{page.number}" aria-label="Page {page.number}">\n'
        f"<h2>Page {page.number}</h2>\n"
        f'<div class="scan" role="region" aria-label="Scan of page {page.number}" tabindex="0"><div class="sheet">\n'
        f'<img alt="Scan of page {page.number}" width="{width}" height="{height}" src="{sheet.url}">\n'
        f'<svg viewBox="0 0 {width} {height}" aria-hidden="true">\n{places}</svg>\n</div></div>\n'
        f'<ol class="lines">\n{items}</ol>\n{"" if items else "<p>No lines were found on this page.</p>"}</section>\n'
    ).encode("utf-8", "replace")


def _head(source: str) -> bytes:
    style, script = "\n".join(map(_file, STYLES)), "\n".join(map(_script, SCRIPTS))
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    values = {"source": escape(allowed(source)), "version": __version__, "policy": policy}
    return Template(_file("head.html")).substitute(values, style=style, script=script).encode("utf-8")


HTML = Pieces(_head, section, b"", b'</div>\n<ol id="queue"></ol>\n</main>\n</body>\n</html>\n')


@dataclass(frozen=True)
class _Sheet:
    """The upright scan of a page, scaled down. size: (width, height) in pixels. url: its JPEG as a data URL."""

    page: Page
    size: tuple[int, int]
    url: str

    @classmethod
    def of(cls, page: Page, image: PageImage) -> _Sheet:
        scan = Image.fromarray(Turn(page.orientation, page.width, page.height).turned(decode(image)))
        scan.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS, reducing_gap=3)
        buffer = io.BytesIO()
        scan.save(buffer, "JPEG", quality=JPEG_QUALITY)
        return cls(page, scan.size, f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}")

    def outlines(self) -> list[Outline]:
        """Compute the outlines in which the lines were read; their polygons, if they have no such outline."""
        lines = [LineGeometry(self.points(line.polygon), self.points(line.baseline)) for line in self.page.lines]
        found = found_bands(lines, self.size)
        return [Outline(g.polygon, 0.0) if isinstance(o, AnnotationError) else o for g, o in zip(lines, found)]

    def points(self, points: tuple[Point, ...]) -> np.ndarray:
        """Convert points of the page to pixels of the scan, (n, 2)."""
        turn = Turn(self.page.orientation, self.page.width, self.page.height)
        return np.clip(turn.upright(points) * np.divide(self.size, turn.upright_size), 0, self.size)


def _place(sheet: _Sheet, number: int, line: Line, outline: Outline) -> str:
    """Return the place of a line on the scan: its polygon, and what the scripts need to cut it out."""
    polygon = sheet.points(line.polygon)
    doubt = " unsure" if line.confidence < FAIRLY_SURE else ""
    x, y = polygon.min(axis=0)
    return (
        f'<g class="place{doubt}" id="{_name(sheet.page, number)}-place" data-angle="{outline.angle:.2f}" '
        f'data-outline="{_written(outline.polygon)}" data-baseline="{_written(sheet.points(line.baseline))}">'
        f'<polygon points="{_written(polygon)}"/>'
        f'<text x="{x:.0f}" y="{y:.0f}" font-size="{max(sheet.size) / 80:.0f}">{number}</text></g>\n'
    )


def _item(page: Page, number: int, region: Region, line: Line) -> str:
    name, text = _name(page, number), escape(" ".join(allowed(line.text).split()))
    sure, words = _in_words(line.confidence)
    return (
        f'<li class="line" id="{name}" value="{number}" data-confidence="{line.confidence:.4f}" '
        f'data-region="{escape(allowed(region.id))}"{_readings(line)}>\n<div class="about">'
        f'<label for="{name}-text"><span class="of-page">Page {page.number}, </span>'
        f"Line {number}{KINDS[region.kind]}</label> "
        f'<span class="confidence {sure}" id="{name}-confidence">{words}</span> '
        f'<span class="changed" hidden>changed</span> '
        f'<label class="check"><input type="checkbox" tabindex="-1" autocomplete="off"> checked</label></div>\n'
        f'<div class="crop" aria-hidden="true"></div>\n'
        f'<input type="text" id="{name}-text" value="{text}" dir="auto" lang="" spellcheck="false" autocomplete="off" '
        f'autocapitalize="off" enterkeyhint="next" aria-describedby="{name}-confidence"></li>\n'
    )


def _readings(line: Line) -> str:
    """Return an attribute with the readings of the words of a line; nothing if there are no others."""
    if not any(map(other_readings, line.words)):
        return ""
    words = [
        [(allowed(word.text), own_probability(word)), *((allowed(r.text), r.probability) for r in other_readings(word))]
        for word in line.words
    ]
    return f' data-words="{escape(json.dumps(words, ensure_ascii=False))}"'


def _in_words(confidence: float) -> tuple[str, str]:
    """Return the class of a confidence, and the confidence in words and as a number."""
    sure, words = "unsure", "unsure"
    if confidence >= FAIRLY_SURE:
        sure, words = "sure", "sure" if confidence >= SURE else "fairly sure"
    return sure, f"{words}, {int(100 * confidence)} %"


def _name(page: Page, number: int) -> str:
    return f"page-{page.number}-line-{number}"


def _written(points: np.ndarray) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points.tolist())


def _script(name: str) -> str:
    """Return a module without its imports and exports: all modules become one."""
    return re.sub(r"^(import .*;\n|export (?=\w))", "", _file(name), flags=re.MULTILINE)


def _file(name: str) -> str:
    return (files(__package__) / "review" / name).read_text("utf-8")


def _hash(content: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode('utf-8')).digest()).decode('ascii')}"
