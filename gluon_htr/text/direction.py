"""Right-to-left text: conversion between logical and visual order, an invertible subset of UAX 9.

Labels and recognized texts are in logical order. The time steps of a network run from left to right over the image, so
a network learns and writes the visual order. This is the part of the bidirectional algorithm (Unicode Standard Annex 9)
that a line of text without control characters needs. A line has the direction of the majority of its letters, not of
the first one, so that either order gives the same direction and the same rules convert back. If a number stands beside
a word of the other direction, the visual order is ambiguous, and one of the two answers is taken.
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

IndexedCharacter = tuple[int, str]  # position of a character in the text, and the character in the other order


def is_right_to_left(characters: Iterable[str]) -> bool:
    """Test whether any character is a letter of Hebrew, Arabic or another right-to-left script."""
    return any(unicodedata.bidirectional(character) in {"R", "AL"} for character in characters)


def runs_backwards(text: str) -> bool:
    """Test whether a line begins at the right: most of its letters are of right-to-left scripts."""
    kinds = [unicodedata.bidirectional(character) for character in text]
    return sum(kind in {"R", "AL"} for kind in kinds) > kinds.count("L")


def reordered(text: str) -> str:
    """Convert a text from logical to visual order, or back."""
    return "".join(character for _, character in reordered_characters(text))


def reordered_characters(text: str) -> list[IndexedCharacter]:
    """Return the characters of `reordered`, each with its position in `text`. Brackets of reversed parts are
    mirrored.
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
    """Return one class letter per character. Numbers among Arabic words are joined like Arabic ones (rules W2 and
    W7).
    """
    kinds = [unicodedata.bidirectional(character) for character in text]
    classes = "".join(CLASSES.get(kind, "N") for kind in kinds)
    if "AL" in kinds:
        classes = re.sub(f"({WORDS})|E", lambda match: match[1] or "A", classes)
    return classes


def _backwards(clusters: Sequence[list[IndexedCharacter]], firsts: str) -> list[IndexedCharacter]:
    """Reverse the clusters, except for parts that run from left to right. firsts: the class of each cluster."""
    found: list[IndexedCharacter] = []
    start = len(firsts)
    for match in reversed(list(FORTH.finditer(firsts))):
        found += _mirrored(clusters[match.end() : start])
        found += chain.from_iterable(clusters[match.start() : match.end()])
        start = match.start()
    return found + _mirrored(clusters[:start])


def _mirrored(clusters: Sequence[list[IndexedCharacter]]) -> list[IndexedCharacter]:
    return [(k, MIRRORED.get(character, character)) for cluster in reversed(clusters) for k, character in cluster]
