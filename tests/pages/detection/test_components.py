"""Connected components of masks."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gluon_htr.pages.detection.components import components

masks = st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(lambda shape: arrays(bool, shape))


def flooded(mask: np.ndarray) -> set[frozenset[tuple[int, int]]]:
    """Components found pixel by pixel."""
    left = {(int(y), int(x)) for y, x in zip(*np.nonzero(mask))}
    found = set()
    while left:
        part, waiting = set(), [left.pop()]
        while waiting:
            y, x = waiting.pop()
            part.add((y, x))
            near = {(y + i, x + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & left
            left -= near
            waiting += near
        found.add(frozenset(part))
    return found


@given(masks)
def test_components_are_those_of_a_flood(mask: np.ndarray) -> None:
    """Baselines would be cut in pieces, or lines joined that do not touch."""
    found = components(mask)
    assert {frozenset(zip(rows.tolist(), columns.tolist())) for rows, columns in found} == flooded(mask)
    assert sum(len(rows) for rows, _ in found) == mask.sum()


def test_an_empty_mask_has_none() -> None:
    """A blank page would be an error."""
    assert components(np.zeros((4, 5), bool)) == []
