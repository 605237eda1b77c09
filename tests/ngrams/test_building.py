"""Models are what Chen and Goodman define, sum to one, and shrink to a size."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from language_models import VERSE, model_of

from gluon_htr.errors import DataError
from gluon_htr.ngrams.building import broken_lines, build, encoded, perplexity, units_of
from gluon_htr.ngrams.model import BEGIN, END, SPECIAL, NGramModel, Unit
from gluon_htr.ngrams.sizes import body_bytes
from gluon_htr.ngrams.smoothing import USUAL


def state_after(model: NGramModel, text: str) -> int:
    """The state of a model after the beginning of a line."""
    state = np.array([model.begin])
    for symbol in encoded(text, model):
        state = model.step(state, np.array([symbol]))[1]
    return int(state[0])


def textbook(lines: tuple[str, ...], order: int, context: tuple[str, ...], symbol: str) -> float:
    """Interpolated modified Kneser-Ney, written down as in Chen and Goodman 1998, section 3, with dictionaries."""
    sequences = [[BEGIN, *line, END] for line in lines]
    grams = [Counter(tuple(s[k : k + n]) for s in sequences for k in range(len(s) - n + 1)) for n in range(order + 2)]

    def counts(n: int) -> dict[tuple[str, ...], int]:
        if n == order:
            return dict(grams[n])
        different = Counter(gram[1:] for gram in grams[n + 1])
        if n == 1:
            del grams[1][(BEGIN,)]
        return {gram: grams[n][gram] if gram[0] == BEGIN else different[gram] for gram in grams[n]}

    def discounts(table: dict[tuple[str, ...], int]) -> tuple[float, ...]:
        n1, n2, n3, n4 = (sum(c == k for c in table.values()) for k in (1, 2, 3, 4))
        if not (n1 and n2 and n3 and n4):
            return (0.0, *USUAL)
        y = n1 / (n1 + 2 * n2)
        found = (1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3)
        return (0.0, *(found if all(0 < d < k for d, k in zip(found, (1, 2, 3))) else USUAL))

    def probability(context: tuple[str, ...]) -> float:
        n = len(context) + 1
        table = counts(n)
        own = {gram[-1]: c for gram, c in table.items() if gram[:-1] == context}
        tokens = len({c for line in lines for c in line}) + 2  # with the end of a line, and unknown ones
        shorter = probability(context[1:]) if context else 1 / tokens
        if not own:
            return shorter
        cut = discounts(table)
        left = sum(min(cut[min(c, 3)], c) for c in own.values())
        count = own.get(symbol, 0)
        return (count - min(cut[min(count, 3)], count) + left * shorter) / sum(own.values())

    return probability(context)


@pytest.mark.parametrize(
    ("context", "symbol"), [("th", "e"), ("he", " "), ("q", "e"), ("gs", END), ("", "t"), ("It", " ")]
)
def test_probabilities_are_those_of_modified_kneser_ney(context: str, symbol: str) -> None:
    """Figures would be called Kneser-Ney that are something else."""
    lines = VERSE[:4] + VERSE[8:]
    model = build(lines, 3, "characters", 10**6)
    state = np.array([0])
    for character in context:
        state = model.step(state, np.array([model.index[character]]))[1]
    got = model.step(state, np.array([model.index.get(symbol, 0)]))[0]
    assert np.exp(got[0]) == pytest.approx(textbook(lines, 3, tuple(context), symbol), rel=0.03)  # of 256 values


@pytest.mark.parametrize("size", [1200 + 2048 * 4, 10**6])
@pytest.mark.parametrize("text", ["", "Th", "the mer", "zz", "kings"])
def test_what_may_follow_a_context_sums_to_one(text: str, size: int) -> None:
    """Pruning or backing off would make some texts likelier than others for no reason."""
    model = model_of(size=size)
    symbols = np.arange(len(model.tokens))
    logs, _ = model.step(np.full(len(symbols), state_after(model, text)), symbols)
    assert np.exp(logs).sum() == pytest.approx(1, abs=0.03)


def test_a_model_fits_its_size_and_keeps_what_matters() -> None:
    """The wheel would grow, or the model would be no better than a table of letters."""
    small, large = model_of(size=9_000), model_of()
    assert body_bytes(small.trie.levels, small.tokens) <= 9_000 < body_bytes(large.trie.levels, large.tokens)
    scores = [perplexity(model, VERSE) for model in (large, small, build(VERSE, 1, "characters", 10**6))]
    assert scores == sorted(scores)
    assert scores[1] < 0.8 * scores[2]


def test_too_little_text_or_space_is_said() -> None:
    """An empty model would be built and score everything alike."""
    with pytest.raises(DataError):
        build(["a"], 6, "characters", 10**6)
    with pytest.raises(DataError):
        build(VERSE, 4, "characters", 100)


@pytest.mark.parametrize(("unit", "units"), [("characters", 15), ("words", 4)])
def test_lines_are_divided_into_characters_or_words(unit: Unit, units: int) -> None:
    """A comma would make another word of the one before it."""
    assert len(units_of("Mercy, don't go", unit)) == units


def test_running_text_is_broken_between_words_and_nothing_is_lost() -> None:
    """Half words would be learned as words."""
    text = " ".join(VERSE)
    lines = list(broken_lines([text]))
    assert " ".join(lines) == text
    assert len(lines) > 3


def test_unknown_characters_are_unlikely_and_do_not_end_the_scoring() -> None:
    """One é would make a whole line impossible."""
    model = model_of()
    known, strange = model.score([encoded("the rain", model), encoded("the räin", model)])
    assert -60 < strange < known
    assert model.tokens[: len(SPECIAL)] == SPECIAL
