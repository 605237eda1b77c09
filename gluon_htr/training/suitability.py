"""Which samples a network can learn from: texts in its alphabet, not empty, and short enough for their time steps."""

from __future__ import annotations

import reprlib

from ..datasets.sample import Problem
from ..datasets.store import Store
from ..decoding.ctc import steps_needed
from ..errors import AlphabetError, TrainingError
from ..text.alphabet import Alphabet

MOST_NAMED = 5


def suitable(store: Store, alphabet: Alphabet, step_width: int) -> tuple[Store, list[Problem]]:
    """The samples that can be trained on, and why the others cannot.

    step_width: pixels of a time step; a sample has width // step_width of them.
    """
    kept, problems = [], []
    for k, (identity, text) in enumerate(zip(store.ids, store.texts)):
        if reason := _reason(text, int(store.shapes[k, 1]), step_width, alphabet):
            problems.append(Problem(identity, reason))
        else:
            kept.append(k)
    return store.select(kept) if problems else store, problems


def _reason(text: str, width: int, step_width: int, alphabet: Alphabet) -> str:
    if not text:
        return "its label is empty"
    if unknown := alphabet.unknown(text):
        return f"the alphabet lacks {' '.join(map(repr, unknown[:MOST_NAMED]))}{' …' * (len(unknown) > MOST_NAMED)}"
    if (steps := width // step_width) < (needed := steps_needed(alphabet.shown(text))):
        return (
            f"its image has {steps} time steps of {step_width} pixels, but {reprlib.repr(text)} needs {needed}: "
            "use wider images, or less stride and pooling along the width"
        )
    return ""


def refuse(problems: list[Problem], kept: int) -> None:
    """Raises `AlphabetError` or `TrainingError`, naming the first samples. kept: how many can be trained on."""
    if problems:
        named = "; ".join(f"{problem.id}: {problem.reason}" for problem in problems[:MOST_NAMED])
        more = f" (and {len(problems) - MOST_NAMED} more)" if len(problems) > MOST_NAMED else ""
        kind = AlphabetError if any("alphabet" in problem.reason for problem in problems) else TrainingError
        rest = "--unfit skip leaves them out" if kept else "no other samples are left"
        raise kind(f"{len(problems)} samples cannot be trained on: {named}{more}; {rest}")
