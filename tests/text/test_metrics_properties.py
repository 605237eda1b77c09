"""Properties of the metrics that hold for any texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import labels, words

from gluon_htr.text.comparison import edits, is_better
from gluon_htr.text.metrics import score
from gluon_htr.text.normalization import normalize

pairs = st.lists(st.tuples(words, labels, st.sampled_from("abc")), min_size=1, max_size=12)


@given(st.lists(words, min_size=1, max_size=6))
def test_a_perfect_reading_has_no_error(texts: list[str]) -> None:
    """A model that reads everything would be reported with errors."""
    card = score(texts, texts, ["g"] * len(texts))
    assert card.cer.value == card.wer.value == 0
    assert card.exact_rate.value == 1
    assert card.confusions == []


@given(pairs)
def test_no_error_means_a_perfect_reading(samples: list[tuple[str, str, str]]) -> None:
    """Errors of a kind that is not counted would hide."""
    truths, texts, groups = map(list, zip(*samples))
    card = score(truths, texts, groups)
    equal = all(normalize(a) == normalize(b) for a, b in zip(truths, texts))
    assert (card.cer.value == 0) == equal == (card.exact_rate.value == 1)


@given(pairs, st.randoms(use_true_random=False))
def test_the_order_of_samples_does_not_matter(samples: list[tuple[str, str, str]], random) -> None:
    """The same results would be another score in another order."""
    shuffled = random.sample(samples, len(samples))
    one, other = (score(*map(list, zip(*rows))) for rows in (samples, shuffled))
    assert one.cer.value == pytest.approx(other.cer.value)
    assert one.levenshtein_accuracy.value == pytest.approx(other.levenshtein_accuracy.value)


@given(pairs)
def test_an_interval_contains_its_value(samples: list[tuple[str, str, str]]) -> None:
    """A score would lie outside of what is claimed for it."""
    card = score(*map(list, zip(*samples)))
    for figure in (card.cer, card.wer, card.exact_rate, card.levenshtein_accuracy):
        assert figure.low - 1e-9 <= figure.value <= figure.high + 1e-9 or card.groups < 3


@given(st.lists(st.integers(0, 9), min_size=8, max_size=20))
def test_nothing_is_better_than_itself(edits_before: list[int]) -> None:
    """A model would be replaced by an equal one."""
    assert not is_better(edits_before, edits_before)
    assert not is_better(edits_before, [count + 1 for count in edits_before])


@given(words, labels)
def test_the_distance_is_symmetric_and_at_most_the_longer_text(one: str, other: str) -> None:
    """A reading could cost more than to write everything anew."""
    (there,), (back,) = edits([one], [other]), edits([other], [one])
    assert there == back <= max(len(normalize(one)), len(normalize(other)))
