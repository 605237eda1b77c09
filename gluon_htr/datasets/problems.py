"""The first of many problems in one line, for errors where nothing else is left to tell."""

from __future__ import annotations

from collections.abc import Sequence

from .sample import Problem

FIRST = 5


def first_problems(problems: Sequence[Problem]) -> str:
    """`a.png is no image; b.png has no text; and 3 more`; empty when there are none."""
    told = [f"{problem.id} {problem.reason}" for problem in problems[:FIRST]]
    return "; ".join(told + [f"and {len(problems) - FIRST} more"] * (len(problems) > FIRST))
