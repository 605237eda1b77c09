"""Pages in files from clients: images, TIFF with several pages, PDF. Sizes are checked before anything is decoded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import msgspec
import numpy as np

from ...errors import ImageError
from ...pages.document import Page
from ...pages.sources import PageImage, PageSource
from ...runtime.page_reader import PageReader
from ..image_files import FORMATS, check_image
from ..request_errors import RequestRejected
from ..server_settings import ServerSettings

PDF = b"%PDF-"
MAX_NAME = 150  # bytes, so that endings and page numbers still fit into what file systems allow


class PageError(msgspec.Struct, frozen=True):
    """A page that was not read: its number, counted from 1, and why."""

    page: int
    error: str


@dataclass(frozen=True)
class PageFile:
    """A file with pages, and the name that its client gave it."""

    name: str
    content: bytes


#: A page with its image (H, W) uint8, or its error.
Result: TypeAlias = "tuple[Page, np.ndarray] | PageError"


def read_files(
    files: Sequence[PageFile], reader: PageReader, settings: ServerSettings, is_cancelled: Callable[[], bool]
) -> Iterator[Result]:
    """Read the pages of files, numbered through.

    is_cancelled: asked before each page; once it says yes, no more pages are read. Raises `RequestRejected` if a file
    is not accepted or there are too many pages, `MissingToolError` if a package is missing.
    """
    before = 0
    for file in files:
        with _opened(file, settings, settings.max_pages - before) as source:
            for image in source:
                if is_cancelled():
                    return
                yield _read(reader, image, file.name, before + image.number)
            before += source.count


def _opened(file: PageFile, settings: ServerSettings, most: int) -> PageSource:
    try:
        if PDF not in file.content[:1024]:
            _check_image(file.content, settings.max_page_pixels)
        source = PageSource(file.content, settings.max_page_pixels, most)
    except ImageError as error:
        raise RequestRejected(422, str(error)) from None
    if source.count > most:
        source.__exit__()
        raise RequestRejected(413, f"the request has more than {settings.max_pages} pages: send fewer at a time")
    return source


def _check_image(content: bytes, max_pixels: int) -> None:
    try:
        check_image(content, max_pixels)
    except ImageError as error:
        accepted = ", ".join(FORMATS)
        raise ImageError(str(error).replace(f"({accepted})", f"({accepted}, PDF)")) from None


def _read(reader: PageReader, image: PageImage, name: str, number: int) -> Result:
    try:
        if image.pixels is None:
            raise image.error or ImageError("cannot be decoded")
        return reader.read_page(image.pixels, name, number), image.pixels
    except ImageError as error:
        what = str(error).removeprefix("image").removeprefix(f", page {image.number}").lstrip(": ")
        return PageError(number, f"page {number} {what}")


def safe_name(name: str | None) -> str:
    """Make a file name that a client gave harmless: without folders and control characters, and not too long."""
    last = (name or "").replace("\\", "/").rpartition("/")[2]
    printable = "".join(c for c in last if c.isprintable()).encode()[:MAX_NAME]
    return printable.decode(errors="ignore").strip(". ") or "page"
