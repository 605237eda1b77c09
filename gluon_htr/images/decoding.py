"""Decoding of any image to (H, W) uint8 gray, 0 = black ink, 255 = paper.

Pillow alone does the work. Transparent pixels become paper, 16 bits become 8, EXIF orientation is applied, and images
of more than `MAX_PIXELS` are rejected before they are decoded.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from typing import Union

import numpy as np
from PIL import Image, ImageOps

from ..errors import ImageError

MAX_PIXELS = 178_956_970  # Pillow's own limit; a page of A2 at 600 dpi has 140 million
SUBFILE_TYPE, NO_PAGE = 254, 1 | 4  # a TIFF tag and its bits for smaller copies and for masks (TIFF 6.0, section 8)
#: File name extensions that scanners, cameras and archives write; `decode` itself looks at contents only.
SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".gif", ".jp2", ".pbm", ".pgm", ".ppm", ".pnm")
ImageLike = Union[str, "os.PathLike[str]", bytes, np.ndarray, Image.Image]


def decode(source: ImageLike) -> np.ndarray:
    """Decode an image to a new gray array (H, W) uint8.

    source: a path, an encoded file as bytes, an array ((H, W), (H, W, 1|3|4); uint8, uint16, bool or float in 0..1) or
    a Pillow image. Raises `ImageError`, which names the file, if it is empty, broken, too large or not an image. Pillow
    may warn about odd metadata; commands hide that.
    """
    if isinstance(source, np.ndarray):
        return _from_array(source)
    if isinstance(source, Image.Image):
        return _from_pillow(source, "image")
    name = "image" if isinstance(source, bytes) else os.fspath(source)
    blob = source if isinstance(source, bytes) else contents(name)
    if not blob:
        raise ImageError(f"{name} is empty")
    try:
        with Image.open(io.BytesIO(blob)) as image:
            if image.format == "TIFF" and _has_pages(blob):
                raise ImageError(f"{name} has more than one page: save each page as its own image")
            return _from_pillow(image, name)
    except ImageError:
        raise
    except Image.UnidentifiedImageError:
        raise ImageError(f"{name} is not an image that can be read (PNG, JPEG, TIFF, WebP, BMP, …)") from None
    except Image.DecompressionBombError:
        raise ImageError(f"{name} has too many pixels; at most {MAX_PIXELS:,} are accepted: scale it down") from None
    except Exception as error:  # decoders raise whatever they like: struct.error, SyntaxError, OSError, ValueError …
        raise _broken(name, error) from None


@dataclass(frozen=True)
class Encoded:
    """An image that is decoded when called: a path, or a file's bytes. Can be pickled."""

    source: str | bytes

    def __call__(self) -> np.ndarray:
        return decode(self.source)


def _broken(name: str, error: Exception) -> ImageError:
    return ImageError(f"{name} is broken: {' '.join(str(error).split())[:120] or type(error).__name__}")


def _has_pages(blob: bytes) -> bool:
    """Test whether the second image of a TIFF is another page, not a smaller copy of the first (thumbnail, pyramid) or
    its mask.
    """
    with Image.open(io.BytesIO(blob)) as image:
        try:
            image.seek(1)
            return not image.getexif().get(SUBFILE_TYPE, 0) & NO_PAGE
        except Exception:  # there is none, or it is broken: only the first one can be read
            return False


def contents(path: str) -> bytes:
    """Read a file. Raises `ImageError` if it is a folder or cannot be read."""
    if os.path.isdir(path):
        raise ImageError(f"{path} is a folder: name its images, such as {os.path.join(path, '*.png')}")
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise ImageError(f"{path} cannot be read: {error.strerror}") from None


def _from_pillow(image: Image.Image, name: str) -> np.ndarray:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ImageError(f"{name} has {width} × {height} pixels; at most {MAX_PIXELS:,} are accepted: scale it down")
    if width == 0 or height == 0:
        raise ImageError(f"{name} has no pixels")
    try:
        if image.format != "PNG" or "exif" in image.info:  # the search for EXIF data costs as much as a small PNG
            image = ImageOps.exif_transpose(image)
        return _to_gray(image)
    except MemoryError:
        raise ImageError(f"{name} does not fit into memory: scale it down") from None
    except Exception as error:  # a Pillow image may be lazy, and fail only now
        raise _broken(name, error) from None


def _to_gray(image: Image.Image) -> np.ndarray:
    if image.mode == "L" and "transparency" not in image.info:
        return np.array(image)
    if image.mode == "F" or image.mode.startswith("I"):
        return _eight_bits(np.asarray(image).astype(np.float64))
    if image.mode in {"LA", "La", "PA", "RGBA", "RGBa"} or "transparency" in image.info:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(paper, image)
    return np.array(image.convert("RGB").convert("L") if image.mode not in {"L", "1"} else image.convert("L"))


def _eight_bits(values: np.ndarray) -> np.ndarray:
    """Convert wide samples to 8 bits: 0..1 times 255; values above 255 were 16-bit, where 65,535 is white."""
    values = np.nan_to_num(values)
    if values.max(initial=0) <= 1.0 and values.dtype.kind == "f" and np.any(values % 1):
        values = values * 255
    elif values.max(initial=0) > 255:
        values = values / 257
    return np.clip(np.round(values), 0, 255).astype(np.uint8)


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
    if array.dtype == bool:
        array = array.astype(np.uint8) * 255
    elif array.dtype == np.uint16:
        array = np.round(array / 257).astype(np.uint8)
    elif array.dtype.kind == "f":
        array = np.clip(np.round(np.nan_to_num(array) * 255), 0, 255).astype(np.uint8)
    elif array.dtype != np.uint8:
        raise ImageError(f"an array of {array.dtype} is not an image: give uint8, uint16, bool or float in 0..1")
    if array.ndim == 2:
        return array.copy()
    return _to_gray(Image.fromarray(np.ascontiguousarray(array)))
