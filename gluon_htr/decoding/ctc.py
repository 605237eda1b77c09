"""Connectionist temporal classification (Graves et al. 2006): number of time steps of a label."""

from __future__ import annotations

from itertools import pairwise


def steps_needed(text: str) -> int:
    """Count the time steps that writing `text` takes at least: one per character, one more between equal neighbors."""
    return len(text) + sum(a == b for a, b in pairwise(text))
