"""What the detector makes of the lines that are found in the maps of its network."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("shapely")

from gluon_htr.pages.detection.lines import FoundLine
from gluon_htr.runtime import detector


def test_marks_beyond_the_edge_are_no_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network sees the page with a margin; a mark in it ended the reading of the page."""

    def line(top: int) -> FoundLine:
        polygon = np.array([(-3, top), (400, top), (400, top + 20), (-3, top + 20)], float)
        return FoundLine(polygon, np.array([(-3, top + 15), (400, top + 15)], float), 0.5)

    monkeypatch.setattr(detector, "find", lambda *arguments: [line(20), line(150), line(165)])
    reading = detector.Detector(lambda images: np.zeros((1, 4, 48, 128), np.float32), "lines", 512, 64, "test")
    found = reading.find(np.full((160, 512), 255, np.uint8))
    assert [line.polygon[:, 1].max() for line in found] == [40, 160]
    assert found[0].polygon[:, 0].min() == 0
