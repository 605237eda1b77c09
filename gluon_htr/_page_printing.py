"""Printing of pages for the command `read`."""

from __future__ import annotations

import sys
from contextlib import ExitStack

from ._inputs import Input
from ._page_reading import PageReading
from ._text_files import printable
from .errors import UsageError
from .pages.document import Page
from .pages.formats.registry import Format
from .pages.formats.writers import PiecesWriter


def print_pages(files: list[Input], reading: PageReading, kind: Format) -> None:
    """Print the pages of files in a format that can be printed.

    Raises `UsageError` for a second page of a file if each page needs a file of its own.
    """
    for path in files:
        if kind.name == "txt" and len(files) > 1:
            _print_texts(path, reading, kind)
        elif kind.pieces:
            with ExitStack() as stack:
                writer = None
                for page, pixels in reading.pages(path):
                    writer = writer or stack.enter_context(PiecesWriter(sys.stdout.buffer, kind.pieces))
                    writer.add(page, pixels)
                    sys.stdout.buffer.flush()
        else:
            _print_single(path, reading, kind)


def _print_texts(path: Input, reading: PageReading, kind: Format) -> None:
    """Print the text of each page below its name."""
    for page, _ in reading.pages(path):
        name = printable(f"{path}{f', page {page.number}' if page.number > 1 else ''}")
        print(f"==> {name} <==", flush=True)
        _write_out(kind, page)


def _print_single(path: Input, reading: PageReading, kind: Format) -> None:
    """Print the only page of a file. Raises `UsageError` at the second one: a file of this format has one page."""
    for number, (page, _) in enumerate(reading.pages(path)):
        if number:
            raise UsageError(f"{path} has several pages, and each has a {kind.name} file: give --output DIR")
        _write_out(kind, page)


def _write_out(kind: Format, page: Page) -> None:
    assert kind.encode is not None, "checked by the command"
    sys.stdout.buffer.write(kind.encode(page))
    sys.stdout.buffer.flush()
