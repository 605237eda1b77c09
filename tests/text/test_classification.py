"""Scores of single characters, worked out by hand."""

from __future__ import annotations

import pytest

from gluon_htr.text.classification import classify, wilson


def test_accuracy_counts_case_and_merged_classes() -> None:
    """Scores would hide that capitals are read for small letters, or not be comparable with EMNIST's."""
    card = classify(list("aAcCo0"), list("AACco1"), ["x", "x", "y", "y", "z", "z"])
    assert (card.samples, card.groups) == (6, 3)
    assert card.accuracy.value == pytest.approx(2 / 6)  # A and o
    assert card.case_insensitive_accuracy.value == pytest.approx(5 / 6)
    assert card.merged_accuracy.value == pytest.approx(4 / 6)  # c and C are one class of ByMerge, a and A are two
    assert {(c.truth, c.read): c.count for c in card.confusions} == {
        ("a", "A"): 1,
        ("c", "C"): 1,
        ("C", "c"): 1,
        ("0", "1"): 1,
    }
    scores = {one.character: (one.samples, one.recall, one.precision) for one in card.classes}
    assert scores["A"] == (1, 1.0, 0.5)
    assert scores["0"] == (1, 0.0, 0.0)


@pytest.mark.parametrize(
    ("right", "samples", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (81, 263, 0.2553, 0.3662)],  # Newcombe 1998, table I
)
def test_intervals_are_wilsons(right: int, samples: int, low: float, high: float) -> None:
    """An interval would be empty where everything is right, or reach beyond 1."""
    found = wilson(right, samples)
    assert (found.low, found.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_columns_of_other_lengths_are_refused() -> None:
    """Samples would be compared with others."""
    with pytest.raises(ValueError, match="2 truths"):
        classify(["a", "b"], ["a"], ["x", "x"])
