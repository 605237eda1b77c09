"""A page with the places of its lines: the interface of all kinds of such data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ...pages.outlines import LineGeometry
from ..sample import Problem


@dataclass(frozen=True)
class LayoutSample:
    """A page with its lines.

    group: the document, or the writer of a form. collection: name of the data set, for scores of each. image: decodes
    when called and returns (H, W) uint8; raises `ImageError`. texts: of each line, in the order of the file.
    """

    id: str
    group: str
    collection: str
    image: Callable[[], np.ndarray]
    lines: tuple[LineGeometry, ...]
    texts: tuple[str, ...]

    @property
    def places(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Polygon and baseline of each line."""
        return [(line.polygon, line.baseline) for line in self.lines]


class LayoutSource(Protocol):
    """Pages with a known number; `problems` grows while they are read."""

    @property
    def problems(self) -> list[Problem]: ...

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[LayoutSample]: ...
