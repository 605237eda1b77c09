"""What the detector makes of the lines that are found in the maps of its network."""

from __future__ import annotations

import numpy as np
import pytest
from dark_baselines import dark_is_a_baseline

pytest.importorskip("shapely")

from gluon_htr.pages.detection import detector as detection
from gluon_htr.pages.detection.lines import FoundLine
from gluon_htr.pages.scaling import framed
from gluon_htr.runtime.detector import Detector


def test_marks_beyond_the_edge_are_no_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network sees the page with a margin; a mark in it ended the reading of the page."""
    page = np.full((160, 512), 255, np.uint8)
    _, margin = framed(page, 64)

    def line(top: int) -> FoundLine:
        polygon = np.array([(-3, top), (400, top), (400, top + 20), (-3, top + 20)], float) + margin
        return FoundLine(polygon, np.array([(-3, top + 15), (400, top + 15)], float) + margin, 0.5)

    monkeypatch.setattr(detection, "find", lambda *arguments: [line(20), line(150), line(165)])
    reading = Detector(lambda images: np.zeros((1, 4, 48, 128), np.float32), "lines", 512, 64, "test")
    found = reading.find(page)
    assert [line.polygon[:, 1].max() for line in found] == [40, 160]
    assert found[0].polygon[:, 0].min() == 0


@pytest.mark.parametrize(("height", "looks"), [(400, 1), (512, 1), (1400, 2)])
def test_low_lines_are_looked_at_again_only_where_the_page_has_more_pixels(height: int, looks: int) -> None:
    """A page smaller than the network's size was looked at again at its own size, and the worse lines were taken."""
    seen: list[int] = []

    def network(images: np.ndarray) -> np.ndarray:
        seen.append(images.shape[1])
        return dark_is_a_baseline(images)

    page = np.full((height, 300), 240, np.uint8)
    for top in range(height // 10, height - height // 10, height // 16):
        page[top : top + height // 128, 20:280] = 10
    assert len(Detector(network, "lines", 512, 32, "test").find(page)) > 5
    assert len(seen) == looks
    assert seen == sorted(seen)
