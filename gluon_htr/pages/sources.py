"""Pages of files: images, TIFF with several pages, PDF. Every page is decoded when it is its turn.

PDF needs pypdfium2, HEIC needs pillow-heif; both are in the extra `pages`.
"""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from ..errors import ImageError, MissingToolError
from ..images.decoding import MAX_PIXELS, NO_PAGE, SUBFILE_TYPE, ImageLike, decode

PDF_DPI = 300  # at which pages of a PDF are rendered: archives scan at 300 dpi
MAX_PDF_SIDE = 6000  # pixels: larger pages are rendered at a lower resolution
EXTRA = "pip install 'gluon-htr[pages]'"
#: Brands of ISO base media files (ISO/IEC 23008-12) that are HEIC or HEIF images.
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")


@dataclass(frozen=True)
class PageImage:
    """A page of a file: its number, counted from 1, and its pixels (H, W) uint8, or the error of decoding it."""

    number: int
    pixels: np.ndarray | None
    error: ImageError | None = None


class PageSource:
    """The pages of a file, in order. A context manager; `count` is known before any page is decoded.

    source: a path, the bytes of a file, an array or a Pillow image. Raises `ImageError` if it cannot be opened at all,
    `MissingToolError` if a package for its format is missing.
    """

    def __init__(self, source: ImageLike) -> None:
        self.name = _name(source)
        self._close: Callable[[], object] = lambda: None
        self._decode: Callable[[int], np.ndarray] = lambda number: decode(source)
        self.count = 1
        if isinstance(source, (str, os.PathLike, bytes)):
            self._open(_content(source))

    def __enter__(self) -> PageSource:
        return self

    def __exit__(self, *exception: object) -> None:
        self._close()

    def __iter__(self) -> Iterator[PageImage]:
        for number in range(1, self.count + 1):
            try:
                yield PageImage(number, self._decode(number - 1))
            except ImageError as error:
                where = f", page {number}" if self.count > 1 else ""
                yield PageImage(number, None, ImageError(f"{self.name}{where}: {_without(str(error), self.name)}"))

    def _open(self, blob: bytes) -> None:
        if blob.startswith(b"%PDF-") or b"%PDF-" in blob[:1024]:
            self._open_pdf(blob)
            return
        if blob[4:8] == b"ftyp" and blob[8:12] in _HEIF_BRANDS:
            _register_heif(self.name)
        if blob[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
            self._open_tiff(blob)
            return
        self._decode = lambda number: _decoded(blob, self.name)

    def _open_tiff(self, blob: bytes) -> None:
        frames = _tiff_pages(blob, self.name)
        self.count = len(frames)
        self._decode = lambda number: _tiff_page(blob, frames[number])

    def _open_pdf(self, blob: bytes) -> None:
        try:
            import pypdfium2
        except ImportError:
            raise MissingToolError(f"{self.name} is a PDF, which needs pypdfium2: {EXTRA}") from None
        try:
            document = pypdfium2.PdfDocument(blob)
            self.count = len(document)
        except pypdfium2.PdfiumError as error:
            why = "is encrypted: save it without a password" if "assword" in str(error) else f"is broken: {error}"
            raise ImageError(f"{self.name} {why}") from None
        if not self.count:
            raise ImageError(f"{self.name} has no pages")
        self._close = document.close
        self._decode = lambda number: _pdf_page(document, number)


def _name(source: ImageLike) -> str:
    return os.fspath(source) if isinstance(source, (str, os.PathLike)) else "image"


def _content(source: str | os.PathLike[str] | bytes) -> bytes:
    if isinstance(source, bytes):
        blob, name = source, "image"
    else:
        name = os.fspath(source)
        if os.path.isdir(name):
            raise ImageError(f"{name} is a folder: name the pages in it")
        try:
            with open(name, "rb") as file:
                blob = file.read()
        except OSError as error:
            raise ImageError(f"{name} cannot be read: {error.strerror}") from None
    if not blob:
        raise ImageError(f"{name} is empty")
    return blob


def _decoded(blob: bytes, name: str) -> np.ndarray:
    with _quiet():
        try:
            with Image.open(io.BytesIO(blob)) as image:
                frames = getattr(image, "n_frames", 1)
                if frames > 1 and image.format in ("GIF", "PNG", "WEBP", "AVIF"):
                    raise ImageError(f"is an animation of {frames} pictures: save the page as an image of its own")
        except ImageError:
            raise
        except Exception:  # `decode` reports it
            pass
        return decode(blob)


def _register_heif(name: str) -> None:
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        raise MissingToolError(f"{name} is a HEIC image, which needs pillow-heif: {EXTRA}") from None
    register_heif_opener()


def _tiff_pages(blob: bytes, name: str) -> list[int]:
    """Return the frames of a TIFF that are pages, not smaller copies or masks."""
    pages: list[int] = []
    with _quiet():
        try:
            with Image.open(io.BytesIO(blob)) as image:
                for frame in range(getattr(image, "n_frames", 1)):
                    image.seek(frame)
                    if not pages or not image.getexif().get(SUBFILE_TYPE, 0) & NO_PAGE:
                        pages.append(frame)
        except Image.DecompressionBombError:
            raise ImageError(
                f"{name} has too many pixels; at most {MAX_PIXELS:,} are accepted: scale it down"
            ) from None
        except Exception as error:  # decoders raise whatever they like; the pages before it can be read
            if not pages:
                raise ImageError(f"{name} is broken: {' '.join(str(error).split())[:120]}") from None
    return pages


def _tiff_page(blob: bytes, frame: int) -> np.ndarray:
    with _quiet(), Image.open(io.BytesIO(blob)) as image:
        try:
            image.seek(frame)
        except Exception as error:
            raise ImageError(f"is broken: {' '.join(str(error).split())[:120]}") from None
        return decode(image)


def _pdf_page(document: Any, number: int) -> np.ndarray:
    import pypdfium2

    try:
        page = document[number]
        scale = min(PDF_DPI / 72, MAX_PDF_SIDE / max(*page.get_size(), 1))
        bitmap = page.render(scale=scale, grayscale=True)
        pixels = np.array(bitmap.to_numpy())
        bitmap.close()
        page.close()
    except (pypdfium2.PdfiumError, MemoryError, ValueError) as error:
        raise ImageError(f"is broken: {error}") from None
    return pixels[:, :, 0] if pixels.ndim == 3 else pixels


def _without(message: str, name: str) -> str:
    """Remove the name of the file from the start of a message about it."""
    for start in (f"{name} ", f"{name}: ", "image "):
        message = message.removeprefix(start)
    return message


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence Pillow's warnings about large images: their size is checked here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
