"""Greedy decoding, and the protocol that every decoder follows."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gluon_htr.decoding.decoder import Decoded, decode_texts
from gluon_htr.decoding.greedy import GREEDY, best_labels, best_path, blank_probability
from gluon_htr.text.alphabet import Alphabet

AB = Alphabet("ab")


def logits_of(path: str, symbols: str = "ab-") -> np.ndarray:
    """Logits (1, T, C) whose best class at each step is that of `path`."""
    return np.where(np.arange(len(symbols)) == np.array([symbols.index(c) for c in path])[:, None], 5.0, -5.0)[None]


@pytest.mark.parametrize(
    ("path", "text"),
    [("aa-a", "aa"), ("--a-", "a"), ("abba", "aba"), ("----", ""), ("a-ab", "aab"), ("bbbb", "b")],
)
def test_repeats_merge_unless_a_blank_stands_between(path: str, text: str) -> None:
    """'hello' would be read as 'helo'."""
    assert decode_texts(GREEDY, logits_of(path), AB) == [text]


def test_each_sample_of_a_batch_is_read_by_itself() -> None:
    """The end of one text would run into the next."""
    logits = np.concatenate([logits_of("a-a"), logits_of("bba")])
    assert best_labels(logits) == [[0, 0], [1, 0]]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4), st.integers(0, 3)), max_size=12))
def test_what_is_spread_over_time_steps_is_read_back(characters: list[tuple[int, int, int]]) -> None:
    """A slow or a fast writer would be read differently."""
    path, labels = "-", []
    for k, repeats, blanks in characters:
        if labels and labels[-1] == k and not path.endswith("-"):
            path += "-"
        path += "abc"[k] * repeats + "-" * blanks
        labels.append(k)
    logits = logits_of(path, "abc-")
    assert best_labels(logits) == [labels]
    spans = best_path(logits[0])
    assert all(0 <= span.start < span.end <= len(path) and 0 < span.confidence <= 1 for span in spans)
    assert all(before.end <= after.start for before, after in pairwise(spans))


def test_a_temperature_changes_confidences_and_no_text() -> None:
    """A calibrated model would read something else than the one that was scored."""
    logits = np.random.default_rng(0).normal(size=(3, 20, 3)).astype(np.float32)
    sharp, flat = GREEDY.decode(logits, AB, 0.5), GREEDY.decode(logits, AB, 4.0)
    assert [line.text(AB) for line in sharp] == [line.text(AB) for line in flat]
    assert all(a.confidence >= b.confidence for a, b in zip(sharp, flat))
    assert isinstance(sharp[0], Decoded)


def test_an_empty_text_is_not_sure() -> None:
    """A line that was overlooked would look surest of all."""
    (line,) = GREEDY.decode(logits_of("-----"), AB)
    assert (line.spans, line.confidence) == ((), 0.0)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_probability_of_no_text_is_that_of_its_only_path(temperature: float) -> None:
    """A threshold for empty lines would mean something else for every network."""
    logits = np.random.default_rng(1).normal(size=(5, 3)).astype(np.float32) * 2
    odds = np.exp(logits.astype(float) / temperature)
    expected = (odds[:, -1] / odds.sum(axis=1)).prod()
    assert blank_probability(logits, temperature) == pytest.approx(expected, rel=1e-5)
    assert blank_probability(logits_of("-" * 50)[0]) == pytest.approx((1 + 2 * np.exp(-10)) ** -50, rel=1e-5)
    assert blank_probability(logits_of("--abab--")[0]) == 0
