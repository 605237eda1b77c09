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


def best_path(logits: np.ndarray, temperature: float = 1.0) -> list[Stretch]:
    """The characters of (T, C), whose last class is the blank; each is as sure as its surest time step.

    temperature: what logits are divided by before they become probabilities. Only those of the best classes are
    computed: with an alphabet of thousands, a softmax of everything takes longer than the network.
    """
    best, blank = logits.argmax(axis=1), logits.shape[1] - 1
    powers = logits - np.take_along_axis(logits, best[:, None], axis=1)
    powers /= np.float32(temperature)
    sure = 1 / np.exp(powers, out=powers).sum(axis=1)
    starts = np.flatnonzero(np.diff(best, prepend=-1))
    ends = [*starts[1:].tolist(), len(best)]
    return [
        Stretch(int(best[start]), start, end, float(sure[start:end].max()))
        for start, end in zip(starts.tolist(), ends)
        if best[start] != blank
    ]


def confidence(characters: Iterable[Confident]) -> float:
    """Of a whole text: the product over its characters."""
    return prod(character.confidence for character in characters)
