"""Common parts of the XML formats: text that XML allows, unique ids, points, the time."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable
from typing import Any

from ...errors import MissingToolError
from ..document import Page, Point, bounds

#: XML 1.0, production 2: Char.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def allowed(text: str) -> str:
    """Replace characters that XML 1.0 forbids, such as control characters, by U+FFFD."""
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)


def maker(namespace: str | None, **prefixes: str) -> Any:
    """Return lxml's element maker for a namespace. Raises `MissingToolError` without lxml."""
    try:
        from lxml.builder import ElementMaker
    except ImportError:
        raise MissingToolError("PAGE, ALTO and hOCR need lxml: pip install 'gluon-htr[pages]'") from None
    nsmap = {None: namespace} if namespace else {}
    return ElementMaker(namespace=namespace, nsmap=nsmap | prefixes)


def serialized(root: Any) -> bytes:
    """Return an element as an indented UTF-8 file."""
    from lxml import etree

    return etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)


class Ids:
    """Ids that are in use in a file."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)

    def claim(self, name: str) -> str:
        """Return a name as an id, with underscores after it if it is taken."""
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name


def on_page(points: tuple[Point, ...], page: Page) -> tuple[tuple[int, int], ...]:
    """Round points to whole pixels and move those that are beyond the page to its edge."""
    return tuple((round(min(max(x, 0), page.width)), round(min(max(y, 0), page.height))) for x, y in points)


def points(polygon: tuple[Point, ...], page: Page) -> str:
    """Write points on the page as `x,y x,y`."""
    return " ".join(f"{x},{y}" for x, y in on_page(polygon, page))


def box(polygon: tuple[Point, ...], page: Page) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of a polygon on the page, in whole pixels."""
    left, top, right, bottom = bounds(on_page(polygon, page))
    return int(left), int(top), int(right), int(bottom)


def proportion(confidence: float) -> str:
    """Write a confidence with four decimals."""
    return f"{confidence:.4f}"


def alternative_purpose(probability: float) -> str:
    """Write the purpose of an ALTERNATIVE of ALTO: another reading, with its probability."""
    return f"recognition, probability {proportion(probability)}"


def timestamp() -> str:
    """Return the time in UTC. SOURCE_DATE_EPOCH, in seconds, overrides it for reproducible files."""
    seconds = float(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
