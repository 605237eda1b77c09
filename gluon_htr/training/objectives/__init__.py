"""Objectives that a training minimizes; each is derived from the task of a preset.

`ctc` for texts (Graves et al. 2006), `cross-entropy` for single characters, `pixels` for layout: cross-entropy at each
pixel. Every objective is implemented once per framework, in `gluon.py` and `torch.py`, with the same meaning in both.
"""

from __future__ import annotations

from typing import Literal

from ...networks.configuration import Task

Objective = Literal["ctc", "cross-entropy", "pixels"]
OBJECTIVES: dict[Task, Objective] = {
    "lines": "ctc",
    "words": "ctc",
    "characters": "cross-entropy",
    "layout": "pixels",
}
#: Class of samples and pixels that do not count: of an unknown class, or beyond the page.
IGNORED = -1


def objective_of(task: Task) -> Objective:
    """Return the objective of a task."""
    return OBJECTIVES[task]
