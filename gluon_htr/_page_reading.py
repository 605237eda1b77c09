"""Reading of files of pages for the command `read`, with messages about each page."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import _command
from ._files import MAX_TEXT, read_bounded
from ._inputs import Input
from ._storage import write_atomically
from .errors import AnnotationError, ImageError, UsageError
from .pages.document import Page
from .pages.segmentation import read_segmentation, write_texts
from .runtime.page_reader import SINGLE_LINE, PageFailure, PageReader

MAX_NAMED = 10  # lines that cannot be read


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


def read_segmented(path: Input, segmentation: Path, reader: PageReader, output: Path | None) -> int:
    """Read the lines of a PAGE or ALTO file on its page, and write the file with their texts. Lines that have no place
    are reported.
    """
    try:
        blob = read_bounded(segmentation, MAX_TEXT)
        texts = reader.read_segmented(path, blob)
        written = write_texts(blob, texts)
        unread = [line.id for line in read_segmentation(blob).lines if line.id not in texts]
    except OSError as error:
        raise UsageError(f"{segmentation} cannot be read: {error.strerror}") from None
    except AnnotationError as error:
        raise AnnotationError(f"{segmentation} {error}") from None
    if unread:
        named = ", ".join(unread[:MAX_NAMED]) + (", …" if len(unread) > MAX_NAMED else "")
        _command.say(f"{segmentation}: lines without a place on the page stay as they are: {named}")
    if output is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(written)
    else:
        write_atomically(output / segmentation.name, written)
    return 1 if unread else 0
