"""Composed pages as pages with the places of their lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...pages.outlines import LineGeometry
from ..generated.composed_pages import ComposedPages, ComposedPagesOptions
from ..sample import Problem
from .sample import LayoutSample


class ComposedLayout:
    """Composed pages. Raises the errors of `ComposedPages`."""

    def __init__(self, path: Path, options: ComposedPagesOptions) -> None:
        self._pages = ComposedPages(path, options)

    @property
    def problems(self) -> list[Problem]:
        """Nothing: every page can be used."""
        return self._pages.problems

    def __len__(self) -> int:
        return len(self._pages)

    def __iter__(self) -> Iterator[LayoutSample]:
        for page in self._pages:
            places = tuple(LineGeometry(polygon, baseline) for polygon, baseline in page.lines)
            yield LayoutSample(page.id, page.group, "composed-pages", page.image.copy, places, page.texts)
