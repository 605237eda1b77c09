"""Safe XML parsing with expat: entities and external files are rejected (CWE-776, CWE-611)."""

from __future__ import annotations

from xml.parsers import expat

from .errors import AnnotationError


def parse_xml(parser: expat.XMLParserType, blob: bytes) -> None:
    """Parse XML with a parser that has its handlers. Raises `AnnotationError` for broken XML, declared entities, and a
    LookupError or ValueError of the handlers.
    """
    parser.EntityDeclHandler = parser.ExternalEntityRefHandler = _refuse
    try:
        parser.Parse(blob, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise AnnotationError(f"is not well-formed XML: {error}") from None


def _refuse(*declaration: object) -> int:
    raise AnnotationError("declares entities or external files, which are not accepted")
