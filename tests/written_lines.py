"""A small set of drawn lines without a fault, in which tests plant some."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

WRITERS = 6
LETTERS = "etaoinshrdlu"


@dataclass
class Line:
    """A line of a list. image: (H, W) uint8. content: the bytes of the file, where it is no image."""

    image: np.ndarray
    text: str
    group: str
    name: str
    content: bytes | None = None
    missing: bool = False


@cache
def _drawn(text: str) -> np.ndarray:
    font = ImageFont.load_default(38)
    left, top, right, bottom = font.getbbox(text)
    image = Image.new("L", (int(right - left) + 16, int(bottom - top) + 14), 235)
    ImageDraw.Draw(image).text((8 - left, 7 - top), text, fill=40, font=font)
    return np.asarray(image)


def draw_line(text: str) -> np.ndarray:
    """Draw a line on paper, dark on light, (H, W) uint8."""
    return _drawn(text).copy()


def lines(count: int = 60, seed: int = 0) -> list[Line]:
    """Draw lines of different lengths by several writers; no two are alike."""
    random = np.random.default_rng(seed)
    found = []
    for number in range(count):
        words = ["".join(random.choice(list(LETTERS), random.integers(2, 8))) for _ in range(random.integers(1, 6))]
        text = " ".join([*words, LETTERS])
        found.append(Line(draw_line(text), text, f"writer{number % WRITERS}", f"{seed or ''}{number:03}.png"))
    return found


def write_list(folder: Path, written: list[Line], name: str = "labels.tsv", grouped: bool = True) -> Path:
    """Write images and their list; return the path of the list."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = ["path\ttext" + "\tgroup" * grouped]
    for line in written:
        if line.missing:
            pass
        elif line.content is not None:
            (folder / line.name).write_bytes(line.content)
        else:
            Image.fromarray(line.image).save(folder / line.name)
        rows.append(f"{line.name}\t{line.text}" + f"\t{line.group}" * grouped)
    (folder / name).write_text("\n".join([*rows, ""]), "utf-8")
    return folder / name
