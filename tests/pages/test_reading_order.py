"""Regions and reading order."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gluon_htr.pages.reading_order import ordered_groups


def rows(left: int, right: int, tops: range) -> list[tuple[int, int, int, int]]:
    """Lines of 40 pixels' height."""
    return [(left, top, right, top + 40) for top in tops]


def order(boxes: list[tuple[int, int, int, int]]) -> list[int]:
    """Indices of the lines in reading order."""
    return [k for group in ordered_groups(np.array(boxes, float)) for k in group.lines]


def test_a_letter_is_read_from_top_to_bottom() -> None:
    """The lines of a page would come in the order in which they were found."""
    assert order(rows(100, 900, range(100, 900, 60))[::-1]) == list(range(14))[::-1]


def test_columns_are_read_one_after_the_other() -> None:
    """Lines of two columns would alternate."""
    left, right = rows(100, 450, range(200, 800, 60)), rows(550, 900, range(200, 800, 60))
    assert order(left + right) == list(range(20))
    assert order(right + left) == [*range(10, 20), *range(10)]


def test_a_heading_over_columns_comes_first_and_a_signature_last() -> None:
    """A heading would be read after the first column."""
    head, foot = [(200, 60, 800, 120)], [(600, 900, 880, 950)]
    left, right = rows(100, 450, range(200, 800, 60)), rows(550, 900, range(200, 800, 60))
    assert order(head + left + right)[0] == 0
    assert order(foot + left + right)[-1] == 0


def test_a_note_in_the_margin_is_a_region_of_its_own() -> None:
    """Words of a note would stand between the lines of the letter."""
    text, note = rows(350, 950, range(100, 900, 60)), rows(40, 220, range(400, 560, 50))
    groups = ordered_groups(np.array(text + note, float))
    assert {group.kind for group in groups} == {"text", "marginalia"}
    assert next(group.lines for group in groups if group.kind == "marginalia") == (14, 15, 16, 17)


def test_a_register_is_read_row_by_row() -> None:
    """The name, the date and the place of an entry would stand far apart."""
    boxes = [(left, top, left + 180, top + 40) for left in (100, 320, 540) for top in range(100, 700, 60)]
    groups = ordered_groups(np.array(boxes, float))
    assert [group.kind for group in groups] == ["table"]
    assert groups[0].lines[:4] == (0, 10, 20, 1)


def test_words_beside_each_other_in_a_line_are_in_order() -> None:
    """A line that was found in two parts would be read backwards."""
    boxes = [(500, 102, 900, 142), (100, 100, 480, 140), *rows(100, 900, range(160, 460, 60))]
    assert order(boxes)[:2] == [1, 0]


boxes_of_any_page = st.lists(
    st.tuples(st.integers(0, 900), st.integers(0, 900), st.integers(1, 300), st.integers(1, 90)), max_size=25
)


@given(boxes_of_any_page)
def test_every_line_is_read_once(places: list[tuple[int, int, int, int]]) -> None:
    """A page with odd places would lose lines, or repeat them."""
    boxes = np.array([(x, y, x + w, y + h) for x, y, w, h in places], float).reshape(-1, 4)
    assert sorted(k for group in ordered_groups(boxes) for k in group.lines) == list(range(len(boxes)))


def test_parts_of_widely_spaced_lines_are_not_columns() -> None:
    """The ends of lines would be read after all of their beginnings."""
    boxes = [
        (100, 100, 500, 140),
        (600, 100, 900, 140),
        (100, 160, 900, 200),
        (100, 220, 420, 260),
        (520, 220, 900, 260),
    ]
    assert order(boxes) == [0, 1, 2, 3, 4]
