"""Connectionist temporal classification (Graves et al. 2006): the time steps that a label needs."""

from __future__ import annotations

from itertools import pairwise


def steps_needed(text: str) -> int:
    """Return the fewest time steps that can write `text`: one a character, one more between equal neighbors."""
    return len(text) + sum(a == b for a, b in pairwise(text))
