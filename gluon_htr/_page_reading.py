"""Reading of files of pages for the command `read`, with messages about each page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from . import _command
from ._inputs import Input
from .errors import ImageError
from .pages.document import Page
from .runtime.page_reader import SINGLE_LINE, PageFailure, PageReader


@dataclass
class PageReading:
    """Pages that are read one after the other; failures are counted."""

    reader: PageReader
    failures: int = 0

    def pages(self, path: Input) -> Iterator[tuple[Page, np.ndarray]]:
        """Yield the pages of a file that can be read; report the others."""
        try:
            for result in self.reader.stream(path):
                if isinstance(result, PageFailure):
                    self._fail(result.error)
                    continue
                page, pixels = result
                _report(path, page)
                yield page, pixels
        except ImageError as error:
            self._fail(error)

    def _fail(self, error: ImageError) -> None:
        self.failures += 1
        _command.say(f"error: {error}")


def _report(path: Input, page: Page) -> None:
    where = f"{path}, page {page.number}" if page.number > 1 else str(path)
    if not page.lines:
        _command.say(f"{where}: no lines found")
    if page.orientation:
        _command.say(f"{where}: read after turning it by {page.orientation}° clockwise")
    if page.width > SINGLE_LINE * page.height:
        _command.say(f"{where}: read as a single line, as gluon-htr predict does: its image is low and wide")
