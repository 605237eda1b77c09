"""Given segmentation: lines of a PAGE or ALTO file, and their texts written into the same file.

Only what belongs to the text of a line is replaced: TextEquiv and Word in PAGE, String, SP and HYP in ALTO, and the
text of a PAGE region with a line that changed. Every other byte of the file stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from xml.sax.saxutils import escape, quoteattr

from ..errors import AnnotationError
from .annotations import AnnotatedPage, parse_page
from .document import Character, Line, Point, Word, bounds, other_readings
from .formats.xml import Ids, allowed, alternative_purpose, proportion
from .xml_source import Edit, Element, Source, parse_source


def read_segmentation(blob: bytes) -> AnnotatedPage:
    """Parse the lines of a file. Each has an id of its own: lines without one, or with that of another, are named by
    their number.

    Raises `AnnotationError` as `parse_page` does, and if the file refers to an external DTD.
    """
    parse_source(blob)
    page = parse_page(blob)
    names = _unique([line.id for line in page.lines])
    return replace(page, lines=[replace(line, id=name) for line, name in zip(page.lines, names)])


def write_texts(blob: bytes, texts: Mapping[str, Line]) -> bytes:
    """Return the file with the texts of lines, by the ids that `read_segmentation` gives them.

    The words, in the unit of the file, replace those of the file; without words, only the line has text. Raises
    `AnnotationError` for an id that the file lacks, and as `read_segmentation` does.
    """
    source = parse_source(blob)
    known: dict[str, tuple[str, type[_Page | _Alto]]] = {"PcGts": ("id", _Page), "alto": ("ID", _Alto)}
    root = source.elements[0].local
    if root not in known:
        raise AnnotationError(f"is neither PAGE nor ALTO: its root is {root[:40]}")
    id_name, format_of = known[root]
    lines = [element for element in source.elements if element.local == "TextLine"]
    named = dict(zip(_unique([line.attributes.get(id_name, "") for line in lines]), lines))
    if unknown := [name for name in texts if name not in named]:
        raise AnnotationError(f"has no line with the id {unknown[0][:40]}")
    given = {named[name]: line for name, line in texts.items()}
    return source.edited(format_of(source).edits(given))


def _unique(ids: list[str]) -> list[str]:
    """Name lines by their ids. Lines without one, or with an earlier one, are named by their number."""
    known, named = Ids(ids), set[str]()
    names = []
    for number, name in enumerate(ids, 1):
        names.append(name if name and name not in named else known.claim(f"{name or 'line'}-{number}"))
        named.add(names[-1])
    return names


class _Page:
    """PAGE: Coords, Baseline, Word and TextEquiv of a line, in this order; then everything else."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def edits(self, texts: dict[Element, Line]) -> Iterator[Edit]:
        self._ids = Ids(self._kept_ids(texts))
        for element, line in texts.items():
            new = [*self._words(element.prefix, line), *_equivs(element.prefix, line)]
            before = element.of_kind("AlternativeImage", "Coords", "Baseline")
            yield from _replaced(self._source, element, before, element.of_kind("Word", "TextEquiv"), new)
        regions = dict.fromkeys(element.parent for element in texts)
        for region in regions:
            if region and region.of_kind("TextEquiv"):
                yield from self._region(region, texts)

    def _kept_ids(self, texts: Iterable[Element]) -> Iterator[str]:
        """Yield the ids of the file, without those of words that are replaced."""
        gone = {child for line in texts for child in line.of_kind("Word", "TextEquiv")}
        for element in self._source.elements:
            if element.parent in gone:
                gone.add(element)
            if element not in gone and "id" in element.attributes:
                yield element.attributes["id"]

    def _region(self, region: Element, texts: dict[Element, Line]) -> Iterator[Edit]:
        """Replace the text of a region by that of its lines."""
        lines = region.of_kind("TextLine")
        found = [texts[line].text if line in texts else self._text(line) for line in lines]
        first, *others = region.of_kind("TextEquiv")
        yield Edit(first.start, first.end, _equiv(region.prefix, "\n".join(found)))
        for other in others:
            yield _removed(self._source, other)

    def _text(self, line: Element) -> str:
        """Return the text that a line has in the file, by parsing it alone."""
        root = f"<PcGts><Page>{self._source.text(line.start, line.end)}</Page></PcGts>"
        return parse_page(root.encode("utf-8")).lines[0].text

    def _words(self, prefix: str, line: Line) -> Iterator[str]:
        for number, word in enumerate(line.words, 1):
            name = self._ids.claim(f"{line.id}_w{number}")
            glyphs = "".join(
                _part(f"{prefix}Glyph", self._ids.claim(f"{name}_g{k}"), glyph)
                for k, glyph in enumerate(word.characters, 1)
            )
            yield _part(f"{prefix}Word", name, word, glyphs)


class _Alto:
    """ALTO: Shape, and then String and SP of a line."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def edits(self, texts: dict[Element, Line]) -> Iterator[Edit]:
        for element, line in texts.items():
            old = element.of_kind("String", "SP", "HYP")
            new = self._strings(element, line)
            yield from _replaced(self._source, element, element.of_kind("Shape"), old, new)

    def _strings(self, element: Element, line: Line) -> list[str]:
        """Return Strings with SP between them; one for the whole line if it has no words."""
        whole = Word(line.text, line.confidence, line.polygon, alternatives=line.alternatives)
        first, *others = (_string(element.prefix, word, _box(word.polygon)) for word in line.words or (whole,))
        return [first, *(part for other in others for part in (f"<{element.prefix}SP/>", other))]


def _replaced(
    source: Source, line: Element, before: list[Element], old: list[Element], new: Iterable[str]
) -> Iterator[Edit]:
    """Replace the old children of a line by new ones, which stand after others, indented like these."""
    if line.is_empty_tag:
        tag_end = len("/>".encode(source.codec))
        yield Edit(line.end - tag_end, line.end, f">{''.join(new)}</{line.name}>")
        return
    model = before[-1] if before else line.children[0] if line.children else None
    indentation = _space_before(source, model) if model else ""
    position = before[-1].end if before else line.content
    yield Edit(position, position, "".join(indentation + each for each in new))
    for element in old:
        yield _removed(source, element)


def _removed(source: Source, element: Element) -> Edit:
    """Remove an element and the white space before it."""
    space = _space_before(source, element)
    return Edit(element.start - len(space.encode(source.codec)), element.end, "")


def _space_before(source: Source, element: Element) -> str:
    parent = element.parent
    if parent is None:
        return ""
    place = parent.children.index(element)
    text = source.text(parent.children[place - 1].end if place else parent.content, element.start)
    return text[len(text.rstrip()) :]  # there may be a comment before it


def _part(name: str, identity: str, part: Word | Character, inside: str = "") -> str:
    """Write a Word or a Glyph of PAGE."""
    prefix = name.removesuffix("Word").removesuffix("Glyph")
    content = f'<{prefix}Coords points="{_points(part.polygon)}"/>{inside}{"".join(_equivs(prefix, part))}'
    return f"<{name} id={quoteattr(identity)}>{content}</{name}>"


def _equivs(prefix: str, part: Line | Word | Character) -> list[str]:
    """Write the TextEquiv of a part. With alternatives, its index is 0, and they follow."""
    others = () if isinstance(part, Character) else other_readings(part)
    main = _equiv(prefix, part.text, part.confidence, 0 if others else None)
    return [main, *(_equiv(prefix, other.text, other.probability, k) for k, other in enumerate(others, 1))]


def _equiv(prefix: str, text: str, confidence: float | None = None, index: int | None = None) -> str:
    known = "" if index is None else f' index="{index}"'
    known += "" if confidence is None else f' conf="{proportion(confidence)}"'
    return f"<{prefix}TextEquiv{known}><{prefix}Unicode>{_text(text)}</{prefix}Unicode></{prefix}TextEquiv>"


def _text(text: str) -> str:
    return escape(allowed(text), {"\r": "&#13;"})


def _string(prefix: str, word: Word, box: dict[str, str]) -> str:
    attributes = {**box, "WC": proportion(word.confidence), "CONTENT": allowed(word.text)}
    start = f"<{prefix}String {' '.join(f'{name}={quoteattr(value)}' for name, value in attributes.items())}"
    others = other_readings(word)
    if not others:
        return f"{start}/>"
    inside = "".join(
        f'<{prefix}ALTERNATIVE PURPOSE="{alternative_purpose(other.probability)}">{_text(other.text)}'
        f"</{prefix}ALTERNATIVE>"
        for other in others
    )
    return f"{start}>{inside}</{prefix}String>"


def _box(polygon: tuple[Point, ...]) -> dict[str, str]:
    left, top, right, bottom = (max(round(side), 0) for side in bounds(polygon))
    return {"HPOS": str(left), "VPOS": str(top), "WIDTH": str(right - left), "HEIGHT": str(bottom - top)}


def _points(polygon: tuple[Point, ...]) -> str:
    return " ".join(f"{max(round(x), 0)},{max(round(y), 0)}" for x, y in polygon)
