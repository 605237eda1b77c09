"""Orientation and resolution of a picture, wherever its file stores them: pixels upright and square.

Orientation (EXIF 2.32, tag 274) stands in EXIF data, in a TIFF's own tags, in XMP, and in the text chunks of a PNG that
ImageMagick writes ("Raw profile type exif"), before or behind the pixels. Faxes have pixels that are twice as high as
they are wide; the resolutions in the file tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import ExifTags, Image, ImageFilter

from .cost import MAX_PIXELS, is_exif_bomb, png_chunks

MIN_RATIO, MAX_RATIO = 1.2, 4.5  # of the two resolutions: less is rounding, more is nonsense
_EXIF = b"Exif\0\0"
_XMP = re.compile(rb"""tiff:Orientation\s*(?:=\s*["']|>\s*)([1-8])""")
_PROFILES = (
    "exif", "Raw profile type exif", "Raw profile type APP1", "Raw profile type xmp", "XML:com.adobe.xmp", "xmp",
)  # fmt: skip
_TEXT_CHUNKS = {b"eXIf", b"tEXt", b"zTXt", b"iTXt"}
#: Orientation → quarter turns counterclockwise, then whether it is mirrored from left to right.
_TURNS = {2: (0, True), 3: (2, False), 4: (2, True), 5: (3, True), 6: (3, False), 7: (1, True), 8: (1, False)}


def is_turned_by_pillow(image: Image.Image) -> bool:
    """Test whether Pillow exchanges the sides of a picture when it loads it, as it does for TIFF. Ask before that."""
    return _tag(image, ExifTags.Base.Orientation) in range(5, 9)


def upright(gray: np.ndarray, image: Image.Image, is_turned: bool) -> np.ndarray:
    """Return the gray pixels (H, W) of a picture, which is loaded, upright and square.

    is_turned: by Pillow, so that resolutions across and down are exchanged.
    """
    height, width = gray.shape
    size = _square((height, width), image)[::-1] if is_turned else _square((width, height), image)
    if size != (width, height):
        stored = Image.fromarray(gray)
        squared = stored.resize(size, Image.Resampling.BILINEAR)
        if sum(map(bool, stored.histogram())) <= 2:  # black and white: the steps of its pixels are no strokes
            squared = squared.filter(ImageFilter.GaussianBlur(max(size[0] / width, size[1] / height)))
        gray = np.asarray(squared)
    turns, is_mirrored = _TURNS.get(orientation(image), (0, False))
    if turns:
        gray = np.rot90(gray, turns)
    return np.ascontiguousarray(gray[:, ::-1] if is_mirrored else gray)


def upright_size(image: Image.Image, blob: bytes = b"") -> tuple[int, int]:
    """Return width and height that a picture, which is not loaded, will have once it is decoded. blob: its file."""
    if image.format == "PNG" and any(chunk.name in _TEXT_CHUNKS for chunk in png_chunks(blob)):
        image.load()  # such chunks may stand behind the pixels
    stored = _tag(image, 256), _tag(image, 257)  # Pillow exchanges the sides of a TIFF that lies on its side
    width, height = _square(stored if all(stored) else image.size, image)
    return (height, width) if orientation(image) >= 5 else (width, height)


def orientation(image: Image.Image) -> int:
    """Return the orientation of a picture, 1 to 8; 1 is upright. A PNG must be loaded."""
    if image.format == "PNG" and not any(name in image.info for name in _PROFILES):
        return 1  # the search for EXIF data costs as much as a small PNG
    profiles = list(_profiles(image))
    if any(is_exif_bomb(content) for content in profiles):
        return 1
    try:
        found = image.getexif().get(ExifTags.Base.Orientation, 0)
    except Exception:  # odd metadata are no reason not to read
        found = 0
    if found not in range(1, 9):
        found = _in_profiles(profiles)
    return int(found)


def _profiles(image: Image.Image) -> Iterator[bytes]:
    """Yield the profiles of a picture that may hold its orientation."""
    for name in _PROFILES:
        if value := image.info.get(name):
            content = value.encode("utf-8", "replace") if isinstance(value, str) else bytes(value)
            yield _unhexed(content) if name.startswith("Raw profile") else content


def _in_profiles(profiles: Sequence[bytes]) -> int:
    """Return the orientation in profiles that Pillow does not look into, 1 if there is none."""
    for content in profiles:
        if match := _XMP.search(content):
            return int(match[1])
        if content.startswith((_EXIF, b"II", b"MM")):
            exif = Image.Exif()
            try:
                exif.load(content)
                found = exif.get(ExifTags.Base.Orientation, 0)
            except Exception:
                continue
            if found in range(1, 9):
                return int(found)
    return 1


def _unhexed(profile: bytes) -> bytes:
    """Decode a profile as ImageMagick writes it: a name, a length, and hexadecimal digits in lines."""
    lines = profile.split(b"\n")
    try:
        return bytes.fromhex(b"".join(lines[3:]).decode("ascii"))
    except ValueError:
        return b""


def _square(size: tuple[int, int], image: Image.Image) -> tuple[int, int]:
    """Return width and height, as they are stored, with square pixels: the side of the lower resolution is enlarged."""
    across, down = _resolution(image)
    width, height = size
    if down * MIN_RATIO <= across <= down * MAX_RATIO:
        height = round(height * across / down)
    elif across * MIN_RATIO <= down <= across * MAX_RATIO:
        width = round(width * down / across)
    return (width, height) if width * height <= MAX_PIXELS else size


def _tag(image: Image.Image, tag: int) -> int:
    """Return the value of a tag of a TIFF, 0 without one."""
    value = getattr(image, "tag_v2", {}).get(tag, 0)
    return value if isinstance(value, int) else 0


def _resolution(image: Image.Image) -> tuple[float, float]:
    """Return pixels per unit of length across and down; equal ones if the file does not tell."""
    for name in ("dpi", "aspect", "jfif_density", "resolution"):
        value = image.info.get(name)
        try:
            across, down = (float(side) for side in value)  # type: ignore[union-attr]
        except (TypeError, ValueError, ZeroDivisionError):
            continue
        if 0 < across < 1e6 and 0 < down < 1e6:
            return across, down
    return 1.0, 1.0
