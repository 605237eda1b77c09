"""Building of a model from texts: symbols, lines, counts, smoothing, pruning, quantization."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from ..errors import DataError
from .counting import Level, count_ngrams
from .model import BEGIN, END, SPECIAL, UNKNOWN, NGramModel, Trie, Unit
from .pruning import prune_to
from .quantization import quantized
from .sizes import body_bytes
from .smoothing import Smoothed, smooth

WORD = re.compile(r"[\w'’]+|[^\w\s]")  # or a punctuation mark
MIN_SHARE = 2e-6  # of the text: a rarer character is unknown
LINE = (20, 70)  # characters of a line into which running text is broken
MIN_LOG = -99 * np.log(10)  # what ARPA files write for a probability of 0


def broken_lines(paragraphs: Iterable[str], seed: int = 0) -> Iterator[str]:
    """Break running text between words into lines of `LINE` characters, of lengths that are drawn."""
    random = np.random.default_rng(seed)
    for paragraph in paragraphs:
        words = paragraph.split()
        begin, length, limit = 0, 0, int(random.integers(*LINE))
        for position, word in enumerate(words):
            length += len(word) + 1
            if length >= limit:
                yield " ".join(words[begin : position + 1])
                begin, length, limit = position + 1, 0, int(random.integers(*LINE))
        if begin < len(words):
            yield " ".join(words[begin:])


def units_of(line: str, unit: Unit) -> Sequence[str]:
    """Divide a line into its symbols."""
    return line if unit == "characters" else WORD.findall(line)


def build(lines: Sequence[str], order: int, unit: Unit, max_bytes: int, max_tokens: int = 60_000) -> NGramModel:
    """Build a model of lines of text, whose file has at most `max_bytes`.

    Raises `DataError` if the text is too short for an estimate, or `max_bytes` too few for its symbols.
    """
    counted: Counter[str] = Counter()
    for line in lines:
        counted.update(units_of(line, unit))
    total = sum(counted.values())
    if total < 2 * order:
        raise DataError(f"a text of {total} {unit} is too short for a language model")
    least = max(2, MIN_SHARE * total) if unit == "characters" and total > 100_000 else 1
    tokens = SPECIAL + tuple(sorted(t for t, count in counted.most_common(max_tokens) if count >= least))
    stream = _stream(lines, tokens, unit)
    levels = count_ngrams(stream, len(tokens), order)
    del stream

    def size(counts: list[int]) -> int:
        return body_bytes(counts, tokens)

    if size([len(tokens)]) > max_bytes:
        raise DataError(f"{max_bytes} bytes are too few for {len(tokens)} symbols: give a larger --size")
    levels, smoothed = prune_to(levels, smooth(levels), size, max_bytes)
    return quantized(NGramModel(unit, tokens, trie_of(levels, smoothed)))


def _stream(lines: Iterable[str], tokens: tuple[str, ...], unit: Unit) -> np.ndarray:
    """Convert lines to one stream of symbols; each begins with `BEGIN` and ends with `END`."""
    index = {token: symbol for symbol, token in enumerate(tokens)}
    begin, end, unknown = (SPECIAL.index(mark) for mark in (BEGIN, END, UNKNOWN))
    parts = [np.array([begin, *(index.get(u, unknown) for u in units_of(line, unit)), end], np.int32) for line in lines]
    return np.concatenate(parts)


def trie_of(levels: list[Level], smoothed: list[Smoothed]) -> Trie:
    """Arrange n-grams as a trie."""
    inner = levels[:-1]
    children = [np.bincount(above.prefixes, minlength=len(level.symbols)) for level, above in zip(inner, levels[1:])]
    with np.errstate(divide="ignore"):
        logs = np.maximum(np.log(np.concatenate([part.probabilities for part in smoothed])), MIN_LOG)
        backoffs = np.log(np.concatenate([np.ones(0), *(part.backoffs for part in smoothed[:-1])]))
    return Trie(
        tuple(len(level.symbols) for level in levels),
        np.concatenate([level.symbols for level in levels]).astype(np.int32),
        np.concatenate([np.zeros(0, np.int64), *children]).astype(np.int64),
        logs.astype(np.float32),
        backoffs.astype(np.float32),
    )


def encoded(line: str, model: NGramModel) -> np.ndarray:
    """Convert a line to symbols of a model."""
    unknown = SPECIAL.index(UNKNOWN)
    return np.array([model.index.get(token, unknown) for token in units_of(line, model.unit)], np.int64)


def perplexity(model: NGramModel, lines: Sequence[str]) -> float:
    """Return the perplexity of lines: the number of equally likely symbols that would be as hard to guess."""
    symbols = [encoded(line, model) for line in lines]
    return float(np.exp(-model.score(symbols).sum() / sum(len(line) + 1 for line in symbols)))
