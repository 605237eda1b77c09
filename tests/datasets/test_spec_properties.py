"""A spec means what it says: text to spec and back, shares of any size."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gluon_htr.datasets.spec import parse_spec, repeat_counts
from gluon_htr.errors import SpecError

paths = st.text(st.characters(whitelist_categories=("L", "N"), whitelist_characters="/._- "), min_size=1, max_size=20)


@given(paths, st.sampled_from(["train", "validation", "all"]), st.floats(0.001, 1000))
def test_a_spec_is_read_as_it_is_written(path: str, split: str, share: float) -> None:
    """Data would be taken from another place, or in another amount, than was named."""
    spec = parse_spec(f"listing:{path}?split={split}*{share:f}")
    assert str(spec.path) == str(spec.path.__class__(path))
    assert spec.options.split == split
    assert spec.share == pytest.approx(share, abs=1e-6)
    assert spec.text == f"listing:{path}?split={split}*{share:f}"


@given(st.integers(0, 300), st.floats(0.01, 20), st.integers(0, 5))
def test_a_share_takes_that_many_samples(count: int, share: float, seed: int) -> None:
    """A quarter of the data would be a half."""
    counts = repeat_counts(count, share, seed)
    assert counts.sum() == int(share) * count + round((share - int(share)) * count)
    assert counts.max(initial=0) - counts.min(initial=99) <= 1
    assert np.array_equal(counts, repeat_counts(count, share, seed))


@given(st.text(max_size=60))
def test_any_other_text_is_one_error(text: str) -> None:
    """A slip of the keyboard would end in a traceback."""
    try:
        spec = parse_spec(text)
    except SpecError as error:
        assert "\n" not in str(error) or "\n" in text
    else:
        assert spec.text == text
