"""Greedy reading and the steps that a label needs."""

from __future__ import annotations

import numpy as np
import pytest

from gluon_htr.decoding.ctc import collapse, greedy, steps_needed


@pytest.mark.parametrize(
    ("path", "text"),
    [("aa-a", "aa"), ("--a-", "a"), ("abba", "aba"), ("----", ""), ("a-ab", "aab"), ("bbbb", "b")],
)
def test_repeats_merge_unless_a_blank_stands_between(path: str, text: str) -> None:
    """'hello' would be read as 'helo'."""
    indices = np.array([["ab-".index(c) for c in path]])
    assert collapse(indices, blank=2) == [["ab".index(c) for c in text]]


@pytest.mark.parametrize(("text", "steps"), [("", 0), ("a", 1), ("ab", 2), ("aa", 3), ("hello", 6), ("aaa", 5)])
def test_steps_needed_count_the_blanks_between_equal_neighbors(text: str, steps: int) -> None:
    """A label too long for its image would be trained on and make the loss infinite."""
    assert steps_needed(text) == steps


def test_greedy_reads_each_sample_of_a_batch_by_itself() -> None:
    """The end of one text would run into the next."""
    logits = np.full((2, 3, 3), -5.0)
    for sample, path in enumerate([[0, 2, 0], [1, 1, 0]]):
        for step, label in enumerate(path):
            logits[sample, step, label] = 5
    assert greedy(logits) == [[0, 0], [1, 0]]
