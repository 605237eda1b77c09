"""A picture of lines with their reference and two readings, in which wrong characters are red."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from rapidfuzz.distance import Levenshtein

from ..text.direction import reordered_characters

WIDTH, HEIGHT, MARGIN = 1400, 64, 16  # pixels: of the picture, of an image of a line, around it
SIZE, STEP = 20, 27  # pixels of text, and from one row of text to the next
MAX_CHARACTERS = 300  # of a text; the rest is left out
INK, WRONG, GRAY = (20, 20, 20), (210, 20, 20), (120, 120, 120)
MISSING = "_"  # stands in red where a character is missing
#: For what Pillow's own font lacks, where the system has them.
FONTS = (
    "DejaVuSans.ttf", "NotoSans-Regular.ttf", "NotoSansCJK-Regular.ttc", "NotoSansHebrew-Regular.ttf",
    "NotoNaskhArabic-Regular.ttf", "wqy-microhei.ttc", "Arial Unicode.ttf", "arial.ttf", "msyh.ttc",
)  # fmt: skip

Marked = list[tuple[str, bool]]  # characters, and which are wrong


@dataclass(frozen=True)
class Line:
    """A sample and what was read in it. image: (H, W) uint8, or None if it cannot be drawn."""

    id: str
    image: np.ndarray | None
    truth: str
    a: str
    b: str


def draw(lines: Sequence[Line]) -> bytes:
    """Draw lines below each other: the bytes of a PNG."""
    images = [_scaled(line.image) for line in lines]
    height = MARGIN + sum(image.height + 4 * STEP + 2 * MARGIN for image in images)
    picture = Image.new("RGB", (WIDTH, height), "white")
    canvas = ImageDraw.Draw(picture)
    top = MARGIN
    for line, image in zip(lines, images):
        picture.paste(image, (MARGIN, top))
        top += image.height + 4
        rows = [("", [(c, False) for c in line.id]), ("=", [(c, False) for c in line.truth])]
        rows += [("A", marked(line.truth, line.a)), ("B", marked(line.truth, line.b))]
        for name, characters in rows:
            _write(canvas, (MARGIN, top), name, characters)
            top += STEP
        top += 2 * MARGIN - 4
        canvas.line([(0, top - MARGIN), (WIDTH, top - MARGIN)], fill=(220, 220, 220))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def marked(truth: str, text: str) -> Marked:
    """Mark the characters of a reading that are not in the reference, and where some are missing."""
    found: Marked = [(character, False) for character in text]
    for edit in reversed(list(Levenshtein.editops(truth, text))):
        if edit.tag == "delete":
            found.insert(edit.dest_pos, (MISSING, True))
        else:
            found[edit.dest_pos] = (text[edit.dest_pos], True)
    return found


def _scaled(pixels: np.ndarray | None) -> Image.Image:
    if pixels is None or not pixels.size:
        return Image.new("RGB", (WIDTH - 2 * MARGIN, 1), "white")
    scale = min(HEIGHT / pixels.shape[0], (WIDTH - 2 * MARGIN) / pixels.shape[1])
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    return Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR).convert("RGB")


def _write(canvas: ImageDraw.ImageDraw, place: tuple[int, int], name: str, characters: Marked) -> None:
    """Write a row in visual order. Characters that no font has are written by their numbers."""
    left, top = place
    canvas.text(place, name, fill=GRAY, font=_fonts()[0])
    x = float(left + 28)
    shown = characters[:MAX_CHARACTERS]
    for k, character in reordered_characters("".join(character for character, _ in shown)):
        font = font_of(character)
        text = character if font else f"\\u{ord(character):04x}"
        font = font or _fonts()[0]
        color = WRONG if shown[k][1] else INK if name else GRAY
        if character == " " and shown[k][1]:
            text = "\u00b7"  # a wrong space would not be seen
        if x > WIDTH - MARGIN:
            return
        canvas.text((x, top + SIZE), text, fill=color, font=font, anchor="ls")
        x += font.getlength(text)


@lru_cache(1)
def _fonts() -> list[ImageFont.FreeTypeFont]:
    found = [ImageFont.load_default(SIZE)]
    for name in FONTS:
        try:
            found.append(ImageFont.truetype(name, SIZE))
        except OSError:
            continue
    return [font for font in found if isinstance(font, ImageFont.FreeTypeFont)]


@lru_cache(None)
def font_of(character: str) -> ImageFont.FreeTypeFont | None:
    """Return the first font that has a character: it leaves other ink than one that no font has."""
    if character.isspace():
        return _fonts()[0]
    for font in _fonts():
        own, none = font.getmask(character), font.getmask("\uffff")
        if own.getbbox() and (own.size, bytes(own)) != (none.size, bytes(none)):
            return font
    return None
