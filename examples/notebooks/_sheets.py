"""Pictures for the notebooks: a sheet of images with captions, shown in Jupyter and written to pictures/ elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

PROJECT = Path(__file__).resolve().parents[2]

#: Folder of the data sets; `DATA=/elsewhere` in the environment names another one.
DATA = Path(os.environ.get("DATA", PROJECT / "data"))

FONT = ImageFont.load_default(15)
GAP = 10


def sheet(images: Sequence[np.ndarray | Image.Image], captions: Sequence[str], columns: int = 1) -> Image.Image:
    """Put images side by side in rows, each above its caption, scaled down where they are wider than their column."""
    width = 1000 // columns - GAP
    pictures = [
        ImageOps.contain(Image.fromarray(np.asarray(i)), (min(width, i.shape[1]), 10_000))
        if isinstance(i, np.ndarray)
        else ImageOps.contain(i, (min(width, i.width), 10_000))
        for i in images
    ]
    rows = [range(start, min(start + columns, len(pictures))) for start in range(0, len(pictures), columns)]
    heights = [max(pictures[k].height for k in row) + 24 for row in rows]
    paper = Image.new("RGB", (1000, sum(heights) + GAP * (len(rows) + 1)), "white")
    pen = ImageDraw.Draw(paper)
    top = GAP
    for row, height in zip(rows, heights):
        for column, k in enumerate(row):
            left = GAP // 2 + column * 1000 // columns
            paper.paste(pictures[k].convert("RGB"), (left, top))
            pen.text((left, top + pictures[k].height + 3), captions[k], "#1d4f8f", FONT)
        top += height + GAP
    return paper


def show(picture: Image.Image, name: str) -> None:
    """Display a picture in Jupyter; elsewhere, write it to pictures/NAME.png."""
    if "ipykernel" in sys.modules:
        from IPython.display import display

        display(picture)
    else:
        Path("pictures").mkdir(exist_ok=True)
        picture.save(f"pictures/{name}.png")
        print(f"pictures/{name}.png")
