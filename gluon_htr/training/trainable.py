"""Trainable samples: not empty, in the alphabet of the network, and short enough for their time steps, or single
characters.
"""

from __future__ import annotations

import reprlib

from ..datasets.sample import Problem
from ..datasets.store import Store
from ..decoding.ctc import steps_needed
from ..errors import AlphabetError, TrainingError
from ..text.alphabet import Alphabet

MAX_NAMED = 5


def split_trainable(store: Store, alphabet: Alphabet, step_width: int) -> tuple[Store, list[Problem]]:
    """Split samples into trainable ones, and the problems of the others.

    step_width: pixels of a time step; a sample has width // step_width of them.
    """
    kept, problems = [], []
    for k, (identity, text) in enumerate(zip(store.ids, store.texts)):
        if problem := _problem(identity, text, int(store.shapes[k, 1]), step_width, alphabet):
            problems.append(problem)
        else:
            kept.append(k)
    return store.select(kept) if problems else store, problems


def split_characters(store: Store, alphabet: Alphabet) -> tuple[Store, list[Problem]]:
    """Split samples into single characters of the alphabet, and the problems of the others."""
    kept, problems = [], []
    for k, (identity, text) in enumerate(zip(store.ids, store.texts)):
        if len(text) > 1:
            reason = f"its label {reprlib.repr(text)} is not a single character: train a preset of words or lines on it"
            problems.append(Problem(identity, reason, "length"))
        elif problem := _label_problem(identity, text, alphabet):
            problems.append(problem)
        else:
            kept.append(k)
    return store.select(kept) if problems else store, problems


def _problem(identity: str, text: str, width: int, step_width: int, alphabet: Alphabet) -> Problem | None:
    if problem := _label_problem(identity, text, alphabet):
        return problem
    if (steps := width // step_width) < (needed := steps_needed(alphabet.shown(text))):
        reason = (
            f"its image has {steps} time steps of {step_width} pixels, but {reprlib.repr(text)} needs {needed}: "
            "use wider images, or less stride and pooling along the width"
        )
        return Problem(identity, reason, "length")
    return None


def _label_problem(identity: str, text: str, alphabet: Alphabet) -> Problem | None:
    if not text:
        return Problem(identity, "its label is empty")
    if unknown := alphabet.unknown(text):
        named = f"{' '.join(map(repr, unknown[:MAX_NAMED]))}{' …' * (len(unknown) > MAX_NAMED)}"
        return Problem(identity, f"the alphabet lacks {named}", "alphabet")
    return None


def refuse_untrainable(problems: list[Problem], kept: int) -> None:
    """Raise `AlphabetError` or `TrainingError`, naming the first samples. kept: number of trainable samples."""
    if problems:
        named = "; ".join(f"{problem.id}: {problem.reason}" for problem in problems[:MAX_NAMED])
        more = f" (and {len(problems) - MAX_NAMED} more)" if len(problems) > MAX_NAMED else ""
        kind = AlphabetError if any(problem.kind == "alphabet" for problem in problems) else TrainingError
        rest = "--unfit skip leaves them out" if kept else "no other samples are left"
        raise kind(f"{len(problems)} samples cannot be trained on: {named}{more}; {rest}")
