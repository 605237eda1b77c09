"""Files made of pages that were read: any output format, with its media type and file name.

PAGE and ALTO have one file per page; several of them are packed into a .zip.
"""

from __future__ import annotations

import base64
import io
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from ...errors import MissingToolError
from ...images.encoding import encode_jpeg
from ...pages.document import Page
from ...pages.formats.registry import FORMATS, Format
from ...pages.formats.writers import PageImage
from .files import PageError

#: Media types, by format. OCR-D uses those of PAGE and ALTO, and IIIF that of hOCR.
MEDIA_TYPES = {
    "json": "application/json",
    "txt": "text/plain; charset=utf-8",
    "page": "application/vnd.prima.page+xml",
    "alto": "application/alto+xml",
    "hocr": "text/vnd.hocr+html; charset=utf-8",
    "pdf": "application/pdf",
}
ZIP = "application/zip"
PICTURE_QUALITY = 95  # of JPEG: lines are cut out of these pictures to train on, and must not learn its noise


class ReadDocument(msgspec.Struct, frozen=True, omit_defaults=True):
    """Pages of a request: a `Document`, and what only a server adds to it."""

    #: Name of the first file.
    source: str
    pages: tuple[Page, ...]
    #: Pages that were not read; left out if there are none.
    failures: tuple[PageError, ...] = ()
    #: Image of each page as a data URL, if they were asked for.
    pictures: tuple[str, ...] = ()


@dataclass(frozen=True)
class ServedFile:
    """A file for a client. failures: pages that are missing in it."""

    name: str
    media_type: str
    content: bytes
    failures: tuple[PageError, ...] = ()


def accepted_format(accept: str) -> str:
    """Return the format that an Accept header (RFC 9110, 12.5.1) prefers; `json` if it names none that we have."""
    by_type = {media_type.partition(";")[0]: name for name, media_type in MEDIA_TYPES.items()}
    best, highest = "json", 0.0
    for part in accept.split(","):
        media_type, *parameters = (word.strip().lower() for word in part.split(";"))
        quality = next((word[2:] for word in parameters if word.startswith("q=")), "1")
        weight = float(quality) if quality.replace(".", "", 1).isdecimal() else 0.0
        if media_type in by_type and weight > highest:
            best, highest = by_type[media_type], weight
    return best


def to_file(
    results: Iterable[tuple[Page, PageImage] | PageError], source: str, name: str, with_pictures: bool = False
) -> ServedFile:
    """Write results in a format. source: name of the file that the pages are from.

    Raises `MissingToolError` if the format needs a package that is not installed, `StorageError` if the disk is full.
    """
    stem = Path(source).stem or "page"
    if name == "json":
        return _json(results, source, stem, with_pictures)
    _check_tools(FORMATS[name])
    return _written(results, FORMATS[name], stem)


def _check_tools(kind: Format) -> None:
    """Raise `MissingToolError` before pages are read in vain."""
    blank = Page("blank", 1, 1, 1, 0)
    if kind.encode is not None:
        kind.encode(blank)
        return
    with tempfile.TemporaryDirectory() as folder:
        kind.open(Path(folder) / f"blank{kind.suffix}").discard(MissingToolError())


def _json(
    results: Iterable[tuple[Page, PageImage] | PageError], source: str, stem: str, with_pictures: bool
) -> ServedFile:
    pages, failures, pictures = list[Page](), list[PageError](), list[str]()
    for result in results:
        if isinstance(result, PageError):
            failures.append(result)
            continue
        pages.append(result[0])
        if with_pictures and isinstance(result[1], np.ndarray):
            pictures.append(_data_url(result[1]))
    document = ReadDocument(source, tuple(pages), tuple(failures), tuple(pictures))
    return ServedFile(f"{stem}.json", MEDIA_TYPES["json"], msgspec.json.encode(document), tuple(failures))


def _written(results: Iterable[tuple[Page, PageImage] | PageError], kind: Format, stem: str) -> ServedFile:
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        with kind.open(Path(folder) / f"{stem}{kind.suffix}") as writer:
            for result in results:
                if isinstance(result, PageError):
                    failures.append(result)
                else:
                    writer.add(*result)
        files = sorted(path for path in Path(folder).iterdir() if path.is_file())
        if len(files) == 1:
            return ServedFile(files[0].name, MEDIA_TYPES[kind.name], files[0].read_bytes(), tuple(failures))
        return ServedFile(f"{stem}.zip", ZIP, _zipped(files), tuple(failures))


def _zipped(files: list[Path]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, path.name)
    return buffer.getvalue()


def _data_url(pixels: np.ndarray) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(encode_jpeg(pixels, PICTURE_QUALITY)).decode()
