"""Scores of classified single characters.

Accuracy = proportion of samples whose character is right. Case-insensitive: after `casefold`. Merged: by the classes of
EMNIST's ByMerge, in which the 15 letters whose capital and small form look alike count as one. Intervals are those of
Wilson (1927), 95 %: good for proportions near 1, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import sqrt

import msgspec

from .metrics import Confusion, Figure

Z = 1.959964  # of a 95 % interval
#: Letters whose two forms are one class in EMNIST's ByMerge and Balanced (Cohen et al. 2017).
MERGED = frozenset("cijklmopsuvwxyz")


class ClassScore(msgspec.Struct, frozen=True):
    """Scores of one class. precision: of the samples that were read as it, 0 if there are none."""

    character: str
    samples: int
    recall: float
    precision: float


class ClassificationCard(msgspec.Struct, frozen=True):
    """The result of an evaluation of single characters."""

    samples: int
    groups: int
    accuracy: Figure
    case_insensitive_accuracy: Figure
    merged_accuracy: Figure
    classes: list[ClassScore]
    confusions: list[Confusion]


def wilson(right: int, samples: int) -> Figure:
    """Return a proportion with its 95 % interval (Wilson 1927)."""
    share, spread = right / samples, Z * Z / samples
    middle = (share + spread / 2) / (1 + spread)
    half = Z * sqrt(share * (1 - share) / samples + spread / samples / 4) / (1 + spread)
    return Figure(share, max(0.0, middle - half), min(1.0, middle + half))


def merged(character: str) -> str:
    """Return the class of a character in EMNIST's ByMerge."""
    return character.upper() if character in MERGED else character


def classify(truths: Sequence[str], read: Sequence[str], groups: Sequence[str]) -> ClassificationCard:
    """Compare what was read with the truth; the three sequences are parallel.

    Raises `ValueError` if they differ in length or are empty.
    """
    if not len(truths) == len(read) == len(groups) or not truths:
        raise ValueError(f"{len(truths)} truths, {len(read)} readings, {len(groups)} groups: none can be missing")
    pairs = list(zip(truths, read))
    return ClassificationCard(
        samples=len(truths),
        groups=len(set(groups)),
        accuracy=wilson(sum(a == b for a, b in pairs), len(pairs)),
        case_insensitive_accuracy=wilson(sum(a.casefold() == b.casefold() for a, b in pairs), len(pairs)),
        merged_accuracy=wilson(sum(merged(a) == merged(b) for a, b in pairs), len(pairs)),
        classes=_classes(truths, read),
        confusions=[
            Confusion(truth, other, count)
            for (truth, other), count in Counter((a, b) for a, b in pairs if a != b).most_common()
        ],
    )


def _classes(truths: Sequence[str], read: Sequence[str]) -> list[ClassScore]:
    counts, found = Counter(truths), Counter(read)
    right = Counter(a for a, b in zip(truths, read) if a == b)
    return [
        ClassScore(c, counts[c], right[c] / counts[c], right[c] / found[c] if found[c] else 0.0) for c in sorted(counts)
    ]
