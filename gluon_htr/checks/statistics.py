"""Counts and sizes of data, for the head of a diagnosis."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from .labels import character_counts
from .looking import Looked


class Range(msgspec.Struct, frozen=True):
    """Figures of many samples: the 5th, 50th and 95th percentile."""

    low: float
    middle: float
    high: float

    def __str__(self) -> str:
        return f"{self.middle:g} ({self.low:g} to {self.high:g})"


class Statistics(msgspec.Struct, frozen=True):
    """Figures of data. Lengths in pixels; characters: how often each occurs, the most frequent first."""

    samples: int
    left_out: int
    groups: int
    image_height: Range
    image_width: Range
    text_height: Range
    contrast: Range
    text_length: Range
    characters: dict[str, int]


def statistics(seen: Looked) -> Statistics:
    """Compute the figures of data."""
    shown = [look.appearance for look in seen.looks if look.appearance]
    return Statistics(
        len(shown),
        seen.total - len(shown),
        len({look.group for look in seen.looks}),
        _range([one.height for one in shown]),
        _range([one.width for one in shown]),
        _range([one.ink_height for one in shown]),
        _range([one.contrast for one in shown]),
        _range([len(look.text) for look in seen.looks]),
        dict(character_counts(seen.looks).most_common()),
    )


def _range(values: Sequence[float]) -> Range:
    return Range(*(round(float(value), 1) for value in np.percentile(values or [0], (5, 50, 95))))
