"""The simulator and ONNX Runtime agree to the last bit, so that one of them can stand for the other."""

from __future__ import annotations

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
from small_featurizers import everything, images

from gluon_htr.images.preprocessing import to_network_input
from gluon_htr.quantization.dpu.graphs import StaticGraph
from gluon_htr.quantization.dpu.qdq import Quantized, quantize, to_qdq
from gluon_htr.quantization.dpu.running import session
from gluon_htr.quantization.dpu.scales import METHODS
from gluon_htr.quantization.dpu.simulator import EXACT, headroom, shifted, simulate
from gluon_htr.quantization.dpu.sources import open_source
from gluon_htr.quantization.dpu.splitting import halves


@pytest.fixture(scope="module")
def words() -> StaticGraph:
    """The trained featurizer that ships."""
    return halves(open_source("words")).featurizer


def _compare(made: Quantized, pages: np.ndarray, optimized: bool) -> None:
    model = to_qdq(made)
    names = [f"{step.output}:q" for step in made.steps]
    runtime = session(model, names, optimized)
    assert headroom(made) < EXACT
    for page in pages:
        found = simulate(made, to_network_input(page[None]))
        for name, theirs in zip(names, runtime.run(names, {"image": to_network_input(page[None])})):
            np.testing.assert_array_equal(found[name.removesuffix(":q")], theirs, err_msg=name)


@pytest.mark.parametrize("optimized", [True, False])
def test_a_trained_featurizer_gives_the_same_integers(words: StaticGraph, optimized: bool) -> None:
    """What was evaluated would not be what a test of the board is compared with."""
    pages = images(4, 48, 192)
    _compare(quantize(words, pages), pages, optimized)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("seed", range(5))
def test_every_operator_gives_the_same_integers(seed: int, method: str) -> None:
    """Only the shipped network would be right: strides, dilation, groups, leaky ReLUs and sums are simulated, too."""
    pages = images(3, seed=seed)
    made = quantize(everything(seed), pages, method)
    for optimized in (True, False):
        _compare(made, pages, optimized)


def test_the_output_is_that_of_the_integers(words: StaticGraph) -> None:
    """The tail would get other features than the simulator says."""
    page = images(1, 48, 192)
    made = quantize(words, page)
    (features,) = session(to_qdq(made)).run(None, {"image": to_network_input(page)})
    expected = simulate(made, to_network_input(page))["features"] * np.float32(2.0 ** -made.exponents["features"])
    np.testing.assert_array_equal(features, expected)


def test_halves_go_to_the_even_neighbor() -> None:
    """A systematic error of half a step would pass from layer to layer."""
    sums = np.array([-6, -5, -3, -2, -1, 0, 1, 2, 3, 5, 6, 1000, -1000])
    np.testing.assert_array_equal(shifted(sums, 2), np.clip(np.rint(sums / 4), -128, 127))
    np.testing.assert_array_equal(shifted(sums, -3), np.clip(sums * 8, -128, 127))
