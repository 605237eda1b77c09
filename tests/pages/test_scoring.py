"""F1 of found lines."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support import PROJECT

from gluon_htr.pages.scoring import Matches, covered, match, unmatched

pytest.importorskip("shapely")
SCRIPT = PROJECT.parent / "shared" / "data" / "pages-more" / "score_lines.py"


def box(left: float, top: float, right: float, bottom: float) -> tuple[np.ndarray, np.ndarray]:
    """A line as a box, with its baseline near the bottom."""
    low = bottom - (bottom - top) / 4
    polygon = np.array([(left, top), (right, top), (right, bottom), (left, bottom)], float)
    return polygon, np.array([(left, low), (right, low)], float)


ROWS = [box(100, y, 900, y + 60) for y in (100, 200, 300)]


def test_the_same_lines_are_found() -> None:
    """A perfect result would not have an F1 of 1."""
    matches = match(ROWS, ROWS[::-1])
    assert matches == Matches(3, 3, 3, 3)
    assert matches.f1 == matches.baseline_f1 == matches.precision == matches.recall == 1


def test_halves_of_lines_do_not_count() -> None:
    """A segmenter that cuts every line in two would be praised."""
    halves = [box(left, y, left + 400, y + 60) for y in (100, 200, 300) for left in (100, 500)]
    matches = match(ROWS, halves[:1])
    assert (matches.polygons, matches.baselines) == (1, 0)  # half of the area is an overlap of 0.5
    assert match(ROWS, [box(100, 100, 490, 160)]).polygons == 0


def test_a_line_is_matched_once() -> None:
    """Finding one line twice would hide that another is missed."""
    matches = match(ROWS, [ROWS[0], ROWS[0], ROWS[1]])
    assert matches == Matches(2, 2, 3, 3)
    assert unmatched(ROWS, [ROWS[0], ROWS[0], ROWS[1]])[0] == [2]


def test_parts_of_a_line_are_in_its_place() -> None:
    """What is read of a line found in two parts would count as too much where the line itself is not scored."""
    halves = [box(left, 200, left + 400, 262) for left in (100, 500)]
    assert covered(ROWS[1:2], [ROWS[0], *halves, ROWS[2]]) == {1, 2}
    assert covered([], ROWS) == set() == covered(ROWS, [])


def test_nothing_to_find() -> None:
    """A blank page on which nothing is found would be a failure."""
    assert match([], []).f1 == 1
    assert match([], ROWS).f1 == 0 == match(ROWS, []).f1


@pytest.mark.skipif(not SCRIPT.is_file(), reason="needs ../shared/data/pages-more/score_lines.py")
def test_scores_are_those_of_the_data_s_own_script(tmp_path: Path) -> None:
    """Figures could not be compared with those that others measure on the same pages."""
    rng = np.random.default_rng(3)
    truth, found = [], []
    for y in range(60, 1400, 90):
        line = box(80 + rng.integers(40), y, 900 - rng.integers(300), y + 70)
        truth.append(line)
        if rng.random() < 0.8:
            shift = rng.normal(0, 14, 2)
            found.append((line[0] + shift, line[1] + shift))
    for name, lines in (("truth", truth), ("found", found)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "page.xml").write_text(_page(lines))
    done = subprocess.run(
        [sys.executable, SCRIPT, tmp_path / "truth", tmp_path / "found"], capture_output=True, text=True, check=True
    )
    matches = match(truth, found)
    assert f"polygons {matches.f1:.3f}  by baselines {matches.baseline_f1:.3f}" in done.stdout


def _page(lines: list[tuple[np.ndarray, np.ndarray]]) -> str:
    """PAGE with these lines."""

    def points(array: np.ndarray) -> str:
        return " ".join(f"{x:.3f},{y:.3f}" for x, y in array)

    rows = "".join(
        f'<TextLine id="l{k}"><Coords points="{points(p)}"/><Baseline points="{points(b)}"/></TextLine>'
        for k, (p, b) in enumerate(lines)
    )
    space = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2013-07-15"
    return f'<PcGts xmlns="{space}"><Page><TextRegion id="r">{rows}</TextRegion></Page></PcGts>'
