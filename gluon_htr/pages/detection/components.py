"""Connected components of a mask, in numpy: runs of each row are joined by union-find (8-connectivity)."""

from __future__ import annotations

import numpy as np


def components(mask: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the rows and columns of the pixels of each component, in the order of their first pixels.

    mask: (H, W) bool.
    """
    padded = np.zeros((mask.shape[0], mask.shape[1] + 2), np.int8)
    padded[:, 1:-1] = mask
    steps = np.diff(padded, axis=1)
    rows, starts = np.nonzero(steps == 1)
    ends = np.nonzero(steps == -1)[1]  # behind the last column
    parents = _joined(rows, starts, ends)
    lengths = ends - starts
    y = np.repeat(rows, lengths)
    x = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths) + np.repeat(starts, lengths)
    label = np.repeat(parents, lengths)
    order = np.argsort(label, kind="stable")
    cuts = np.nonzero(np.diff(label[order]))[0] + 1
    return list(zip(np.split(y[order], cuts), np.split(x[order], cuts))) if len(order) else []


def _joined(rows: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return the first run of the component of each run."""
    parents = list(range(len(rows)))

    def root(run: int) -> int:
        while parents[run] != run:
            parents[run] = parents[parents[run]]
            run = parents[run]
        return run

    row, start, end = rows.tolist(), starts.tolist(), ends.tolist()
    above = 0
    for run in range(len(row)):
        while above < run and (row[above] < row[run] - 1 or (row[above] == row[run] - 1 and end[above] < start[run])):
            above += 1
        other = above
        while other < run and row[other] == row[run] - 1 and start[other] <= end[run]:
            if end[other] >= start[run]:
                a, b = sorted((root(other), root(run)))
                parents[b] = a
            other += 1
    return np.array([root(run) for run in range(len(row))], int)
