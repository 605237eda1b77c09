"""The steps that a label needs."""

from __future__ import annotations

import pytest

from gluon_htr.decoding.ctc import steps_needed


@pytest.mark.parametrize(("text", "steps"), [("", 0), ("a", 1), ("ab", 2), ("aa", 3), ("hello", 6), ("aaa", 5)])
def test_steps_needed_count_the_blanks_between_equal_neighbors(text: str, steps: int) -> None:
    """A label too long for its image would be trained on and make the loss infinite."""
    assert steps_needed(text) == steps
