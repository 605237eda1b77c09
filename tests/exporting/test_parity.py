"""What the gate takes for rounding, and what for another network."""

from __future__ import annotations

import numpy as np
import pytest

from gluon_htr.errors import GraphError
from gluon_htr.exporting.parity import compare
from gluon_htr.runtime.backends import Network

IMAGES = [np.zeros((2, 8, 16), np.uint8)]


def network(largest: float, off: float = 0.0) -> Network:
    """Two lines of two steps and three classes; its largest logit is `largest`, and another is `off` by that much."""

    def logits(images: np.ndarray) -> np.ndarray:
        out = np.tile(np.array([largest, 0.0, -1.0], np.float32), (len(images), 2, 1))
        out[0, 0, 2] += off
        return out

    return logits


@pytest.mark.parametrize("largest", [4, 30])
def test_rounding_does_not_stop_an_export(largest: float) -> None:
    """After hours of training nothing could be exported."""
    verdict = compare(network(largest), network(largest, 9e-5), [], IMAGES)
    assert verdict.difference == pytest.approx(9e-5, rel=0.01)


@pytest.mark.parametrize(
    ("largest", "off"), [(4, 1.2e-4), (30, 1.2e-4), (4, np.nan), (4, np.inf), (np.inf, 0), (np.nan, 0)]
)
def test_more_than_rounding_stops_it(largest: float, off: float) -> None:
    """A converted network that is another one would be shipped."""
    with pytest.raises(GraphError, match="disagree"):
        compare(network(largest), network(1.0 if np.isinf(largest) else largest, off), [], IMAGES)


def test_another_text_stops_it_however_small_the_difference() -> None:
    """A bundle would read other texts than the network that was trained."""

    def torn(by: float) -> Network:
        return lambda images: np.tile(np.array([1.0 + by, 1.0, 0.0], np.float32), (len(images), 2, 1))

    with pytest.raises(GraphError, match="a text differs"):
        compare(torn(-1e-5), torn(1e-5), IMAGES, [])
