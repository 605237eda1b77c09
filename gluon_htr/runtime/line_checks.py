"""Warnings of pictures that are not one upright line: several lines, a page, or a line that is turned.

A network reads something in any of these, with low confidence. It reads the parts, or the turned picture, with more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from PIL import Image

from ..images.preprocessing import Preprocessing, fit
from ..images.text_bands import text_bands

PictureWarning = Literal["several-lines", "page", "upside-down", "sideways"]

SURE = 0.8  # mean confidence of characters above which a line is not read turned …
SURE_OF_LINE = 0.98  # … nor in parts: a good network reads the first of two lines with 0.97, and overlooks the other
BETTER = 1.15  # times the mean confidence of the picture as it is: parts, or a turned picture, must have more …
DOUBT = 0.4  # … or at most this share of what is missing to certainty
MIN_CONFIDENCE = 0.6  # mean of the characters of parts, or of a turned picture
MIN_TURNED_TEXT = 5  # characters: short texts may be as readable upside down
MIN_PART_TEXT = 3  # characters of a second line
MAX_PARTS = 4
MAX_RATIO = 45  # width of a line by its height: lower parts are rules, or pieces of a line
KEPT = 8  # heights of the network: a picture is kept at no more pixels across its shorter side than twice these
TALL = 1.2  # height by width: a lower picture does not show a line that stands upright
PAGE_HEIGHT, PAGE_RATIO = 500, 0.5  # pixels, and of its width: an image that is higher is a page rather than a line

ADVICE: dict[PictureWarning, str] = {
    "several-lines": "shows several lines of text, and was read as one",
    "page": "looks like a page, and was read as one line",
    "upside-down": "looks upside down",
    "sideways": "looks turned by a quarter",
}


@dataclass(frozen=True)
class Certainty:
    """How surely a text was read: mean confidence of its characters, and how many there are."""

    confidence: float
    length: int


#: Reads images (H, W') uint8 that are preprocessed.
Reader = Callable[[list[np.ndarray]], list[Certainty]]


@dataclass(frozen=True)
class Checked:
    """A picture that may have to be read otherwise.

    pixels: preprocessed (H, W'). line: (H, W) gray, reduced if it is large; None if it looks like a single line. parts:
    rows of the line.
    """

    pixels: np.ndarray
    line: np.ndarray | None = None
    parts: tuple[slice, ...] = ()
    is_page_like: bool = False


def prepare(line: np.ndarray, pixels: np.ndarray) -> Checked:
    """Keep what a check needs of a line (H, W) and its preprocessed pixels; the line itself only where it may help."""
    height, width = line.shape
    bands = text_bands(pixels)
    is_page_like = height >= PAGE_HEIGHT and height > PAGE_RATIO * width
    if len(bands) < 2 and height <= TALL * width and not is_page_like:
        return Checked(pixels)
    step = max(1, min(line.shape) // (KEPT * len(pixels)))
    kept = np.asarray(Image.fromarray(line).reduce(step)) if step > 1 else line.copy()  # not the whole photograph
    middles = [(above[1] + below[0]) / 2 / len(pixels) for above, below in pairwise(bands)]
    rows = [0, *(round(middle * len(kept)) for middle in middles), len(kept)]
    parts = tuple(slice(*ends) for ends in pairwise(rows)) if middles else ()
    return Checked(pixels, kept, parts[:MAX_PARTS], is_page_like)


def warnings(
    checked: Checked, read: Certainty, preprocessing: Preprocessing, reader: Reader
) -> tuple[PictureWarning, ...]:
    """Return the warnings of a picture that was read."""
    line, may_be_lines = checked.line, read.confidence < SURE_OF_LINE
    if (
        line is not None
        and checked.parts
        and may_be_lines
        and _has_lines(line, checked.parts, read, preprocessing, reader)
    ):
        return ("several-lines",)
    if read.confidence >= SURE:
        return ()
    candidates: list[tuple[PictureWarning, np.ndarray]] = [("upside-down", np.rot90(checked.pixels, 2))]
    if line is not None and line.shape[0] > TALL * line.shape[1]:
        candidates += [("sideways", fit(np.rot90(line, turns), preprocessing)) for turns in (1, 3)]
    others = [(reader([pixels])[0], warning) for warning, pixels in candidates]
    best, warning = max(others, key=lambda other: other[0].confidence)
    if best.length >= MIN_TURNED_TEXT and _is_better(best.confidence, read):
        return (warning,)
    return ("page",) if checked.is_page_like else ()


def _has_lines(
    line: np.ndarray, parts: tuple[slice, ...], read: Certainty, preprocessing: Preprocessing, reader: Reader
) -> bool:
    """Test whether the parts of a picture are read more surely than the whole."""
    lines, level = [], int(np.median(line))
    likely = [rows for rows in parts if line.shape[1] <= MAX_RATIO * (rows.stop - rows.start)]
    for rows in sorted(likely, key=lambda rows: -_ink(line[rows], level)):
        lines.append(reader([fit(line[rows], preprocessing)])[0])
        if lines[0].confidence < read.confidence:  # the part with most ink is no line of its own
            return False
    lengths = sorted((part.length for part in lines), reverse=True)
    if len(lengths) < 2 or lengths[1] < MIN_PART_TEXT:
        return False
    mean = sum(part.confidence * part.length for part in lines) / sum(lengths)
    return _is_better(mean, read)


def _ink(pixels: np.ndarray, level: int) -> int:
    return int(np.clip(level - pixels.astype(np.int16), 0, None).sum())


def _is_better(confidence: float, read: Certainty) -> bool:
    is_surer = confidence > BETTER * read.confidence or 1 - confidence < DOUBT * (1 - read.confidence)
    return is_surer and confidence > MIN_CONFIDENCE
