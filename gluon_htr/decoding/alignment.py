"""Alignment of texts with the outputs of CTC: exact probability, and the most probable place of every character."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

NEVER = -1e30


def ctc_scores(log_probabilities: np.ndarray, texts: Sequence[Sequence[int]]) -> np.ndarray:
    """Return the log-probability (N,) of a text for each line, summed over all paths (Graves et al. 2006, section 4.1).

    log_probabilities: (N, T, C), the blank last. A text that does not fit into T steps scores `NEVER` or less.
    """
    emitted, skips, ends = _lattice(log_probabilities, texts)
    alpha = _first(emitted)
    for step in range(1, emitted.shape[1]):
        before = np.logaddexp(alpha, _shifted(alpha, 1))
        before = np.logaddexp(before, np.where(skips, _shifted(alpha, 2), NEVER))
        alpha = before + emitted[:, step]
    return np.logaddexp(*_last(alpha, ends))


def align(log_probabilities: np.ndarray, texts: Sequence[Sequence[int]]) -> list[list[tuple[int, int]]]:
    """Return the time steps start..end (exclusive) of each character of a text of each line, on its best path.

    Each text must fit into the steps.
    """
    emitted, skips, ends = _lattice(log_probabilities, texts)
    lines, steps, states = emitted.shape
    alpha, back = _first(emitted), np.zeros((steps, lines, states), np.int8)
    for step in range(1, steps):
        ways = np.stack([alpha, _shifted(alpha, 1), np.where(skips, _shifted(alpha, 2), 2 * NEVER)])
        back[step] = ways.argmax(axis=0)
        alpha = ways.max(axis=0) + emitted[:, step]
    blank, label = _last(alpha, ends)
    state = np.where(label > blank, ends - 1, ends)
    path = np.empty((steps, lines), np.int64)
    every = np.arange(lines)
    for step in range(steps - 1, -1, -1):
        path[step] = state
        state = state - back[step, every, state]
    return [_places(path[:, line], len(text)) for line, text in enumerate(texts)]


def _lattice(
    log_probabilities: np.ndarray, texts: Sequence[Sequence[int]]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the log-probabilities (N, T, S) of the states of each text with blanks around every character, the states
    (N, S) that can be reached past a blank, and the last state (N,) of each text.
    """
    lines, blank = len(log_probabilities), log_probabilities.shape[2] - 1
    ends = np.array([2 * len(text) for text in texts], np.int64)
    states = np.full((lines, int(ends.max(initial=0)) + 1), blank)
    for line, text in enumerate(texts):
        states[line, 1 : 2 * len(text) : 2] = text
    emitted = np.take_along_axis(log_probabilities, states[:, None, :], axis=2).astype(np.float64)
    skips = (states != blank) & (states != np.roll(states, 2, axis=1))
    skips[:, :2] = False
    return np.maximum(emitted, NEVER), skips, ends


def _first(emitted: np.ndarray) -> np.ndarray:
    alpha = np.full(emitted.shape[::2], NEVER)
    alpha[:, :2] = emitted[:, 0, :2]
    return alpha


def _shifted(alpha: np.ndarray, states: int) -> np.ndarray:
    shifted = np.full_like(alpha, NEVER)
    shifted[:, states:] = alpha[:, :-states]
    return shifted


def _last(alpha: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the scores of the last blank and of the last character, `NEVER` for that of an empty text."""
    every = np.arange(len(alpha))
    return alpha[every, ends], np.where(ends > 0, alpha[every, np.maximum(ends - 1, 0)], NEVER)


def _places(path: np.ndarray, characters: int) -> list[tuple[int, int]]:
    starts = np.searchsorted(path, 2 * np.arange(characters) + 1)
    ends = np.searchsorted(path, 2 * np.arange(characters) + 2)
    return list(zip(starts.tolist(), ends.tolist()))
