"""What the texts of a line offer for each of its words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import labels

from gluon_htr.text.alternatives import Weighted, word_alternatives


def test_texts_that_agree_on_a_word_add_up() -> None:
    """The other reading of a word would seem rare because the texts that have it differ elsewhere."""
    texts = [("the cat sat", 0.4), ("the cot sat", 0.3), ("the cot set", 0.2), ("The cat sat", 0.1)]
    the, cat, sat = word_alternatives(texts, 5)
    assert the == (("the", pytest.approx(0.9)), ("The", pytest.approx(0.1)))
    assert cat == (("cat", pytest.approx(0.5)), ("cot", pytest.approx(0.5)))
    assert sat == (("sat", pytest.approx(0.8)), ("set", pytest.approx(0.2)))


def test_what_was_read_comes_first_even_if_it_is_less_probable() -> None:
    """The first reading would not be the one that stands in the text."""
    [word] = word_alternatives([("cat", 0.4), ("cot", 0.35), ("cut", 0.25)], 2)
    assert word == (("cat", 0.4), ("cot", 0.35))
    _, word = word_alternatives([("a cat", 0.4), ("a cot", 0.3), ("b cot", 0.3)], 5)
    assert word == (("cat", 0.4), ("cot", pytest.approx(0.6)))


def test_spaces_that_only_some_texts_have() -> None:
    """Words behind a space too many or too few would get the readings of their neighbors."""
    joined, house = word_alternatives([("inthe house", 0.5), ("in the house", 0.3), ("in the hause", 0.2)], 5)
    assert joined == (("inthe", 0.5), ("in the", 0.5))
    assert house == (("house", 0.8), ("hause", 0.2))
    assert word_alternatives([("in the house", 0.6), ("inthe hause", 0.4)], 5) == [
        (("in", 0.6),),
        (("the", 0.6),),
        (("house", 0.6), ("hause", 0.4)),
    ]
    a, b, c = word_alternatives([("a . c", 0.7), ("a c", 0.3)], 5)
    assert (a[0], b, c[0]) == (("a", 1.0), ((".", 0.7),), ("c", 1.0))


@pytest.mark.parametrize("texts", [[], [("", 1.0)], [("", 0.5), ("a", 0.5)], [("   ", 1.0)]])
def test_a_line_without_words_has_no_alternatives(texts: list[Weighted]) -> None:
    """A blank line would fail a page."""
    assert word_alternatives(texts, 3) == []


@given(st.lists(labels, min_size=1, max_size=6), st.integers(1, 4))
def test_any_texts(texts: list[str], limit: int) -> None:
    """A word would have another's readings, an empty one, or more than certainty."""
    found = word_alternatives([(text, 1 / len(texts)) for text in texts], limit)
    assert [readings[0][0] for readings in found] == texts[0].split()
    for readings in found:
        assert len(readings) <= limit
        assert all(text and text == " ".join(text.split()) for text, _ in readings)
        assert sum(probability for _, probability in readings) <= 1 + 1e-9
        assert len({text for text, _ in readings}) == len(readings)
