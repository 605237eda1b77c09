"""Lines of transcribed pages, read from PAGE XML (2010 to 2019) or ALTO (2 to 4); the root element tells which.

PAGE: https://github.com/PRImA-Research-Lab/PAGE-XML, `PcGts/Page//TextLine` with Coords, Baseline and TextEquiv, whose
points were elements in 2010. ALTO: https://www.loc.gov/standards/alto, `alto//Page//TextLine` with Shape, BASELINE and
String. Everything else in a file, such as the additions of Transkribus and eScriptorium, is ignored. Both are parsed by
expat in one pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from xml.parsers import expat

import numpy as np

from .._xml import parse_xml
from ..errors import AnnotationError

PROPORTION = "proportion"  # of the page's width and height: a unit of files other than PAGE and ALTO
MAX_COORDINATE = 1e7  # larger coordinates are not on a page, in any unit
SAME_SHAPE = 0.02  # largest relative difference of the ratio of width to height between an image and its copy

Rank = tuple[float, float]  # by index, then by confidence
#: Readings of the same place, each with its rank; the lowest is the first choice.
Alternatives = list[tuple[Rank, str]]


@dataclass
class AnnotatedLine:
    """A line as in its file: coordinates in the page's unit as text, which may be broken or empty."""

    id: str
    polygon: str = ""
    baseline: str = ""
    texts: Alternatives = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The line's own text, or else its words' text; white space is single."""
        return " ".join(_first(self.texts).split() or " ".join(self.words).split())


@dataclass
class AnnotatedPage:
    """Content of a file: the name of its image, which may be empty; width and height in its unit, 0 if unknown;
    lines.
    """

    image: str = ""
    pages: int = 0
    unit: str = "pixel"
    width: float = 0
    height: float = 0
    lines: list[AnnotatedLine] = field(default_factory=list)


def parse_page(blob: bytes) -> AnnotatedPage:
    """Parse the page of a file.

    Raises `AnnotationError` if it is neither PAGE nor ALTO, is not well-formed, declares entities, has several pages,
    or does not say where in its image the lines are.
    """
    parser = expat.ParserCreate()
    handler = _Root(parser)
    parser.StartElementHandler = handler.start
    parser.buffer_text = True
    parse_xml(parser, blob)
    return _checked(handler.page)


def _checked(page: AnnotatedPage) -> AnnotatedPage:
    if page.pages > 1:
        raise AnnotationError("has more than one page but only one image: save each page as its own file")
    if page.unit != "pixel" and not (page.width > 0 and page.height > 0):
        raise AnnotationError(
            f"measures in {page.unit[:40]} and its Page has no WIDTH and HEIGHT to scale by: export it in pixels"
        )
    return page


def check_shape(size: tuple[int, int], width: float, height: float) -> None:
    """Raise `AnnotationError` if an image is no copy of the annotated one, in another resolution or unit.

    size: width and height of the image in pixels. width, height: of the annotated one.
    """
    if abs(width * size[1] / (height * size[0]) - 1) > SAME_SHAPE:
        stated = f"{width:.0f} x {height:.0f}"
        raise AnnotationError(f"has an image of {size[0]} x {size[1]} pixels, and {stated} were annotated")


def pixels_per_unit(page: AnnotatedPage, size: tuple[int, int]) -> np.ndarray:
    """Return the pixels of an image per unit of x and y in the file of its page, (2,).

    size: width and height of the image. Raises `AnnotationError` if it is not the image of that page.
    """
    if not (page.width > 0 and page.height > 0):
        return np.ones(2)
    if page.unit != PROPORTION:
        check_shape(size, page.width, page.height)
    return np.array(size) / (page.width, page.height)


def parse_points(text: str) -> np.ndarray:
    """Parse `x,y x,y …` or `x y x y …` to (n, 2) float64. Raises `AnnotationError` for anything else."""
    try:
        numbers = np.array([float(number) for number in re.split(r"[,\s]+", text.strip()) if number])
    except ValueError:
        raise AnnotationError("has coordinates that are not numbers") from None
    if len(numbers) % 2 or not (np.abs(numbers) < MAX_COORDINATE).all():
        raise AnnotationError("has coordinates that are not points of a page")
    return numbers.reshape(-1, 2)


def _first(alternatives: Alternatives) -> str:
    return min(alternatives, key=lambda ranked: ranked[0])[1] if alternatives else ""


def _number(attributes: dict[str, str], name: str) -> float:
    return float(attributes.get(name) or 0)


def _point(attributes: dict[str, str]) -> str:
    return f"{attributes.get('x', '')},{attributes.get('y', '')} "


class _Root:
    """Handler of the root element, which leaves the rest to the format's own handler."""

    def __init__(self, parser: expat.XMLParserType) -> None:
        self._parser, self.page = parser, AnnotatedPage()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        known: dict[str, Callable[[AnnotatedPage], _Page | _Alto]] = {"PcGts": _Page, "alto": _Alto}
        name = _local(name)
        if name not in known:
            raise AnnotationError(f"is neither PAGE nor ALTO: its root is {name[:40]}")
        handler = known[name](self.page)
        self._parser.StartElementHandler = lambda name, found: handler.start(_local(name), found)
        self._parser.EndElementHandler = lambda name: handler.end(_local(name))
        self._parser.CharacterDataHandler = handler.characters


def _local(name: str) -> str:
    return name.rpartition(":")[2]


class _Page:
    """PAGE: Coords, Baseline and TextEquiv of a line are its children; words and glyphs have their own."""

    def __init__(self, page: AnnotatedPage) -> None:
        self._page, self._open, self._text = page, ["PcGts"], list[str]()
        self._rank: Rank = _rank({})
        self._word: Alternatives = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        parent = self._open[-1]
        self._open.append(name)
        if name == "Page":
            self._page.pages += 1
            self._page.image = attributes.get("imageFilename", "")
            self._page.width = _number(attributes, "imageWidth")
            self._page.height = _number(attributes, "imageHeight")
        elif name == "TextLine":
            self._page.lines.append(AnnotatedLine(attributes.get("id", "")))
        elif name == "Word":
            self._word = []
        elif name == "Coords" and parent == "TextLine":
            self._page.lines[-1].polygon = attributes.get("points", "")
        elif name == "Baseline" and parent == "TextLine":
            self._page.lines[-1].baseline = attributes.get("points", "")
        elif name == "Point" and self._open[-3:-1] == ["TextLine", "Coords"]:
            self._page.lines[-1].polygon += _point(attributes)
        elif name == "Point" and self._open[-3:-1] == ["TextLine", "Baseline"]:
            self._page.lines[-1].baseline += _point(attributes)
        elif name == "TextEquiv":
            self._rank = _rank(attributes)
        elif name == "Unicode":
            self._text = []

    def end(self, name: str) -> None:
        self._open.pop()
        if name == "Word" and self._open[-1] == "TextLine":
            self._page.lines[-1].words.append(_first(self._word))
        elif name == "Unicode" and self._open[-2:-1] == ["TextLine"]:
            self._page.lines[-1].texts.append((self._rank, "".join(self._text)))
        elif name == "Unicode" and self._open[-2:-1] == ["Word"]:
            self._word.append((self._rank, "".join(self._text)))

    def characters(self, text: str) -> None:
        if self._open[-1] == "Unicode":
            self._text.append(text)


def _rank(attributes: dict[str, str]) -> Rank:
    """Rank a TextEquiv. The lowest index is the main text; a reading without one precedes all but index 0, and of those
    the surest comes first: a person's has no confidence.
    """
    index = attributes.get("index", "").strip()
    if re.fullmatch(r"[+-]?\d{1,9}", index):
        return float(index), 0.0
    try:
        confidence = float(attributes.get("conf") or 1)
    except ValueError:
        confidence = 0.0
    return 0.5, -confidence


class _Alto:
    """ALTO: box and baseline of a line are attributes, its polygon is a child, its text is that of its words.

    Where a file has spaces (SP), words are separated at these alone, so that punctuation stays with its word. In files
    without any, each String is a word.
    """

    def __init__(self, page: AnnotatedPage) -> None:
        self._page, self._open, self._text = page, ["alto"], list[str]()
        self._parts: list[list[str | None]] = []  # of every line: strings, and None for a space

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._open.append(name)
        self._text = []
        if name == "Page":
            self._page.pages += 1
            self._page.width, self._page.height = _number(attributes, "WIDTH"), _number(attributes, "HEIGHT")
        elif name == "TextLine":
            self._page.lines.append(_alto_line(attributes))
            self._parts.append([])
        elif name == "Polygon" and self._open[-3:-1] == ["TextLine", "Shape"]:
            self._page.lines[-1].polygon = attributes.get("POINTS", "")
        elif name == "String" and "TextLine" in self._open:
            self._parts[-1].append(attributes.get("CONTENT", ""))
        elif name == "SP" and "TextLine" in self._open:
            self._parts[-1].append(None)
        elif name == "HYP" and "TextLine" in self._open:
            _hyphenate(self._parts[-1], attributes.get("CONTENT", ""))

    def end(self, name: str) -> None:
        self._open.pop()
        if name == "alto":
            spaced = any(None in parts for parts in self._parts)
            for line, parts in zip(self._page.lines, self._parts):
                line.words = _spaced_words(parts) if spaced else [part for part in parts if part is not None]
        elif name == "fileName":
            self._page.image = self._page.image or "".join(self._text).strip()
        elif name == "MeasurementUnit":
            self._page.unit = "".join(self._text).strip() or self._page.unit

    def characters(self, text: str) -> None:
        self._text.append(text)


def _hyphenate(parts: list[str | None], hyphen: str) -> None:
    """Add a hyphen to the last string, unless that has it already."""
    for place in reversed(range(len(parts))):
        if (part := parts[place]) is not None:
            parts[place] = part if hyphen and part.endswith(hyphen) else part + hyphen
            return
    parts.append(hyphen)


def _spaced_words(parts: list[str | None]) -> list[str]:
    """Join strings up to the next space. In a line without any, a program has left them out: letters are not joined."""
    words, joined = list[str](), False
    for part in parts:
        if part is None:
            joined = False
            continue
        if joined and (None in parts or not (words[-1][-1:].isalnum() and part[:1].isalnum())):
            words[-1] += part
        else:
            words.append(part)
        joined = True
    return words


def _alto_line(attributes: dict[str, str]) -> AnnotatedLine:
    """Make a line of the attributes of a TextLine. The box stands for a polygon until there is one.

    A baseline of one number is its height (ALTO before 4.2).
    """
    line = AnnotatedLine(attributes.get("ID", ""), baseline=attributes.get("BASELINE", ""))
    left, top = _number(attributes, "HPOS"), _number(attributes, "VPOS")
    right, bottom = left + _number(attributes, "WIDTH"), top + _number(attributes, "HEIGHT")
    if right > left and bottom > top:
        line.polygon = f"{left},{top} {right},{top} {right},{bottom} {left},{bottom}"
    if line.baseline and len(re.split(r"[,\s]+", line.baseline.strip())) == 1:
        line.baseline = f"{left},{line.baseline} {right},{line.baseline}"
    return line
