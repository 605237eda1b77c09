"""Half the bytes, the same function."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from needs_mxnet import need_mxnet
from small_networks import NETWORKS, export_with_norms, images, network

onnx = pytest.importorskip("onnx")
mx = need_mxnet()

from gluon_htr.graphs.onnx.inspection import check_graph
from gluon_htr.graphs.onnx.splitting import split
from gluon_htr.graphs.onnx.storage import rounded, store_weights
from gluon_htr.graphs.onnx.writer import to_onnx
from gluon_htr.graphs.params import load_parameters
from gluon_htr.graphs.symbol import load_graph
from gluon_htr.images.preprocessing import to_network_input
from gluon_htr.networks.presets import preset_names
from gluon_htr.runtime.backends import onnx_network


def pair(name: str, folder: Path) -> tuple:
    """A network with batch norms that matter."""
    export_with_norms(name, folder)
    return load_graph(folder / "symbol.json"), load_parameters(folder / "model.params")


@pytest.mark.parametrize("name", NETWORKS)
def test_stored_weights_are_half_the_bytes_and_the_same_numbers(name: str, tmp_path: Path) -> None:
    """A small bundle would read differently from the network that was scored."""
    graph, parameters = pair(name, tmp_path)
    small = rounded(parameters)
    assert {array.dtype for key, array in small.items() if array.ndim > 1} == {np.dtype(np.float16)}
    assert all(array.dtype == np.float32 for array in small.values() if array.ndim == 1)
    whole = to_onnx(graph, small)
    stored = store_weights(whole, small).SerializeToString()
    share = 0.56 if name in preset_names() else 0.75  # small ones are mostly names
    assert len(stored) < share * len(whole.SerializeToString())
    check_graph(stored)
    page = images(network(name), 3)
    logits = onnx_network(whole.SerializeToString())(page)
    np.testing.assert_allclose(onnx_network(stored)(page), logits, atol=2e-6 * np.abs(logits).max(), rtol=0)


def test_numbers_that_float16_does_not_reach_are_kept() -> None:
    """A weight of 70,000 would become infinite."""
    large = {"arg:w": np.full((2, 2), 7e4, np.float32), "arg:v": np.ones((2, 2), np.float32)}
    assert rounded(large)["arg:w"].dtype == np.float32
    assert rounded(large)["arg:v"].dtype == np.float16


@pytest.mark.parametrize("name", ["words", "gated convolutions"])
def test_the_two_parts_are_the_whole(name: str, tmp_path: Path) -> None:
    """Featurizer and tail could not run on different devices."""
    import onnxruntime

    model = to_onnx(*pair(name, tmp_path))
    featurizer, tail = (part.SerializeToString() for part in split(model))
    page = images(network(name), 2)
    features = onnxruntime.InferenceSession(featurizer).run(["features"], {"image": to_network_input(page)})[0]
    logits = onnxruntime.InferenceSession(tail).run(["logits"], {"features": features})[0]
    np.testing.assert_allclose(logits, onnx_network(model.SerializeToString())(page), atol=1e-5, rtol=0)
