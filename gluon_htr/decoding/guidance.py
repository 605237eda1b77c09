"""Guides of the beam search: what a language model or a word list adds to the score of a text, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np


class Guide(Protocol):
    """Additions to the scores of prefixes, in nats. A state is S whole numbers. Guides hold no state between calls."""

    @property
    def begin(self) -> np.ndarray:
        """State (S,) int64 of the empty prefix."""
        ...

    @property
    def most(self) -> float:
        """Upper bound of what one more class adds."""
        ...

    def extend(self, states: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the states (n, S) after one more class each (n,), and what these classes add (n,)."""
        ...

    def finish(self, states: np.ndarray) -> np.ndarray:
        """Return what the end of the line adds (n,) after states (n, S)."""
        ...


class Guides:
    """Several guides as one: the sum of what they add."""

    def __init__(self, parts: Sequence[Guide]) -> None:
        self._parts = tuple(parts)
        self._cuts = np.cumsum([0, *(len(part.begin) for part in parts)])
        self.begin = np.concatenate([np.zeros(0, np.int64), *(part.begin for part in parts)])
        self.most = float(sum(part.most for part in parts))

    def extend(self, states: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Extend the states of each part."""
        total, after = np.zeros(len(classes)), np.empty_like(states)
        for part, begin, end in zip(self._parts, self._cuts, self._cuts[1:]):
            after[:, begin:end], extra = part.extend(states[:, begin:end], classes)
            total += extra
        return after, total

    def finish(self, states: np.ndarray) -> np.ndarray:
        """Finish the states of each part."""
        total = np.zeros(len(states))
        for part, begin, end in zip(self._parts, self._cuts, self._cuts[1:]):
            total += part.finish(states[:, begin:end])
        return total


UNGUIDED = Guides(())


def score_texts(guide: Guide, texts: Sequence[Sequence[int]]) -> np.ndarray:
    """Return what a guide adds to whole texts (n,)."""
    totals, states = np.zeros(len(texts)), np.tile(guide.begin, (len(texts), 1))
    for position in range(max(map(len, texts), default=0)):
        live = np.array([k for k, text in enumerate(texts) if len(text) > position])
        states[live], extra = guide.extend(states[live], np.array([texts[k][position] for k in live]))
        totals[live] += extra
    return totals + guide.finish(states)
