"""Percentiles by which paper is told from ink."""

from __future__ import annotations

import numpy as np
import pytest

from gluon_htr.images.histogram import median, percentiles

SHARES = [0, 0.5, 1, 33.3, 50, 80, 99.5, 100]


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (7, 9), (60, 1001)])
@pytest.mark.parametrize("top", [1, 3, 256])
def test_percentiles_are_those_of_numpy(shape: tuple[int, int], top: int) -> None:
    """Other levels of paper and ink would change what is read."""
    image = np.random.default_rng(top).integers(0, top, shape).astype(np.uint8)
    np.testing.assert_allclose(percentiles(image, SHARES), np.percentile(image, SHARES), atol=1e-9)
    assert median(image) == np.median(image)
    assert median(image[:, ::-1].T) == np.median(image)
    known = np.random.default_rng(0).random(shape) < 0.5
    known[0, 0] = True
    np.testing.assert_allclose(percentiles(image, SHARES, known), np.percentile(image[known], SHARES), atol=1e-9)
