"""A document that was read: Document > Page > Region > Line > Word > Character, in reading order.

Coordinates are (x, y) in pixels of the page's image as it is displayed, after its EXIF orientation; y points down. A
page that was read turned keeps the coordinates of the image as it was given; the baselines of its lines then run along
the writing, for example from right to left on a page that is upside down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta, Struct, field
from msgspec.structs import replace

if TYPE_CHECKING:
    import pandas

Point = tuple[float, float]
Proportion = Annotated[float, Meta(ge=0, le=1)]
RegionKind = Literal["text", "marginalia", "table"]
Orientation = Literal[0, 90, 180, 270]


class Character(Struct, frozen=True, forbid_unknown_fields=True):
    """A character of a word."""

    text: str
    confidence: Proportion
    #: Four corners, clockwise, from the start of the writing above the baseline.
    polygon: tuple[Point, ...]


class Alternative(Struct, frozen=True, forbid_unknown_fields=True):
    """A possible text of a line or a word, and its probability among all that the decoder considered."""

    text: str
    probability: Proportion


def _nothing() -> tuple[()]:
    """Return the default of a field that JSON shows even if it is empty, although its struct omits defaults."""
    return ()


class Word(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A word: characters without white space between them."""

    text: str
    confidence: Proportion
    polygon: tuple[Point, ...]
    characters: tuple[Character, ...] = field(default_factory=_nothing)
    #: Readings, this one first, if they were asked for. Those with a space are two words.
    alternatives: tuple[Alternative, ...] = ()


class Line(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A line of writing. Its words' texts, joined by spaces, are its text."""

    #: Unique on its page: a valid XML id.
    id: str
    text: str
    confidence: Proportion
    #: Outline, at least three points.
    polygon: tuple[Point, ...]
    #: At least two points, from the start of the writing to its end.
    baseline: tuple[Point, ...]
    words: tuple[Word, ...] = field(default_factory=_nothing)
    #: Readings, this one first, if they were asked for.
    alternatives: tuple[Alternative, ...] = ()


class Region(Struct, frozen=True, forbid_unknown_fields=True):
    """Lines that belong together: a column, a marginal note, a table."""

    id: str
    kind: RegionKind
    polygon: tuple[Point, ...]
    lines: tuple[Line, ...]


class Page(Struct, frozen=True, forbid_unknown_fields=True):
    """A page, with its regions in reading order."""

    #: Name of the file that it is from, without its folder.
    source: str
    #: Of this page within its file, counted from 1.
    number: int
    width: int
    height: int
    #: Degrees clockwise by which the image must be turned for upright writing.
    orientation: Orientation
    regions: tuple[Region, ...] = ()
    #: Name of the model that read it.
    model: str = ""

    @property
    def lines(self) -> tuple[Line, ...]:
        """All lines in reading order."""
        return tuple(line for region in self.regions for line in region.lines)

    @property
    def text(self) -> str:
        """Text in reading order: a line of text per line, an empty line between regions."""
        regions = ("\n".join(line.text for line in region.lines if line.text) for region in self.regions)
        return "\n\n".join(text for text in regions if text)

    def _repr_html_(self) -> str:
        """Show the lines where they are on the page, for notebooks."""
        lines = "".join(map(_svg_line, self.lines))
        style = "max-width: 100%; max-height: 60em; border: 1px solid #999; background: #fff"
        title = escape(f"{self.source}, page {self.number}")
        return f'<svg viewBox="0 0 {self.width} {self.height}" style="{style}"><title>{title}</title>{lines}</svg>'


class Document(Struct, frozen=True, forbid_unknown_fields=True):
    """The pages of one file.

    Attributes:
        source: Name of the file.
        pages: Its pages, in order.

    Example:
        >>> from gluon_htr.pages.document import Document
        >>> Document("empty.png", ()).text
        ''
    """

    source: str
    pages: tuple[Page, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        """All lines of all pages in reading order."""
        return tuple(line for page in self.pages for line in page.lines)

    @property
    def text(self) -> str:
        """Text of all pages, with an empty line between pages."""
        return "\n\n".join(text for page in self.pages if (text := page.text))

    def to_dataframe(self) -> pandas.DataFrame:
        """Return a table with a row per line: page, region, kind, line, text, confidence, left, top, right, bottom.

        Raises `ImportError` without pandas, which no extra for reading installs.
        """
        import pandas

        return pandas.DataFrame(list(self._rows()), columns=_COLUMNS)

    def _rows(self) -> Iterator[tuple[Any, ...]]:
        for page in self.pages:
            for region in page.regions:
                for line in region.lines:
                    named = (page.number, region.id, region.kind, line.id, line.text, line.confidence)
                    yield (*named, *bounds(line.polygon))

    def _repr_html_(self) -> str:
        """Show every page, for notebooks."""
        return "\n".join(page._repr_html_() for page in self.pages)


def moved(line: Line, convert: Callable[[tuple[Point, ...]], tuple[Point, ...]]) -> Line:
    """Return a line whose points, and those of its words and characters, are converted."""
    words = tuple(
        replace(
            word,
            polygon=convert(word.polygon),
            characters=tuple(replace(each, polygon=convert(each.polygon)) for each in word.characters),
        )
        for word in line.words
    )
    return replace(line, polygon=convert(line.polygon), baseline=convert(line.baseline), words=words)


def other_readings(part: Word | Line) -> tuple[Alternative, ...]:
    """Return the alternatives of a word or a line without its own text."""
    return tuple(each for each in part.alternatives if each.text != part.text)


def own_probability(part: Word | Line) -> float:
    """Return the probability of the text of a word or line among its alternatives; 1 if it has none."""
    return next((each.probability for each in part.alternatives if each.text == part.text), 1.0)


_COLUMNS = ["page", "region", "kind", "line", "text", "confidence", "left", "top", "right", "bottom"]


def bounds(polygon: tuple[Point, ...]) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of a polygon."""
    across, down = zip(*polygon)
    return min(across), min(down), max(across), max(down)


def _svg_line(line: Line) -> str:
    """Draw the outline of a line, and its text along its baseline."""
    left, top, right, bottom = bounds(line.polygon)
    outline = " ".join(f"{x:.0f},{y:.0f}" for x, y in line.polygon)
    x, y = line.baseline[0]
    size = 0.5 * min(right - left, bottom - top)
    title = f"<title>{escape(line.id)}: {line.confidence:.0%}</title>"
    shape = f'<polygon points="{outline}" fill="#2a78" fill-opacity="0.1" stroke="#2a7">{title}</polygon>'
    length = f'textLength="{right - left:.0f}" lengthAdjust="spacingAndGlyphs"' if right - left > bottom - top else ""
    return f'{shape}<text x="{x:.0f}" y="{y:.0f}" font-size="{size:.0f}" {length}>{escape(line.text)}</text>'
