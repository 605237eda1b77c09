"""Pages drawn with Pillow's font, with their PAGE files: stand-ins for scans in tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

TEXTS = ("the letters of a long journey", "Read it aloud, he said.", "a house by the sea, in 1914", "and nobody came")
SPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"


def draw_page(lines: int, seed: int, size: int = 30) -> tuple[Image.Image, str]:
    """Draw a page of that many lines; return it with the content of its PAGE file. size: of the font, in pixels."""
    random = np.random.default_rng(seed)
    font = ImageFont.load_default(size)
    page = Image.new("L", (22 * size, (2 * lines + 3) * size), int(random.integers(225, 250)))
    draw, rows = ImageDraw.Draw(page), []
    for number in range(lines):
        text = TEXTS[(seed + number) % len(TEXTS)]
        left, base = int(random.integers(size, 4 * size)), (2 * number + 3) * size
        draw.text((left, base), text, fill=int(random.integers(10, 70)), font=font, anchor="ls")
        right = left + font.getlength(text)
        top, bottom = base - 0.9 * size, base + 0.35 * size
        box = f"{left},{top} {right},{top} {right},{bottom} {left},{bottom}"
        rows.append(
            f'<TextLine id="l{number}"><Coords points="{box}"/><Baseline points="{left},{base} {right},{base}"/>'
            f"<TextEquiv><Unicode>{text}</Unicode></TextEquiv></TextLine>"
        )
    return page, _content(page, "".join(rows))


def write_pages(folder: Path, count: int, lines: int = 5, seed: int = 0) -> Path:
    """Write that many pages as `page-NN.png` with `page-NN.xml`; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        page, content = draw_page(lines, seed + number)
        page.save(folder / f"page-{number:02}.png")
        (folder / f"page-{number:02}.xml").write_text(
            content.replace('imageFilename=""', f'imageFilename="page-{number:02}.png"'), "utf-8"
        )
    return folder


def _content(page: Image.Image, rows: str) -> str:
    sizes = f'imageWidth="{page.width}" imageHeight="{page.height}"'
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><PcGts xmlns="{SPACE}"><Page imageFilename="" {sizes}>'
        f'<TextRegion id="r">{rows}</TextRegion></Page></PcGts>'
    )
