"""ALTO 4.4: https://www.loc.gov/standards/alto.

Blocks are in reading order, and `ReadingOrder` repeats it. The kind of a block is a tag, as in files of eScriptorium
and kraken. Every line has a String, even an empty one, because the schema asks for it.

Other readings of a word are its ALTERNATIVEs. The schema has spelling variants in mind there, and `Variant` for what a
recognizer doubts, but that stands for a single glyph, and a reading may have another length. PURPOSE tells them apart,
and has the probability, for which there is no attribute. ALTO has no place for readings of a whole line.
"""

from __future__ import annotations

from typing import Any

from ... import __version__
from ...text.direction import runs_backwards
from ..document import Alternative, Character, Line, Page, Point, Region, Word, other_readings
from .xml import Ids, allowed, alternative_purpose, box, maker, points, proportion, serialized, timestamp

NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_SCHEMA = "http://www.loc.gov/standards/alto/v4/alto-4-4.xsd"


def alto(page: Page) -> bytes:
    """Return the ALTO file of a page."""
    return serialized(_Encoder(page).root())


class _Encoder:
    def __init__(self, page: Page) -> None:
        self._page = page
        self._make = maker(NAMESPACE, xsi=_INSTANCE)
        self._ids = Ids(line.id for line in page.lines)
        self._blocks = [(self._ids.claim(region.id), region) for region in page.regions]
        self._tags = {kind: self._ids.claim(f"tag_{kind}") for kind in dict.fromkeys(r.kind for r in page.regions)}

    def root(self) -> Any:
        attributes = {f"{{{_INSTANCE}}}schemaLocation": f"{NAMESPACE} {_SCHEMA}", "SCHEMAVERSION": "4.4"}
        parts = [self._description(), *self._tag_list(), *self._reading_order(), self._make.Layout(self._content())]
        return self._make.alto(attributes, *parts)

    def _description(self) -> Any:
        make = self._make
        software = make.processingSoftware(make.softwareName("gluon_htr"), make.softwareVersion(__version__))
        if self._page.model:
            software.append(make.applicationDescription(allowed(f"model {self._page.model}")))
        step = make.Processing(
            {"ID": self._ids.claim("processing")},
            make.processingCategory("contentGeneration"),
            make.processingDateTime(timestamp()),
            make.processingStepDescription("handwriting recognition"),
            software,
        )
        source = make.sourceImageInformation(make.fileName(allowed(self._page.source)))
        return make.Description(make.MeasurementUnit("pixel"), source, step)

    def _tag_list(self) -> list[Any]:
        tags = [self._make.OtherTag(ID=name, LABEL=kind, TYPE="region") for kind, name in self._tags.items()]
        return [self._make.Tags(*tags)] if tags else []

    def _reading_order(self) -> list[Any]:
        refs = [self._make.ElementRef(ID=self._ids.claim(f"order_{name}"), REF=name) for name, _ in self._blocks]
        group = [self._make.OrderedGroup({"ID": self._ids.claim("order")}, *refs)] if refs else []
        return [self._make.ReadingOrder(*group)] if group else []

    def _content(self) -> Any:
        page = self._page
        size = {"WIDTH": str(page.width), "HEIGHT": str(page.height)}
        attributes = {"ID": self._ids.claim("page"), "PHYSICAL_IMG_NR": str(page.number), **size}
        space = self._make.PrintSpace({"HPOS": "0", "VPOS": "0", **size})
        space.extend(self._block(name, region) for name, region in self._blocks)
        # turned counterclockwise by as much as it must be turned back
        return self._make.Page({**attributes, "ROTATION": str(page.orientation)}, space)

    def _block(self, name: str, region: Region) -> Any:
        attributes = {"ID": name, "TAGREFS": self._tags[region.kind], **self._box(region.polygon)}
        root = self._make.TextBlock(attributes, self._shape(region.polygon))
        root.extend(map(self._line, region.lines))
        return root

    def _line(self, line: Line) -> Any:
        attributes = {"ID": line.id, **self._box(line.polygon), "BASELINE": points(line.baseline, self._page)}
        if runs_backwards(line.text):
            attributes["BASEDIRECTION"] = "rtl"
        root = self._make.TextLine(attributes, self._shape(line.polygon))
        root.extend(self._strings(line))
        return root

    def _strings(self, line: Line) -> list[Any]:
        """Return Strings with SP between them. A line without words has one String for all its text."""
        if not line.words:
            whole = Word(line.text, line.confidence, line.polygon, alternatives=line.alternatives)
            return [self._string(f"{line.id}_s1", whole)]
        found = []
        for number, word in enumerate(line.words, 1):
            found += [self._space(line.words[number - 2], word)] if number > 1 else []
            found.append(self._string(f"{line.id}_s{number}", word))
        return found

    def _space(self, before: Word, after: Word) -> Any:
        """Return the space between two words. It has a position if one is beside the other."""
        first, second = sorted([box(before.polygon, self._page), box(after.polygon, self._page)])
        if first[2] > second[0]:
            return self._make.SP()
        return self._make.SP(HPOS=str(first[2]), VPOS=str(first[1]), WIDTH=str(second[0] - first[2]))

    def _string(self, name: str, word: Word) -> Any:
        content = {"CONTENT": allowed(word.text), "WC": proportion(word.confidence)}
        root = self._make.String({"ID": self._ids.claim(name), **self._box(word.polygon), **content})
        root.append(self._shape(word.polygon))
        root.extend(map(self._alternative, other_readings(word)))
        if all(len(glyph.text) == 1 for glyph in word.characters):  # the schema allows no other
            root.extend(self._glyph(f"{name}_g{number}", glyph) for number, glyph in enumerate(word.characters, 1))
        return root

    def _alternative(self, other: Alternative) -> Any:
        purpose = alternative_purpose(other.probability)
        return self._make.ALTERNATIVE({"PURPOSE": purpose}, allowed(other.text))

    def _glyph(self, name: str, glyph: Character) -> Any:
        content = {"CONTENT": allowed(glyph.text), "GC": proportion(glyph.confidence)}
        attributes = {"ID": self._ids.claim(name), **self._box(glyph.polygon), **content}
        return self._make.Glyph(attributes, self._shape(glyph.polygon))

    def _shape(self, polygon: tuple[Point, ...]) -> Any:
        return self._make.Shape(self._make.Polygon(POINTS=points(polygon, self._page)))

    def _box(self, polygon: tuple[Point, ...]) -> dict[str, str]:
        left, top, right, bottom = box(polygon, self._page)
        return {"HPOS": str(left), "VPOS": str(top), "WIDTH": str(right - left), "HEIGHT": str(bottom - top)}
