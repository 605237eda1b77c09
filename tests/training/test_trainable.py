"""Samples that cannot be trained on are named, and never cut short in silence."""

from __future__ import annotations

import numpy as np
import pytest

from gluon_htr.datasets.store import Store
from gluon_htr.errors import AlphabetError, TrainingError
from gluon_htr.text.alphabet import Alphabet
from gluon_htr.training.trainable import refuse_untrainable, split_trainable


def store(*texts: str) -> Store:
    image = np.zeros((8, 24), np.uint8)
    return Store.collect([(f"id-{k}", text, "w", image) for k, text in enumerate(texts)], [])


def test_too_few_time_steps_are_named_with_what_is_needed() -> None:
    """The loss would be infinite, or the label truncated."""
    kept, problems = split_trainable(store("abc", "aab", "abcabcabc"), Alphabet("abc"), step_width=8)
    assert kept.ids == ["id-0"]
    assert [problem.id for problem in problems] == ["id-1", "id-2"]
    assert "3 time steps of 8 pixels" in problems[0].reason
    assert "'aab' needs 4" in problems[0].reason
    assert "wider images, or less stride and pooling" in problems[0].reason
    with pytest.raises(TrainingError, match=r"id-1.*--unfit skip leaves them out"):
        refuse_untrainable(problems, kept=1)
    with pytest.raises(TrainingError, match=r"id-1.*no other samples are left"):
        refuse_untrainable(problems, kept=0)


def test_long_labels_are_named_in_short() -> None:
    """A page of text in one cell of a list would fill the terminal."""
    many = "".join(map(chr, range(0x4E00, 0x4E00 + 5000)))
    _, problems = split_trainable(store("ab" * 1_000_000, many), Alphabet("ab"), step_width=8)
    assert [len(problem.reason) < 200 for problem in problems] == [True, True]


def test_brackets_from_right_to_left_are_judged_as_they_are_written() -> None:
    """A label would pass, and end the training with a KeyError."""
    _, problems = split_trainable(store("א) ב"), Alphabet("אב )"), step_width=4)
    assert [problem.reason for problem in problems] == ["the alphabet lacks '('"]


def test_characters_outside_the_alphabet_and_empty_labels_are_named() -> None:
    """Training would stop in the middle of an epoch with an index error."""
    kept, problems = split_trainable(store("ab", "aé", ""), Alphabet("abc"), step_width=4)
    assert kept.ids == ["id-0"]
    assert "'é'" in problems[0].reason
    assert "empty" in problems[1].reason
    with pytest.raises(AlphabetError, match="2 samples"):
        refuse_untrainable(problems, kept=1)


def test_a_label_that_reads_alphabetical_and_is_too_long_is_not_an_error_of_the_alphabet() -> None:
    """The user would look for a missing character, and the image is too narrow."""
    _, problems = split_trainable(store("alphabetical"), Alphabet("alphbetic"), step_width=64)
    assert [problem.kind for problem in problems] == ["length"]
    with pytest.raises(TrainingError):
        refuse_untrainable(problems, kept=0)
