"""Right-to-left text: from the order of speech to the order on the paper, from left to right, and back.

Labels and readings are in the order of speech, which Unicode calls logical. The time steps of a network run
from left to right over the image, so what it learns and writes is the order on the paper. This is the part of the
bidirectional algorithm (Unicode Standard Annex 9) that a line of text without control characters needs: the line's
direction is that of most of its letters, whichever comes first, so that it is found again from either order, and the
same rules lead back. Where a number stands beside a word of the other direction, the paper alone cannot tell which of
the two came first, and one of the two answers is taken.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import chain

MIRRORED = dict(zip("()[]{}<>«»‹›", ")(][}{><»«›‹"))
#: Bidirectional classes by letters: L, R, numbers as in Europe (E) and in Arabic (A), what joins numbers (C, S), what
#: goes with a number (T), marks on the letter before (M); everything else takes its direction from around it (N).
CLASSES = {"L": "L", "R": "R", "AL": "R", "EN": "E", "AN": "A", "CS": "C", "ES": "S", "ET": "T", "NSM": "M"}
#: Words from left to right, with what is between them and with numbers behind them.
WORDS = "L(?:[^RA]*(?:L|ET*))?"
#: What runs from left to right in a line from right to left: such words, and numbers.
FORTH = re.compile(f"{WORDS}|T*E+(?:[CS]E+)*T*|A+(?:CA+)*")
#: What runs from right to left in a line from left to right, with the numbers that follow.
BACK = re.compile("R(?:[^L]*[REA]T*)?")
#: A letter and the marks on it stay together.
CLUSTER = re.compile(".M*", re.DOTALL)

IndexedCharacter = tuple[
    int, str
]  # where a character is in the text, and the character as it stands in the other order


def is_right_to_left(characters: Iterable[str]) -> bool:
    """Whether any of them is a letter of Hebrew, Arabic or another script from right to left."""
    return any(unicodedata.bidirectional(character) in {"R", "AL"} for character in characters)


def runs_backwards(text: str) -> bool:
    """Whether a line begins at the right: whether most of its letters are of scripts from right to left."""
    kinds = [unicodedata.bidirectional(character) for character in text]
    return sum(kind in {"R", "AL"} for kind in kinds) > kinds.count("L")


def reordered(text: str) -> str:
    """Return the text in the order of the paper where it is in logical order, and the other way around."""
    return "".join(character for _, character in reordered_characters(text))


def reordered_characters(text: str) -> list[IndexedCharacter]:
    """Return the characters of `reordered`, each with its position in `text`.

    Brackets are mirrored where the order is.
    """
    classes = _classes(text)
    clusters = [[(k, text[k]) for k in range(match.start(), match.end())] for match in CLUSTER.finditer(classes)]
    firsts = "".join(classes[cluster[0][0]] for cluster in clusters)
    if runs_backwards(text):
        return _backwards(clusters, firsts)
    found: list[IndexedCharacter] = []
    end = 0
    for match in BACK.finditer(firsts):
        found += chain.from_iterable(clusters[end : match.start()])
        end = match.end()
        found += _backwards(clusters[match.start() : end], match[0])
    return [*found, *chain.from_iterable(clusters[end:])]


def _classes(text: str) -> str:
    """One letter a character. Numbers among Arabic words are joined in the way of Arabic ones (rules W2 and W7)."""
    kinds = [unicodedata.bidirectional(character) for character in text]
    classes = "".join(CLASSES.get(kind, "N") for kind in kinds)
    if "AL" in kinds:
        classes = re.sub(f"({WORDS})|E", lambda match: match[1] or "A", classes)
    return classes


def _backwards(clusters: Sequence[list[IndexedCharacter]], firsts: str) -> list[IndexedCharacter]:
    """From right to left, but for what runs forth. firsts: the class of each cluster."""
    found: list[IndexedCharacter] = []
    start = len(firsts)
    for match in reversed(list(FORTH.finditer(firsts))):
        found += _mirrored(clusters[match.end() : start])
        found += chain.from_iterable(clusters[match.start() : match.end()])
        start = match.start()
    return found + _mirrored(clusters[:start])


def _mirrored(clusters: Sequence[list[IndexedCharacter]]) -> list[IndexedCharacter]:
    return [(k, MIRRORED.get(character, character)) for cluster in reversed(clusters) for k, character in cluster]
