"""Pages in memory, for training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from drawn_pages import draw_page, write_pages

pytest.importorskip("shapely")
from gluon_htr.pages.scaling import FINE
from gluon_htr.training.layout.pages import SPARE, PageStore, load_pages


def height(store: PageStore) -> float:
    """Median height of the lines of the first page, in pixels."""
    return float(np.median([np.ptp(polygon[:, 1]) for polygon, _ in store.lines[0]]))


def test_low_lines_are_as_large_as_reading_makes_them(tmp_path: Path) -> None:
    """The network would be asked about cells of registers at a size that it has never seen."""
    spec = f"pages:{write_pages(tmp_path / 'pages', 1, lines=6)}"
    side = max(draw_page(6, 0)[0].size)
    whole = load_pages([spec], side)
    low = round(side * 15 / height(whole))  # lines of 15 pixels
    enlarged = load_pages([spec], low, spare=SPARE)
    assert height(enlarged) == pytest.approx(SPARE * FINE, rel=0.1)
    assert height(enlarged.shrunk(low)) == pytest.approx(FINE, rel=0.1)
    tiny = load_pages([spec], low // 3)
    assert tiny.enlargements[0] == pytest.approx(2.3)  # and no more
    large = load_pages([spec], round(side * 40 / height(whole)))
    assert large.enlargements[0] == 1
