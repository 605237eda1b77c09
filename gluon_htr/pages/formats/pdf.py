"""Searchable PDF: the image of each page, upright, with its text invisible in front of it.

Pages are joined in temporary files of a few megabytes, which the last step reads piece by piece; memory stays flat.
"""

from __future__ import annotations

import errno
import io
import os
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

from PIL import Image

from ... import __version__
from ..._storage import atomic_file, storage_error
from ...errors import MissingToolError
from ...images.decoding import decode
from ...images.encoding import encode_jpeg
from ..document import Page
from .glyphless import CharacterCodes, add_font_file, page_font
from .pdf_text import PageTransform, content_stream
from .writers import PageImage, Writer
from .xml import allowed

DPI = 300  # a scan does not say how large its paper is
PART_BYTES = 16 << 20  # of images in memory, before they go to a temporary file
JPEG_QUALITY = 75
MARK_BYTES = 1024  # at the end of a PDF, where its last line is


class PdfWriter(Writer):
    """Writer of one PDF for a document."""

    def __init__(self, path: Path) -> None:
        self._path, self._pikepdf = path.absolute(), _pikepdf()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._parts: list[str] = []
        self._start_part()

    def add(self, page: Page, image: PageImage) -> None:
        jpeg = to_jpeg(image)
        if not self._parts:
            self._pdf.docinfo["/Title"] = allowed(page.source)
        self._add_page(page, jpeg)
        self._bytes += len(jpeg)
        if self._bytes > PART_BYTES:
            self._end_part()
            self._start_part()

    def close(self) -> None:
        try:
            self._end_part()
            self._join()
        finally:
            self._delete_parts()

    def discard(self, error: BaseException) -> None:
        self._delete_parts()

    def _start_part(self) -> None:
        self._pdf = self._pikepdf.Pdf.new()
        self._pdf.docinfo["/Producer"] = f"gluon_htr {__version__}"
        self._font_file = add_font_file(self._pdf)
        self._bytes = 0

    def _end_part(self) -> None:
        try:
            if self._folder is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._folder = tempfile.TemporaryDirectory(dir=self._path.parent, prefix=f".{self._path.name}.")
            self._parts.append(f"{self._folder.name}/{len(self._parts)}.pdf")
            self._pdf.save(self._parts[-1])
            self._pdf.close()
        except OSError as error:
            raise storage_error(self._path, error) from None

    def _join(self) -> None:
        """Join the parts with qpdf, which copies images from file to file. The first part gives the title."""
        with atomic_file(self._path) as file:
            pages = ["--pages", *self._parts, "--"] if len(self._parts) > 1 else []
            self._pikepdf.Job(["qpdf", self._parts[0], "--deterministic-id", *pages, str(file.name)]).run()
            if b"%%EOF" not in _end_of(file.name):  # qpdf ends without a word on a full disk
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _delete_parts(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()

    def _add_page(self, page: Page, jpeg: bytes) -> None:
        pdf, codes, frame = self._pdf, CharacterCodes(), PageTransform.of(page, 72 / DPI)
        content = content_stream(page, codes, frame)
        pdf.add_blank_page(page_size=frame.size)
        added = pdf.pages[-1]
        added.Contents = pdf.make_stream(content)
        images, fonts = {"/Image": _image(pdf, jpeg)}, {"/Text": page_font(pdf, codes, self._font_file)}
        added.Resources = self._pikepdf.Dictionary({"/XObject": images, "/Font": fonts})


def _end_of(path: str) -> bytes:
    with open(path, "rb") as file:
        file.seek(-min(MARK_BYTES, os.path.getsize(path)), os.SEEK_END)
        return file.read()


def to_jpeg(image: PageImage) -> bytes:
    """Return the image of a page as a gray JPEG, turned as its EXIF data say, and smaller if JPEG needs that.

    Raises `ImageError` for bytes that are not an image.
    """
    return encode_jpeg(decode(image), JPEG_QUALITY)


def _image(pdf: Any, jpeg: bytes) -> Any:
    with Image.open(io.BytesIO(jpeg)) as opened:
        width, height = opened.size
    names = {"/Type": "/XObject", "/Subtype": "/Image", "/ColorSpace": "/DeviceGray", "/Filter": "/DCTDecode"}
    name = _pikepdf().Name
    attributes = {key: name(value) for key, value in names.items()}
    return pdf.make_stream(jpeg, {**attributes, "/Width": width, "/Height": height, "/BitsPerComponent": 8})


def _pikepdf() -> ModuleType:
    try:
        import pikepdf
    except ImportError:
        raise MissingToolError("PDF needs pikepdf: pip install 'gluon-htr[pages]'") from None
    return pikepdf
