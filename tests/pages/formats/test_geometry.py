"""Where text runs: directions and places."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from example_pages import HEBREW, line, page, turned
from hypothesis import given
from strategies import pages

from gluon_htr.pages.document import Page
from gluon_htr.pages.formats.geometry import direction, place, quarter_turns


@pytest.mark.parametrize("orientation", [0, 90, 180, 270])
def test_a_right_to_left_baseline_may_begin_at_either_end(orientation: int) -> None:
    """Hebrew from tools that draw baselines from the left would be upside down."""
    of = turned(page(HEBREW[0], backwards=True), orientation)
    right = of.lines[0]
    left = msgspec.structs.replace(right, baseline=right.baseline[::-1])
    assert direction(left, of).tolist() == pytest.approx(direction(right, of).tolist())
    assert quarter_turns(left, of) == quarter_turns(right, of) == orientation // 90


def test_a_vertical_note_on_an_upright_page_runs_along_its_baseline() -> None:
    """A note in the margin, written upwards, would be laid across the page."""
    note = msgspec.structs.replace(line("n", "note", 200), baseline=((50.0, 900.0), (50.0, 500.0)))
    assert quarter_turns(note, page("text")) == 1


def test_a_word_follows_a_curved_baseline() -> None:
    """Words at the end of a sagging line would be searched below it."""
    of = page("first second")
    curved = msgspec.structs.replace(of.lines[0], baseline=((100.0, 200.0), (230.0, 200.0), (364.0, 240.0)))
    first, second = (place(word.polygon, curved, of) for word in curved.words)
    assert first.start[1] < second.start[1] < second.end[1]


@given(pages())
def test_every_place_has_a_size(of: Page) -> None:
    """A PDF would have a matrix without an inverse, which some viewers refuse."""
    for each in of.lines:
        found = place(each.polygon, each, of)
        assert np.isfinite([*found.start, *found.end, found.height]).all()
        assert np.hypot(*(found.end - found.start)) > 0
        assert found.height > 0
