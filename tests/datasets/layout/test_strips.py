"""Lines whose polygon is a mere strip along the baseline, as Transkribus exports some."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from drawn_pages import write_pages

from gluon_htr.datasets.layout.reader import LayoutReader


def heights(folder: Path) -> list[float]:
    (sample,) = LayoutReader(f"pages:{folder}?split=all")
    return [float(np.ptp(line.polygon[:, 1])) for line in sample.lines]


def with_height(folder: Path, line: int, height: float) -> None:
    """Let the polygon of a line reach so many pixels above and below its baseline."""
    (file,) = folder.glob("*.xml")
    before, start, rest = file.read_text().partition(f'id="l{line}"><Coords points="')
    points, end, after = rest.partition('"')
    corners = [tuple(map(float, point.split(","))) for point in points.split()]
    base = float(after.partition('<Baseline points="')[2].partition(",")[2].split()[0])
    middle = np.mean([y for _, y in corners])
    moved = " ".join(f"{x},{base + (height if y > middle else -height)}" for x, y in corners)
    file.write_text(before + start + moved + end + after)


def test_a_strip_becomes_as_high_as_the_other_lines(tmp_path: Path) -> None:
    """No segmenter could find it, and a network would learn that some bodies are flat."""
    folder = write_pages(tmp_path / "pages", 1, lines=6)
    before = heights(folder)
    with_height(folder, 2, 3.0)
    after = heights(folder)
    assert after == [*before[:2], after[2], *before[3:]]
    assert 0.8 * before[2] < after[2] < 1.2 * before[2]


def test_a_small_line_keeps_its_polygon(tmp_path: Path) -> None:
    """Insertions between the lines, and small print, are what they are."""
    folder = write_pages(tmp_path / "pages", 1, lines=6)
    before = heights(folder)
    with_height(folder, 2, 0.2 * before[2])
    assert np.isclose(heights(folder)[2], 0.4 * before[2])


def test_a_page_with_few_lines_far_apart_has_no_strips(tmp_path: Path) -> None:
    """Polygons became as high as the blank paper between them, on title pages and forms."""
    folder = write_pages(tmp_path / "pages", 1, lines=4)
    (file,) = folder.glob("*.xml")
    content = file.read_text()
    for number in (1, 2):  # of four lines two are left, far apart
        above, _, rest = content.partition(f'<TextLine id="l{number}"')
        content = above + rest.partition("</TextLine>")[2]
    before = heights(folder)
    file.write_text(content)
    assert np.allclose(heights(folder), [before[0], before[3]])
