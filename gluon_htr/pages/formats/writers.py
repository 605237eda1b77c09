"""Writers: objects that receive the pages of a document one by one, so that memory stays flat.

    with FORMATS["txt"].open(Path("book.txt")) as writer:
        for page, image in read("book.pdf"):
            writer.add(page, image)

A file appears under its name when it is complete. Leaving the block with an exception leaves an older file untouched.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, TypeAlias

import numpy as np

from ..._storage import atomic_file, storage_error, write_atomically
from ...errors import StorageError
from ..document import Document, Page

#: The image of a page: (H, W) uint8 gray, or the bytes of an image file such as JPEG or PNG.
PageImage: TypeAlias = "np.ndarray | bytes"


class Writer(ABC):
    """Receiver of the pages of one document. `add`, `close` and the end of a block raise `StorageError`."""

    @abstractmethod
    def add(self, page: Page, image: PageImage) -> None:
        """Write a page. Only PDF and HTML look at its image."""

    @abstractmethod
    def close(self) -> None:
        """Complete the file and give it its name."""

    def discard(self, error: BaseException) -> None:  # noqa: B027 - most have nothing to delete
        """Delete what is incomplete. error: what ended the block."""

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self.discard(error)


@dataclass(frozen=True)
class Pieces:
    """Parts of a file of a document: a head for the name of its source, its pages with something between, a tail."""

    head: Callable[[str], bytes]
    page: Callable[[Page, PageImage], bytes]
    between: bytes
    tail: bytes

    def encode(self, document: Document) -> bytes:
        """Return the file of a document, in a format that does not look at images."""
        pages = (self.page(page, b"") for page in document.pages)
        return self.head(document.source) + self.between.join(pages) + self.tail


class PiecesWriter(Writer):
    """Writer of pages that follow one another to an open file, which stays open."""

    def __init__(self, file: BinaryIO, pieces: Pieces) -> None:
        self._file, self._pieces, self._empty = file, pieces, True

    def add(self, page: Page, image: PageImage) -> None:
        before = self._pieces.head(page.source) if self._empty else self._pieces.between
        self._write(before + self._pieces.page(page, image))
        self._empty = False

    def close(self) -> None:
        self._write((self._pieces.head("") if self._empty else b"") + self._pieces.tail)

    def _write(self, content: bytes) -> None:
        self._file.write(content)


class StreamWriter(PiecesWriter):
    """Writer of a file whose pages follow one another."""

    def __init__(self, path: Path, pieces: Pieces) -> None:
        self._path, self._context = path, atomic_file(path)
        super().__init__(self._context.__enter__(), pieces)

    def close(self) -> None:
        try:
            super().close()
        except StorageError as error:
            self.discard(error)
            raise
        self._context.__exit__(None, None, None)

    def discard(self, error: BaseException) -> None:
        self._context.__exit__(type(error), error, error.__traceback__)

    def _write(self, content: bytes) -> None:
        try:
            super()._write(content)
        except OSError as error:
            raise storage_error(self._path, error) from None


class PageFilesWriter(Writer):
    """Writer of one file per page: `a.xml` if page 1 is the only one, otherwise `a-0001.xml`, `a-0002.xml`, …

    The first page is kept until the second arrives, which decides its name.
    """

    def __init__(self, path: Path, suffix: str, encode: Callable[[Page], bytes]) -> None:
        self._path, self._suffix, self._encode, self._several = path, suffix, encode, False
        self._first: tuple[int, bytes] | None = None

    def add(self, page: Page, image: PageImage) -> None:
        content = self._encode(page)
        if self._first is None and not self._several:
            self._first = (page.number, content)
        else:
            self._several = True
            self._write_first()
            write_atomically(self._numbered(page.number), content)

    def close(self) -> None:
        self._several = self._first is not None and self._first[0] > 1
        self._write_first()

    def discard(self, error: BaseException) -> None:
        self._first = None

    def _write_first(self) -> None:
        if self._first is not None:
            number, content = self._first
            write_atomically(self._numbered(number) if self._several else self._path, content)
            self._first = None

    def _numbered(self, number: int) -> Path:
        stem = self._path.name.removesuffix(self._suffix)
        return self._path.with_name(f"{stem}-{number:04}{self._suffix}")
