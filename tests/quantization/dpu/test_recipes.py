"""Scales, their improvements, and what cannot be quantized."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
from onnx import helper
from small_featurizers import everything, featurizer, images

from gluon_htr.datasets.store import Store
from gluon_htr.errors import DataError, GraphError, UsageError
from gluon_htr.images.preprocessing import Preprocessing, to_network_input
from gluon_htr.quantization.calibration import checked, stacked
from gluon_htr.quantization.dpu.evaluation import noise
from gluon_htr.quantization.dpu.graphs import StaticGraph
from gluon_htr.quantization.dpu.improvements import corrected, equalized
from gluon_htr.quantization.dpu.qdq import quantize, to_qdq
from gluon_htr.quantization.dpu.recipes import Recipe, prepared
from gluon_htr.quantization.dpu.running import Tensors, session
from gluon_htr.quantization.dpu.scales import exponent_of, nonoverflow, quantized
from gluon_htr.quantization.dpu.sources import open_source
from gluon_htr.quantization.dpu.splitting import halves


@pytest.fixture(scope="module")
def words() -> StaticGraph:
    return halves(open_source("words")).featurizer


def test_the_smallest_error_is_found() -> None:
    """Accuracy would be given away: one outlier would take half of all steps."""
    values = np.append(np.random.default_rng(0).normal(0, 0.02, 50_000), 1.5).astype(np.float32)
    best = min(range(-2, 16), key=lambda k: np.square(values - quantized(values, k) / 2.0**k).sum())
    assert exponent_of(values, "minmse") == best
    assert exponent_of(values, "nonoverflow") < best


@pytest.mark.parametrize("largest", [0.003, 0.99, 1.0, 1.01, 127.0, 127.6, 3000.0])
def test_what_must_not_overflow_does_not(largest: float) -> None:
    """The largest numbers would be cut off although nobody asked for it; or half of the steps would be wasted."""
    exponent = nonoverflow(largest)
    assert largest * 2.0**exponent < 127.5 <= largest * 2.0 ** (exponent + 1)


def test_a_tensor_of_zeros_has_a_scale() -> None:
    """A network with a dead layer could not be quantized."""
    for method in ("minmse", "nonoverflow"):
        assert np.isfinite(2.0 ** -exponent_of(np.zeros(4, np.float32), method))


def test_all_scales_are_powers_of_two_and_all_weights_int8(words: StaticGraph) -> None:
    """The vendor's compiler would refuse the graph, or keep the layer on the CPU."""
    model = to_qdq(quantize(words, images(8, 48, 192)))
    arrays = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            mantissa, _ = np.frexp(arrays[node.input[1]])
            assert mantissa == 0.5
            assert arrays[node.input[1]].shape == ()
            assert arrays[node.input[2]] == 0
    assert {array.dtype for array in arrays.values()} == {np.dtype(np.int8), np.dtype(np.float32)}
    assert all(array.ndim == 0 for array in arrays.values() if array.dtype == np.float32)


def test_equalization_leaves_the_function_and_lowers_the_noise() -> None:
    """The option would change what the network reads, or do nothing."""
    pages, network = images(24), everything(3)
    other = equalized(network)
    for one, two in zip(Tensors(network.model, ["features"], pages), Tensors(other.model, ["features"], pages)):
        np.testing.assert_allclose(one["features"], two["features"], atol=1e-4)
    before, after = (noise(n.model, to_qdq(quantize(n, pages)), pages)[-1].decibels for n in (network, other))
    assert after > before + 1


def test_bias_correction_lowers_the_mean_error(words: StaticGraph) -> None:
    """The option would make things worse in silence."""
    pages = images(16, 48, 192)
    made = quantize(words, pages, "nonoverflow")

    def error(model: Any) -> float:
        exact, rounded = (
            np.concatenate([session(one).run(None, {"image": to_network_input(page[None])})[0] for page in pages])
            for one in (words.model, model)
        )
        return float(np.abs((exact - rounded).mean(axis=(0, 2, 3))).mean())

    assert error(to_qdq(corrected(made, pages, "nonoverflow"))) < error(to_qdq(made))


def _refused(operator: str, **options: Any) -> None:
    network = featurizer(
        helper.make_node("Conv", ["image", "w"], ["c"], kernel_shape=[1, 1]),
        helper.make_node(operator, ["c"], ["features"], **options),
        w=np.ones((2, 1, 1, 1), np.float32),
    )
    quantize(network, images(2))


def test_what_has_no_int8_form_is_named() -> None:
    """A layer would quietly stay float, or be computed wrongly."""
    for operator, options in (("Sigmoid", {}), ("Tanh", {}), ("MaxPool", {"kernel_shape": [3, 3], "ceil_mode": 1})):
        with pytest.raises(GraphError, match=f"features: .*({operator}|ceil_mode)"):
            _refused(operator, **options)
    with pytest.raises(UsageError, match="minmse"):
        prepared(Recipe("entropy"), halves(open_source("words")))


def test_images_that_cannot_calibrate_are_refused() -> None:
    """Scales would be chosen on nothing, and the network would read nothing."""
    preprocessing = Preprocessing("box", 16, 24)
    for pages, says in (
        (np.zeros((0, 16, 24), np.uint8), "empty"),
        (images(2, 20, 24), "20 x 24.*16 x 24"),
        (np.full((3, 16, 24), 255, np.uint8), "one value"),
    ):
        with pytest.raises(DataError, match=says):
            checked(pages, preprocessing)
    mixed = Store.collect([("a", "x", "g", images(1)[0]), ("b", "y", "g", images(1, 20, 24)[0])], [])
    with pytest.raises(DataError, match="differ in size"):
        stacked(mixed)


def test_a_width_that_does_not_fit_is_refused() -> None:
    """The board would get a network of a size that it never reads."""
    with pytest.raises(UsageError, match="192"):
        open_source("words", 100)
