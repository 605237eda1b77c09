"""The parity check: rounding passes, another network does not."""

from __future__ import annotations

import numpy as np
import pytest

from gluon_htr.errors import GraphError
from gluon_htr.exporting.parity import _ties, compare
from gluon_htr.runtime.backends import LogitsFunction

IMAGES = [np.zeros((2, 8, 16), np.uint8)]


def network(largest: float, off: float = 0.0) -> LogitsFunction:
    """Two lines of two steps and three classes; its largest logit is `largest`, and another is `off` by that much."""

    def logits(images: np.ndarray) -> np.ndarray:
        out = np.tile(np.array([largest, 0.0, -1.0], np.float32), (len(images), 2, 1))
        out[0, 0, 2] += off
        return out

    return logits


@pytest.mark.parametrize(("largest", "off"), [(0.5, 9e-6), (4, 3.9e-5), (30, 2.9e-4)])
def test_rounding_does_not_stop_an_export(largest: float, off: float) -> None:
    """After hours of training nothing could be exported."""
    verdict = compare(network(largest), network(largest, off), [], IMAGES)
    assert verdict.difference == pytest.approx(off, rel=0.02)
    assert verdict.ties == 0


@pytest.mark.parametrize(
    ("largest", "off"),
    [(0.5, 1.2e-5), (4, 4.2e-5), (30, 3.2e-4), (4, np.nan), (4, np.inf), (np.inf, 0), (np.nan, 0)],
)
def test_more_than_rounding_stops_it(largest: float, off: float) -> None:
    """A converted network that is another one would be shipped."""
    with pytest.raises(GraphError, match="disagree"):
        compare(network(largest), network(1.0 if np.isinf(largest) else largest, off), [], IMAGES)


def test_a_refusal_names_the_layer() -> None:
    """Nobody would know where to look for the defect."""
    with pytest.raises(GraphError, match=r"first layer that differs is encoder1_rnn0"):
        compare(network(4), network(4, 1), IMAGES, [], lambda images: "encoder1_rnn0 (RNN), by 1")
    with pytest.raises(GraphError, match="No single layer"):
        compare(network(4), network(4, 1), IMAGES, [])


def torn(by: float) -> LogitsFunction:
    """Two classes that are equal but for `by`."""
    return lambda images: np.tile(np.array([1.0 + by, 1.0, 0.0], np.float64), (len(images), 2, 1))


def test_a_tie_is_counted_and_does_not_stop_it() -> None:
    """After hours of training nothing could be exported, for two classes that nobody can tell apart."""
    assert compare(torn(-4e-6), torn(4e-6), IMAGES, IMAGES).ties == 4


def test_another_text_that_is_no_tie_stops_it() -> None:
    """A bundle would read other texts than the network that was trained."""
    with pytest.raises(GraphError, match="a text differs"):
        _ties(torn(-1e-3)(IMAGES[0]), torn(1e-3)(IMAGES[0]), 1e-5, "here")


def test_another_confidence_stops_it() -> None:
    """What a bundle is sure of would be another thing than in training."""
    unsure, sure = torn(0.1)(IMAGES[0]), torn(1.1)(IMAGES[0])
    with pytest.raises(GraphError, match="confidence"):
        _ties(unsure, sure, 1.0, "here")
