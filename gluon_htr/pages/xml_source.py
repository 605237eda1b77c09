"""Elements of an XML file with their positions in its bytes, so that a part can be replaced and the rest stays.

Comments, prefixes, the declaration, line endings and the encoding are not touched. Entities, external files and
external DTDs are refused.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from .._xml import parse_xml
from ..errors import AnnotationError

_BOMS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


@dataclass(eq=False)
class Element:
    """An element. Positions count bytes: of its start tag, what follows this, its end tag, what follows that."""

    name: str
    attributes: dict[str, str]
    namespaces: dict[str, str]
    parent: Element | None
    start: int
    content: int = -1
    content_end: int = -1
    end: int = -1
    children: list[Element] = field(default_factory=list)

    @property
    def prefix(self) -> str:
        """Prefix of its name, with the colon, or nothing."""
        return self.name[: len(self.name) - len(self.local)]

    @property
    def local(self) -> str:
        """Name without its prefix."""
        return self.name.rpartition(":")[2]

    @property
    def namespace(self) -> str:
        """URI of its namespace."""
        return self.namespaces.get(self.prefix[:-1], "")

    @property
    def is_empty_tag(self) -> bool:
        """Written as `<name/>`."""
        return self.content_end == self.end

    def of_kind(self, *locals: str) -> list[Element]:
        """Return its children in its own namespace with one of these names."""
        return [each for each in self.children if each.local in locals and each.namespace == self.namespace]


@dataclass(frozen=True)
class Edit:
    """Bytes from start to end, to be replaced by a text."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Source:
    """A file with its elements, in document order."""

    blob: bytes
    codec: str
    elements: list[Element]

    def text(self, start: int, end: int) -> str:
        """Return a part of the file as it is written."""
        return self.blob[start:end].decode(self.codec)

    def edited(self, edits: Iterable[Edit]) -> bytes:
        """Return the file with its edits. Characters that its encoding lacks become references."""
        return b"".join(self._parts(sorted(edits, key=lambda edit: (edit.start, edit.end))))

    def _parts(self, edits: list[Edit]) -> Iterator[bytes]:
        position = 0
        for edit in edits:
            if edit.start < position:  # within what was replaced
                continue
            yield self.blob[position : edit.start]
            yield edit.text.encode(self.codec, "xmlcharrefreplace")
            position = edit.end
        yield self.blob[position:]


def parse_source(blob: bytes) -> Source:
    """Parse a file. Raises `AnnotationError` if it is not well-formed, or declares entities or an external DTD."""
    parser = expat.ParserCreate()
    scanner = _Scanner(parser)
    parse_xml(parser, blob)
    scanner.tick(len(blob))
    return Source(blob, _codec(blob, scanner.declared), scanner.elements)


def _codec(blob: bytes, declared: str) -> str:
    for bom, codec in _BOMS.items():
        if blob.startswith(bom):
            return codec
    if blob[:2] in (b"<\0", b"\0<"):  # UTF-16 without a mark
        return "utf-16-le" if blob[1] == 0 else "utf-16-be"
    return codecs.lookup(declared or "utf-8").name


class _Scanner:
    """Handlers of expat. The end of a tag is where the next thing begins."""

    def __init__(self, parser: expat.XMLParserType) -> None:
        self._parser, self.declared = parser, ""
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self._ending: list[tuple[Element, str]] = []
        parser.buffer_text = False
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = parser.DefaultHandler = lambda data: self.tick(parser.CurrentByteIndex)
        parser.XmlDeclHandler = self._declare
        parser.StartDoctypeDeclHandler = self._doctype

    def tick(self, index: int) -> None:
        """Note that the tags before this position end here."""
        for element, position in self._ending:
            setattr(element, position, index)
            if position == "end" and element.content_end < 0:
                element.content = element.content_end = index
        self._ending = []

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        index = self._parser.CurrentByteIndex
        self.tick(index)
        parent = self._open[-1] if self._open else None
        element = Element(name, attributes, _scope(parent, attributes), parent, index)
        if parent:
            parent.children.append(element)
        self.elements.append(element)
        self._open.append(element)
        self._ending = [(element, "content")]

    def _end(self, name: str) -> None:
        element, index = self._open.pop(), self._parser.CurrentByteIndex
        if index > element.start:
            self.tick(index)
            element.content_end = index
        self._ending.append((element, "end"))

    def _declare(self, version: str, encoding: str | None, standalone: int) -> None:
        self.declared = encoding or ""

    def _doctype(self, name: str, system: str | None, public: str | None, internal: int) -> None:
        if system or public:
            raise AnnotationError("refers to an external DTD, which is not accepted")


def _scope(parent: Element | None, attributes: dict[str, str]) -> dict[str, str]:
    """Return the namespaces by prefix that an element sees."""
    declared = {name.partition(":")[2]: uri for name, uri in attributes.items() if name.partition(":")[0] == "xmlns"}
    outer = parent.namespaces if parent else {}
    return {**outer, **declared} if declared else outer
