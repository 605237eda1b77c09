"""Pages of files: images, TIFF with several pages, PDF. Every page is decoded when it is its turn.

PDF needs pypdfium2, HEIC needs pillow-heif; both are in the extra `pages`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from ..errors import ImageError, MissingToolError
from ..images.decoding import (
    MAX_FRAMES,
    NO_PAGE,
    SUBFILE_TYPE,
    ImageLike,
    contents,
    decode,
    from_pillow,
    quiet,
    seek,
    source_name,
)
from ..images.formats import EXTRA, broken, identify, is_pdf, open_image
from ..images.tiff import tiff_directories

PDF_DPI = 300  # at which pages of a PDF are rendered: archives scan at 300 dpi
MAX_PDF_SIDE = 6000  # pixels: larger pages are rendered at a lower resolution
#: PDFium allows one call at a time in a process, whatever the document.
_PDFIUM = threading.Lock()


@dataclass(frozen=True)
class PageImage:
    """A page of a file: its number, counted from 1, and its pixels (H, W) uint8, or the error of decoding it."""

    number: int
    pixels: np.ndarray | None
    error: ImageError | None = None


class PageSource:
    """The pages of a file, in order. A context manager; `count` is known before any page is decoded.

    source: as for `decode`. max_pixels: of a page in a file, half as many if it
    has more than 8 bits; a larger one is an error of that page, or rendered smaller if the file is a PDF. max_pages:
    `count` is at most one more than that. Raises `ImageError` if it cannot be opened at all, `MissingToolError` if a
    package for its format is missing.
    """

    def __init__(self, source: ImageLike, max_pixels: int | None = None, max_pages: int = MAX_FRAMES) -> None:
        self.name, self._max_pixels, self._max_pages = source_name(source), max_pixels, max_pages
        self._close: Callable[[], object] = lambda: None
        self._decode: Callable[[int], np.ndarray] = lambda number: decode(source)
        self.count = 1
        if not isinstance(source, (np.ndarray, Image.Image)):
            self._open(contents(source))

    def __enter__(self) -> PageSource:
        return self

    def __exit__(self, *exception: object) -> None:
        self._close()

    def __iter__(self) -> Iterator[PageImage]:
        return map(self.page, range(1, self.count + 1))

    def page(self, number: int) -> PageImage:
        """Decode one page, counted from 1."""
        try:
            return PageImage(number, self._decode(number - 1))
        except ImageError as error:
            where = f", page {number}" if self.count > 1 else ""
            return PageImage(number, None, ImageError(f"{self.name}{where}: {_without(str(error), self.name)}"))

    def _open(self, blob: bytes) -> None:
        if not blob:
            raise ImageError(f"{self.name} is empty")
        if is_pdf(blob):
            self._open_pdf(blob)
            return
        if identify(blob) == "TIFF":
            self._open_tiff(blob)
            return
        self._decode = lambda number: _decoded(blob, self.name, self._max_pixels)

    def _open_tiff(self, blob: bytes) -> None:
        frames, damage = _tiff_pages(blob, self.name, self._max_pages)
        self.count = len(frames) + bool(damage)

        def page(number: int) -> np.ndarray:
            if number == len(frames):
                raise ImageError(damage)
            return _tiff_page(blob, frames[number], self._max_pixels)

        self._decode = page

    def _open_pdf(self, blob: bytes) -> None:
        try:
            import pypdfium2
        except ImportError:
            raise MissingToolError(f"{self.name} is a PDF, which needs pypdfium2: {EXTRA}") from None
        try:
            with _PDFIUM:
                document = pypdfium2.PdfDocument(blob)
                self.count = min(len(document), self._max_pages + 1)
        except pypdfium2.PdfiumError as error:
            why = "is encrypted: save it without a password" if "assword" in str(error) else f"is broken: {error}"
            raise ImageError(f"{self.name} {why}") from None
        self._close = lambda: _close_pdf(document)
        if not self.count:
            self._close()
            raise ImageError(f"{self.name} has no pages")
        self._decode = lambda number: _pdf_page(document, number, self._max_pixels)


def _decoded(blob: bytes, name: str, max_pixels: int | None) -> np.ndarray:
    with quiet(), open_image(blob, name) as image:
        _check_size(image, max_pixels)
        seek(image, blob, name, None, "save each as its own image")
        return from_pillow(image, name)


def _check_size(image: Image.Image, max_pixels: int | None) -> None:
    """Raise `ImageError` if a page has too many pixels, which count twice if they have more than 8 bits."""
    if max_pixels is None:
        return
    width, height = image.size
    is_deep = image.mode == "F" or image.mode.startswith("I")
    if width * height * (2 if is_deep else 1) > max_pixels:
        raise ImageError(f"has {width} × {height} pixels; at most {max_pixels:,} are accepted: scale it down")


def _tiff_pages(blob: bytes, name: str, max_pages: int) -> tuple[list[int], str]:
    """Return the frames of a TIFF that are pages, not smaller copies or masks, and what is wrong after them, if so."""
    pages: list[int] = []
    directories, is_whole = tiff_directories(blob, MAX_FRAMES)
    with quiet(), open_image(blob, name) as image:
        try:
            for frame in range(max(1, directories)):
                if len(pages) > max_pages:
                    return pages, ""
                image.seek(frame)
                if not pages or not image.getexif().get(SUBFILE_TYPE, 0) & NO_PAGE:
                    pages.append(frame)
        except Exception as error:  # decoders raise whatever they like; the pages before it can be read
            if not pages:
                raise broken(name, error) from None
            is_whole = False
    if directories >= MAX_FRAMES and not is_whole:
        return pages, f"there are more than {MAX_FRAMES:,} pages: split the file"
    return pages, "" if is_whole or not directories else "the file is damaged or cut off here, and what follows is lost"


def _tiff_page(blob: bytes, frame: int, max_pixels: int | None) -> np.ndarray:
    with quiet(), open_image(blob, "image") as image:
        seek(image, blob, "image", frame + 1)
        _check_size(image, max_pixels)
        return from_pillow(image, "image")


def _close_pdf(document: Any) -> None:
    with _PDFIUM:
        document.close()


def _pdf_page(document: Any, number: int, max_pixels: int | None) -> np.ndarray:
    """Render a page, at a lower resolution if it would have too many pixels."""
    import pypdfium2

    try:
        with _PDFIUM, closing(document[number]) as page:
            width, height = page.get_size()
            scale = min(PDF_DPI / 72, MAX_PDF_SIDE / max(width, height, 1))
            if max_pixels is not None:
                scale = min(scale, (max_pixels / max(width * height, 1)) ** 0.5)
            with closing(page.render(scale=scale, grayscale=True)) as bitmap:
                pixels = np.array(bitmap.to_numpy())
    except (pypdfium2.PdfiumError, MemoryError, ValueError) as error:
        raise ImageError(f"is broken: {error}") from None
    return pixels[:, :, 0] if pixels.ndim == 3 else pixels


def _without(message: str, name: str) -> str:
    """Remove the name of the file from the start of a message about it."""
    for start in (f"{name} ", f"{name}: ", "image "):
        message = message.removeprefix(start)
    return message
