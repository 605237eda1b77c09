"""Hypothesis strategies for the values that tests of several packages draw."""

from __future__ import annotations

from unicodedata import category

import numpy as np
from hypothesis import strategies as st

#: Characters that a person may write: nothing invisible, no surrogates, no unassigned code points.
letters = st.characters(blacklist_categories=("Cs", "Cc", "Cf", "Cn", "Co"))
#: Texts as labels have them: single spaces, none at the ends.
_tokens = st.text(letters.filter(lambda c: not category(c).startswith("Z")), min_size=1, max_size=8)
labels = st.lists(_tokens, max_size=6).map(" ".join)
#: Labels that are not empty.
words = labels.filter(bool)
#: Logits (N, T, C) with a blank as the last class.
logits = st.tuples(st.integers(1, 3), st.integers(1, 12), st.integers(2, 5), st.integers(0, 2**32 - 1)).map(
    lambda sizes: np.random.default_rng(sizes[3]).normal(0, 3, sizes[:3]).astype(np.float32)
)
#: A point in or around a page of 1000 × 800 pixels, as PAGE writes it.
points = st.tuples(st.integers(-200, 1200), st.integers(-200, 1000)).map(lambda point: f"{point[0]},{point[1]}")
#: Polygons of any kind: crossed, degenerate, beyond the page.
polygons = st.lists(points, min_size=3, max_size=8).map(" ".join)
#: Baselines of any kind, or none.
baselines = st.one_of(st.just(""), st.lists(points, min_size=2, max_size=5).map(" ".join))
