"""PAGE XML 2019-07-15: https://github.com/PRImA-Research-Lab/PAGE-XML.

Regions are in reading order, and `ReadingOrder` repeats it. `custom` has the same in the form of Transkribus, which
kraken and eScriptorium read: `readingOrder {index:0;} structure {type:marginalia;}`. A table is a TableRegion with one
TextRegion, because only a TextRegion may have lines.
"""

from __future__ import annotations

from typing import Any

from ... import __version__
from ...text.direction import runs_backwards
from ..document import Character, Line, Page, Point, Region, Word, other_readings
from .xml import Ids, allowed, maker, points, proportion, serialized, timestamp

NAMESPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_TYPES = {"text": "paragraph", "marginalia": "marginalia", "table": "paragraph"}


def page_xml(page: Page) -> bytes:
    """Return the PAGE file of a page."""
    return serialized(_Encoder(page).root())


class _Encoder:
    def __init__(self, page: Page) -> None:
        self._page = page
        self._make = maker(NAMESPACE, xsi=_INSTANCE)
        self._ids = Ids(line.id for line in page.lines)

    def root(self) -> Any:
        location = {f"{{{_INSTANCE}}}schemaLocation": f"{NAMESPACE} {NAMESPACE}/pagecontent.xsd"}
        return self._make.PcGts(location, self._metadata(), self._content())

    def _metadata(self) -> Any:
        make, now = self._make, timestamp()
        metadata = make.Metadata(make.Creator(f"gluon_htr {__version__}"), make.Created(now), make.LastChange(now))
        if self._page.model:
            step = {"type": "processingStep", "name": "recognition/text-recognition"}
            metadata.append(make.MetadataItem(step, value=allowed(self._page.model)))
        return metadata

    def _content(self) -> Any:
        page = self._page
        size = {"imageWidth": str(page.width), "imageHeight": str(page.height)}
        root = self._make.Page({"imageFilename": allowed(page.source), **size})
        root.set("orientation", str(page.orientation if page.orientation <= 180 else page.orientation - 360))
        named = [(self._ids.claim(region.id), region) for region in page.regions]
        if named:
            root.append(self._reading_order([name for name, _ in named]))
        root.extend(self._region(name, index, region) for index, (name, region) in enumerate(named))
        return root

    def _reading_order(self, names: list[str]) -> Any:
        order = (self._make.RegionRefIndexed(index=str(index), regionRef=name) for index, name in enumerate(names))
        return self._make.ReadingOrder(self._make.OrderedGroup({"id": self._ids.claim("reading_order")}, *order))

    def _region(self, name: str, index: int, region: Region) -> Any:
        structure = "" if region.kind == "text" else f" structure {{type:{region.kind};}}"
        attributes = {"id": name, "custom": f"readingOrder {{index:{index};}}{structure}"}
        if region.kind != "table":
            return self._text_region(attributes, region)
        inside = self._text_region({"id": self._ids.claim(f"{name}_text")}, region)
        return self._make.TableRegion(attributes, self._coords(region.polygon), inside)

    def _text_region(self, attributes: dict[str, str], region: Region) -> Any:
        root = self._make.TextRegion({"type": _TYPES[region.kind], **attributes}, self._coords(region.polygon))
        root.extend(self._line(index, line) for index, line in enumerate(region.lines))
        if region.lines:
            root.append(self._text("\n".join(line.text for line in region.lines)))
        return root

    def _line(self, index: int, line: Line) -> Any:
        attributes = {"id": line.id, "custom": f"readingOrder {{index:{index};}}"}
        if runs_backwards(line.text):
            attributes["readingDirection"] = "right-to-left"
        root = self._make.TextLine(attributes, self._coords(line.polygon))
        root.append(self._make.Baseline(points=points(line.baseline, self._page)))
        root.extend(self._word(f"{line.id}_w{number}", word) for number, word in enumerate(line.words, 1))
        root.extend(self._readings(line))
        return root

    def _word(self, name: str, word: Word) -> Any:
        root = self._make.Word({"id": self._ids.claim(name)}, self._coords(word.polygon))
        root.extend(self._glyph(f"{name}_g{number}", glyph) for number, glyph in enumerate(word.characters, 1))
        root.extend(self._readings(word))
        return root

    def _glyph(self, name: str, glyph: Character) -> Any:
        text = self._text(glyph.text, glyph.confidence)
        return self._make.Glyph({"id": self._ids.claim(name)}, self._coords(glyph.polygon), text)

    def _coords(self, polygon: tuple[Point, ...]) -> Any:
        return self._make.Coords(points=points(polygon, self._page))

    def _readings(self, part: Word | Line) -> list[Any]:
        """Return the text of a word or line. With alternatives, its index is 0, and they follow."""
        others = other_readings(part)
        main = self._text(part.text, part.confidence, 0 if others else None)
        return [main, *(self._text(other.text, other.probability, k) for k, other in enumerate(others, 1))]

    def _text(self, text: str, confidence: float | None = None, index: int | None = None) -> Any:
        known = {} if index is None else {"index": str(index)}
        known |= {} if confidence is None else {"conf": proportion(confidence)}
        return self._make.TextEquiv(known, self._make.Unicode(allowed(text)))
