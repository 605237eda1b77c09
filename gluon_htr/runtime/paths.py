"""From logits to characters: the best path of CTC (Graves et al. 2006), with its confidences."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from typing import Protocol

import numpy as np


class Confident(Protocol):
    """Whatever has a confidence in 0..1."""

    @property
    def confidence(self) -> float: ...


@dataclass(frozen=True)
class Stretch:
    """Time steps start..end (exclusive) at which one character, class `index`, is the most probable."""

    index: int
    start: int
    end: int
    confidence: float


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities over the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def best_path(probabilities: np.ndarray) -> list[Stretch]:
    """The characters of (T, C), whose last class is the blank; each is as sure as its surest time step."""
    best, blank = probabilities.argmax(axis=1), probabilities.shape[1] - 1
    starts = np.flatnonzero(np.diff(best, prepend=-1))
    ends = [*starts[1:].tolist(), len(best)]
    return [
        Stretch(int(best[start]), start, end, float(probabilities[start:end, best[start]].max()))
        for start, end in zip(starts.tolist(), ends)
        if best[start] != blank
    ]


def confidence(characters: Iterable[Confident]) -> float:
    """Of a whole text: the product over its characters."""
    return prod(character.confidence for character in characters)
