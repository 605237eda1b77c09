"""When held-out samples show that a model got better."""

from __future__ import annotations

import pytest

from gluon_htr.text.comparison import edits, is_better


@pytest.mark.parametrize(
    ("gains", "better"),
    [
        ([0] * 8, False),
        ([1, 1, *[0] * 8], False),
        ([1, 1, 1, *[0] * 7], True),
        ([40, *[0] * 7], False),  # one line, however much
        ([5, -4, 5, -4, 5, -4, 5, -4], False),
        ([4] * 8, True),
        ([-4] * 8, False),
    ],
)
def test_what_two_samples_say_is_chance(gains: list[int], better: bool) -> None:
    """Luck with a line or two would replace a model, or a plain gain be thrown away."""
    assert is_better([50] * len(gains), [50 - gain for gain in gains]) is better


def test_edits_are_counted_in_one_normal_form() -> None:
    """An accent that is written as two characters would count as an error."""
    assert edits(["é", "abc"], ["e\u0301", "ab"]) == [0, 1]
