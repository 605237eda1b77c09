"""Which differences between two readings are called real."""

from __future__ import annotations

import time

import numpy as np
import pytest

from gluon_htr.comparison.differences import UnitErrors, WordCounts, compare
from gluon_htr.text.comparison import edits, is_better

TRUTH = "a bead decade"


def by_writer(gains: list[int], lines: int = 6) -> tuple[list[str], list[str], list[str], list[str]]:
    """References, readings and groups of writers; A reads the first `gain` lines of each writer wrong, B none."""
    a = [TRUTH.replace("bead", "b") if line < gain else TRUTH for gain in gains for line in range(lines)]
    truths = [TRUTH] * len(a)
    return truths, a, truths, [f"w{k}" for k in range(len(gains)) for _ in range(lines)]


@pytest.mark.parametrize(
    ("gains", "verdict"),
    [
        ([0] * 10, "no real difference"),
        ([6, *[0] * 9], "no real difference"),  # six lines, but one writer
        ([1, 2, 1, 3, 1, 2, 1, 1, 2, 1], "B is better"),
        ([6] * 5, "too few groups"),
    ],
)
def test_lines_of_one_writer_are_not_independent(gains: list[int], verdict: str) -> None:
    """A model that happens to know one hand would be called better for all."""
    truths, a, b, groups = by_writer(gains)
    found = compare(truths, a, b, groups)
    assert found.verdict == verdict
    assert compare(truths, b, a, groups).verdict == verdict.replace("B", "A")
    assert found.cer.difference == pytest.approx(-3 * sum(gains) / (len(TRUTH) * len(truths)))
    assert found.cer.low <= found.cer.difference <= found.cer.high


def test_a_bootstrap_of_lines_would_have_been_fooled() -> None:
    """The test above would not show that groups matter."""
    truths, a, b, _ = by_writer([6, *[0] * 9])
    assert is_better(edits(truths, a), edits(truths, b))


def test_chance_is_rarely_called_real() -> None:
    """Every fifth comparison of equal models would find a winner."""
    random = np.random.default_rng(0)
    truths = ["abcdefghij"] * 60
    groups = [f"w{k % 12}" for k in range(60)]

    def read() -> list[str]:
        return ["".join(c if random.random() > 0.1 else "x" for c in truth) for truth in truths]

    results = [compare(truths, read(), read(), groups) for _ in range(150)]
    assert sum(result.verdict != "no real difference" for result in results) <= 15
    assert sum(any(letter.real for letter in result.letters) for result in results) <= 15


def test_where_readings_differ() -> None:
    """A user would know that B is worse, and not that it is for one letter."""
    truths = ["bead cab dada", "cede a bee"] * 12
    b = [text.replace("d", "cl") for text in truths]
    found = compare(truths, truths, b, [f"w{k % 12}" for k in range(24)])
    letters = {letter.text: letter for letter in found.letters}
    assert letters["d"].real
    assert (letters["d"].count, letters["d"].a, letters["d"].b) == (48, 0, 48)
    assert {letter.text for letter in found.letters if letter.b} == {"d", ""}  # replaced, and one inserted
    assert found.words[0] == UnitErrors("bead", 12, 0, 12, found.words[0].p, True)
    assert found.words_right == WordCounts(both=36, only_a=36, only_b=0, neither=0)
    assert [(row.name, row.a) for row in found.by_group[:1]] == [("w0", 0)]


def test_many_groups_take_a_moment() -> None:
    """20,000 words, each on its own, would take minutes and gigabytes."""
    truths = [f"word{k % 50}" for k in range(20_000)]
    b = [text if k % 7 else text[:-1] for k, text in enumerate(truths)]
    began = time.perf_counter()
    found = compare(truths, truths, b, [str(k) for k in range(len(truths))])
    assert time.perf_counter() - began < 20
    assert found.verdict == "A is better"
    assert found.groups == 20_000


def test_different_numbers_of_texts_are_refused() -> None:
    """Texts would be compared with those of other lines."""
    with pytest.raises(ValueError, match="of each sample"):
        compare(["a"], ["a"], [], ["w"])
