"""Lines in the maps of a network: the targets that are drawn for training must be found again."""

from __future__ import annotations

import numpy as np
import pytest

from gluon_htr.pages.detection.classes import CLASSES, Classes
from gluon_htr.pages.detection.detector import find
from gluon_htr.pages.scoring import match
from gluon_htr.training.layout.targets import draw_targets

pytest.importorskip("shapely")
SIDE = 400  # pixels of a page; a map has half of them
Place = tuple[np.ndarray, np.ndarray]


def line(left: float, right: float, base: float, slope: float = 0.0, wave: float = 0.0) -> Place:
    """A line of 26 pixels' height, with its baseline."""
    x = np.linspace(left, right, 12)
    baseline = np.stack([x, base + slope * (x - left) + wave * np.sin(x / 60)], axis=1)
    return np.concatenate([baseline - np.array([0, 20]), baseline[::-1] + np.array([0, 6])]), baseline


def found_in(places: list[Place], classes: Classes, noise: float = 0.1) -> list[Place]:
    """Lines that are found in a map of `places`, as sure as a network is."""
    target = draw_targets([(p / 2, b / 2) for p, b in places], SIDE // 2, SIDE // 2, classes)
    count = len(CLASSES[classes])
    maps = np.eye(count)[target].transpose(2, 0, 1) * (1 - noise) + noise / count
    return [(f.polygon, f.baseline) for f in find(maps, classes, (2.0, 2.0))]


@pytest.mark.parametrize("classes", ["lines", "odd-even"])
@pytest.mark.parametrize(
    "places",
    [
        [line(40, 350, y) for y in (60, 110, 160, 210)],
        [line(40, 350, y, slope=0.06) for y in (60, 110, 160)],
        [line(40, 350, y, wave=4) for y in (60, 110, 160)],
    ],
    ids=["level", "sloping", "curved"],
)
def test_drawn_lines_are_found(places: list[Place], classes: Classes) -> None:
    """Every page would lose lines, however good the network is."""
    matches = match(places, found_in(places, classes))
    assert (matches.polygons, matches.baselines, matches.found) == (len(places),) * 3


def test_overlapping_lines_stay_apart() -> None:
    """Lines of a dense page, whose letters touch, would be read as one."""
    places = [line(40, 350, y) for y in range(60, 300, 20)]  # polygons of 26 pixels
    assert match(places, found_in(places, "lines")).baselines == len(places)


def test_cells_of_a_row_stay_apart() -> None:
    """The cells of a register would be read as one line."""
    places = [line(left, left + 80, y) for y in (60, 110, 160) for left in (30, 122, 214)]
    assert match(places, found_in(places, "lines")).polygons == len(places)


def test_a_part_of_a_line_is_not_a_line_of_its_own() -> None:
    """The bows of letters would be read again as words; a word between two lines must stay."""
    inserted = line(150, 210, 88)
    places = [line(40, 350, 60), line(40, 350, 130), inserted]
    target = draw_targets([(p / 2, b / 2) for p, b in places], SIDE // 2, SIDE // 2, "lines")
    target[57:59, 100:130] = CLASSES["lines"].index("baseline")  # through the middle of the second line's letters
    maps = np.eye(4)[target].transpose(2, 0, 1) * 0.9 + 0.025
    found = [(f.polygon, f.baseline) for f in find(maps, "lines", (2.0, 2.0))]
    assert len(found) == 3
    assert match([inserted], found).baselines == 1


def test_a_blank_page_has_no_lines() -> None:
    """A blank page would be an error."""
    assert found_in([], "lines") == [] == found_in([], "odd-even")


def test_confidence_falls_with_doubt() -> None:
    """Nobody could tell specks from lines."""
    places = [line(40, 350, 60)]
    target = draw_targets([(p / 2, b / 2) for p, b in places], SIDE // 2, SIDE // 2, "lines")
    sure, unsure = (
        find(np.eye(4)[target].transpose(2, 0, 1) * (1 - n) + n / 4, "lines", (2.0, 2.0))[0].confidence
        for n in (0.1, 0.6)
    )
    assert sure > unsure > 0.3
