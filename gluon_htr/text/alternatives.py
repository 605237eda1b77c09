"""Alternatives of words: what the most probable texts of a line read in the place of each word.

The texts are aligned to the first one by their characters (Levenshtein). Two texts agree on a gap between words where a
space of one stands for a space of the other. The probability of a word is the sum over the texts that read it there, as
in a confusion network of an n-best list (Mangu, Brill and Stolcke 2000).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from rapidfuzz.distance import Levenshtein

#: A text and its probability.
Weighted = tuple[str, float]


def word_alternatives(texts: Sequence[Weighted], limit: int) -> list[tuple[Weighted, ...]]:
    """List the readings of each word of the first text: at most `limit`, the word itself first, then the likeliest.

    texts: possible texts of a line with their probabilities. A reading may have a space: "in the" for "inthe". A text
    that has one word for two says nothing about either, nor does one that leaves the word out: choosing it for a single
    word would break the line. The probabilities of a word therefore add up to 1 or less.
    """
    own = texts[0][0].split() if texts else []
    if not own:
        return []
    found: list[dict[str, float]] = [{word: 0.0} for word in own]
    for text, probability in texts:
        for place, reading in _readings(own, text.split()):
            found[place][reading] = found[place].get(reading, 0.0) + probability
    return [_ranked(word, readings, limit) for word, readings in zip(own, found)]


def _ranked(word: str, readings: dict[str, float], limit: int) -> tuple[Weighted, ...]:
    others = sorted((each for each in readings.items() if each[0] != word), key=lambda each: -each[1])
    return tuple((text, min(1.0, probability)) for text, probability in [(word, readings[word]), *others][:limit])


def _readings(own: Sequence[str], other: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the places of words in `own`, each with what `other` has there."""
    first, second = " ".join(own), " ".join(other)
    gaps = [(-1, -1), *_common_gaps(first, second), (len(first), len(second))]
    place = 0
    for (start, other_start), (end, other_end) in pairwise(gaps):
        words = first[start + 1 : end].split(" ")
        for k, reading in _within(words, second[other_start + 1 : other_end].split()):
            yield place + k, reading
        place += len(words)


def _within(words: Sequence[str], others: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield what `others` has for words without a common gap: equal words at either end, and what is left for one."""
    shorter = min(len(words), len(others))
    head = next((k for k in range(shorter) if words[k] != others[k]), shorter)
    tail = next((k for k in range(shorter - head) if words[-1 - k] != others[-1 - k]), shorter - head)
    for k in (*range(head), *range(len(words) - tail, len(words))):
        yield k, words[k]
    left = others[head : len(others) - tail]
    if len(words) - head - tail == 1 and left:
        yield head, " ".join(left)


def _common_gaps(first: str, second: str) -> list[tuple[int, int]]:
    """Return the positions of spaces that are matched with each other."""
    equal = (block for block in Levenshtein.opcodes(first, second) if block.tag == "equal")
    return [
        (k, block.dest_start + k - block.src_start)
        for block in equal
        for k in range(block.src_start, block.src_end)
        if first[k] == " "
    ]
