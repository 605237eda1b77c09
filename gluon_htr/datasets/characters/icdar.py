"""Characters of ICDAR 2003's robust reading competition: `char.xml` with the file and the tag of each image.

`<imagelist><image file="char/1/1.jpg" tag="s" /> …</imagelist>` (S. M. Lucas et al., "ICDAR 2003 robust reading
competitions", 2003). Files are relative to the list.
"""

from __future__ import annotations

from pathlib import Path
from xml.parsers import expat

from ..._files import MAX_DATA, read_bounded
from ..._xml import parse_xml
from ...errors import AnnotationError
from ..listing.rows import Row


def find_tags(root: Path) -> Path | None:
    """Return the list of a data set: the file itself, or the one in the folder; None if it is another data set."""
    if root.is_file():
        return root if root.suffix.lower() == ".xml" else None
    return next(iter(sorted(root.glob("char*.xml"))), None)


def read_tags(file: Path) -> list[Row]:
    """Read file and tag of each image. Raises `AnnotationError` if the list cannot be read."""
    rows: list[Row] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if name == "image":
            rows.append(Row(parser.CurrentLineNumber, attributes["file"], attributes["tag"]))

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    try:
        parse_xml(parser, read_bounded(file, MAX_DATA))
    except OSError as error:
        raise AnnotationError(f"{file} cannot be read: {error.strerror}") from None
    except AnnotationError as error:
        raise AnnotationError(f"{file} {error}") from None
    if not rows:
        raise AnnotationError(f"{file} names no images: it is not a list of ICDAR's characters")
    return rows
