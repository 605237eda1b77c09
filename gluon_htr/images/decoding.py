"""Decoding of any picture to (H, W) uint8 gray, 0 = black ink, 255 = paper: the one place that decides how.

Pillow alone does the work. What the modules beside this one decide: which files are accepted (`formats`), what they may
cost (`cost`), which sample value is white (`samples`), what lies behind transparent pixels (`transparency`), and how
the picture lies (`upright`). Whoever needs the size of a picture asks `upright_size` here, which decides the same.
"""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, Union

import numpy as np
from PIL import Image

from .._files import read_bounded
from ..errors import ImageError
from . import upright
from .cost import MAX_FILE, MAX_PIXELS, bytes_per_pixel, check_decoding, check_size
from .formats import broken, identify, open_image
from .samples import by_strips, eight_bits, eight_bits_of
from .transparency import gray_on_paper, is_transparent, on_paper

SUBFILE_TYPE, NO_PAGE = 254, 1 | 4  # a TIFF tag and its bits for smaller copies and for masks (TIFF 6.0, section 8)
PHOTOMETRIC, MAX_SAMPLE = 262, 281  # tags of a TIFF: 0 in the first says that 0 is white
ADVICE = "choose one with --frame N (in Python, frame=N), or save each as its own image"
MAX_FRAMES = 10_000  # of a file: damaged or hostile files have more
#: File name extensions that scanners, cameras and archives write; `decode` itself looks at contents only.
SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".gif", ".jp2", ".pbm", ".pgm", ".ppm", ".pnm",
    ".avif", ".heic", ".heif",
)  # fmt: skip


class BinaryFile(Protocol):
    """An open file, as `open(path, "rb")`, `io.BytesIO` and the uploads of web frameworks are."""

    def read(self, size: int, /) -> bytes: ...


ImageLike = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, BinaryFile, np.ndarray, Image.Image]


def decode(source: ImageLike, frame: int | None = None) -> np.ndarray:
    """Decode a picture to a new gray array (H, W) uint8, upright and with square pixels.

    source: a path; an encoded file as bytes, `bytearray`, `memoryview` or open file; an array ((H, W), (H, W, 1|3|4) of
    bool, integers, or floats in 0..1 or 0..255); or a Pillow image. frame: the picture of a file with several, counted
    from 1. Raises `ImageError`, which names the file, if it is empty, broken, too large, not an image, or has several
    pictures and `frame` is not given. Pillow may warn about odd metadata; commands hide that.
    """
    if isinstance(source, np.ndarray):
        if frame not in (None, 1):
            raise ImageError(f"an array has no frame {frame}: give one of its pictures")
        return _from_array(source)
    if isinstance(source, Image.Image):
        return from_pillow(source, "image") if frame is None else _decode_frame(source, frame)
    name = source_name(source)
    blob = contents(source)
    with open_image(blob, name) as image:
        seek(image, blob, name, frame)
        return from_pillow(image, name)


@dataclass(frozen=True)
class Encoded:
    """An image that is decoded when called: a path, or a file's bytes. Can be pickled."""

    source: str | bytes

    def __call__(self) -> np.ndarray:
        return decode(self.source)


def upright_size(source: ImageLike) -> tuple[int, int]:
    """Return width and height of the array that `decode` makes of a file. Raises `ImageError`."""
    name, blob = source_name(source), contents(source)
    with open_image(blob, name) as image:
        try:
            return upright.upright_size(image, blob)
        except Exception as error:  # a decoder may fail only now
            raise broken(name, error) from None


def check_readable(path: str | os.PathLike[str]) -> None:
    """Raise `ImageError` if a file cannot be opened as a picture. It is not decoded."""
    open_image(contents(path), os.fspath(path)).close()


def source_name(source: object) -> str:
    """Return the path of an image, or what it is called in messages."""
    if isinstance(source, (str, os.PathLike)):
        return os.fsdecode(source)
    named = getattr(source, "name", None)
    return named if isinstance(named, str) and named else "image"


def contents(source: object) -> bytes:
    """Return the bytes of a file, from its path, from memory, or from an open file. Raises `ImageError`."""
    if isinstance(source, bytes):
        return source
    if isinstance(source, (bytearray, memoryview)):
        return bytes(source)
    if isinstance(source, (str, os.PathLike)):
        return _file_contents(os.fspath(source))
    if callable(read := getattr(source, "read", None)):
        return _stream_contents(read)
    if source is None:
        raise ImageError("None is not an image: cv2.imread, for one, returns it for a file that it cannot read")
    raise ImageError(
        f"{type(source).__name__} is not an image: give a path, the bytes of a file, an open file, an array or a "
        "Pillow image"
    )


def _decode_frame(image: Image.Image, frame: int) -> np.ndarray:
    """Decode a picture of an opened file, which stays at the one that it shows. Raises `ImageError`."""
    place = image.tell()
    try:
        seek(image, b"", "image", frame)
        return from_pillow(image, "image")
    finally:
        image.seek(place)


def seek(image: Image.Image, blob: bytes, name: str, frame: int | None, advice: str = ADVICE) -> None:
    """Go to a picture of a file with several, counted from 1.

    advice: what to do where one must be chosen. Raises `ImageError` if it must be, or if there is none.
    """
    try:
        if frame is None:
            what = "page" if image.format == "TIFF" else "frame"
            if _has_pages(blob) if what == "page" else image.format != "MPO" and getattr(image, "is_animated", False):
                raise ImageError(f"{name} has more than one {what}: {advice}")
        elif frame < 1 or frame > MAX_FRAMES:
            raise ImageError(f"{name} has no frame {frame}: frames are counted from 1")
        elif frame > 1:
            image.seek(frame - 1)
            check_decoding(image, blob, identify(blob) or "", name)
    except ImageError:
        raise
    except EOFError:
        raise ImageError(f"{name} has no frame {frame}: it has fewer") from None
    except Exception as error:
        raise broken(name, error) from None


def _has_pages(blob: bytes) -> bool:
    """Test whether the second image of a TIFF is another page, not a smaller copy of the first (thumbnail, pyramid) or
    its mask.
    """
    try:
        image = Image.open(io.BytesIO(blob), formats=["TIFF"])  # another one: what it says of its frames would stay
        image.seek(1)
        return not image.getexif().get(SUBFILE_TYPE, 0) & NO_PAGE
    except Exception:  # there is none, or it is broken: only the first one can be read
        return False


def _file_contents(path: str) -> bytes:
    if os.path.isdir(path):
        raise ImageError(f"{path} is a folder: name its images, such as {os.path.join(path, '*.png')}")
    try:
        return read_bounded(path, MAX_FILE)
    except OSError as error:
        printable = path.replace("\0", "\\0")
        raise ImageError(f"{printable} cannot be read: {error.strerror}") from None


def _stream_contents(read: object) -> bytes:
    try:
        content = read(MAX_FILE + 1)  # type: ignore[operator]
    except ImageError:  # of our own objects that fetch an image
        raise
    except Exception as error:
        raise ImageError(f"the file object cannot be read: {' '.join(str(error).split())[:120]}") from None
    if isinstance(content, (bytes, bytearray, memoryview)):
        if len(content) > MAX_FILE:
            raise ImageError(f"the file object has more than {MAX_FILE >> 20} MB: it is no image of a page or a line")
        return bytes(content)
    raise ImageError(f"the file object gives {type(content).__name__}, not bytes: open it with mode 'rb'")


def from_pillow(image: Image.Image, name: str) -> np.ndarray:
    """Decode an opened picture to gray. Raises `ImageError`."""
    check_size(image, name)
    try:
        is_turned = upright.is_turned_by_pillow(image)
        image.load()
        return upright.upright(_to_gray(image), image, is_turned)
    except MemoryError:
        raise ImageError(f"{name} does not fit into memory: scale it down") from None
    except Image.DecompressionBombError:
        raise ImageError(f"{name} has too many pixels; at most {MAX_PIXELS:,} are accepted: scale it down") from None
    except ValueError as error:
        if str(error).startswith("has values"):
            raise ImageError(f"{name} {error}") from None
        raise broken(name, error) from None
    except Exception as error:  # a Pillow image may be lazy, and fail only now
        raise broken(name, error) from None


@contextmanager
def quiet() -> Iterator[None]:
    """Silence Pillow's warnings: sizes are checked here, and odd metadata do not matter."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _to_gray(image: Image.Image) -> np.ndarray:
    if image.mode == "L" and "transparency" not in image.info:
        return np.array(image)
    if image.mode == "F" or image.mode.startswith("I"):
        return _wide_to_gray(image)
    if is_transparent(image):
        return on_paper(image)
    if image.mode in {"L", "1"}:
        return np.array(image.convert("L"))
    return by_strips(image, lambda part: np.array(part.convert("RGB").convert("L")))


def _wide_to_gray(image: Image.Image) -> np.ndarray:
    """Convert more than 8 bits a sample, where a TIFF may say that 0 is white, a PNG that one value is invisible."""
    tags = getattr(image, "tag_v2", {})
    white = tags.get(MAX_SAMPLE)
    white = white[0] if isinstance(white, tuple) and white else white
    gray = eight_bits_of(image, white if isinstance(white, int) and 255 < white < 65536 else None)
    if tags.get(PHOTOMETRIC) == 0:
        gray = np.uint8(255) - gray
    hidden = image.info.get("transparency")
    return gray if not isinstance(hidden, int) else gray_on_paper(gray, np.asarray(image) != hidden)


def _from_array(array: np.ndarray) -> np.ndarray:
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.size == 0 or array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise ImageError(
            f"an array of shape {array.shape} is not an image: give (H, W), (H, W, 1), (H, W, 3) or (H, W, 4)"
        )
    if array.shape[0] * array.shape[1] > MAX_PIXELS:
        raise ImageError(
            f"the array has {array.shape[1]} × {array.shape[0]} pixels; at most {MAX_PIXELS:,} are accepted"
        )
    if array.dtype.kind not in "buif":
        raise ImageError(f"an array of {array.dtype} is not an image: give bool, integers or floats")
    try:
        narrow = eight_bits(np.asarray(array))
    except ValueError as error:
        raise ImageError(f"the array {error}") from None
    if narrow.ndim == 2:
        return narrow.copy() if narrow is array or narrow.base is not None else narrow
    return _to_gray(Image.fromarray(np.ascontiguousarray(narrow)))


def memory_of(image: ImageLike) -> int:
    """Estimate the bytes that a source holds in memory."""
    if isinstance(image, np.ndarray):
        return image.nbytes
    if isinstance(image, Image.Image):
        return image.width * image.height * bytes_per_pixel(image.mode)
    return len(image) if isinstance(image, (bytes, bytearray, memoryview)) else 0
