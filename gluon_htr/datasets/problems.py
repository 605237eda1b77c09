"""The first of many problems in one line, for errors that end a command."""

from __future__ import annotations

from collections.abc import Sequence

from .sample import Problem

MAX_LISTED = 5


def first_problems(problems: Sequence[Problem]) -> str:
    """Join the first problems: `a.png is not an image; b.png has no text; and 3 more`. Empty if there are none."""
    listed = [f"{problem.id} {problem.reason}" for problem in problems[:MAX_LISTED]]
    return "; ".join(listed + [f"and {len(problems) - MAX_LISTED} more"] * (len(problems) > MAX_LISTED))
