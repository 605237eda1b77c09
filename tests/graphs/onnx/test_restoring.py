"""Weights that are stored once, in the ONNX graph, give the exported pair back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from needs_mxnet import need_mxnet
from small_networks import CLASSES, NETWORKS, network

onnx = pytest.importorskip("onnx")
mx = need_mxnet()

from gluon_htr.errors import ParametersError
from gluon_htr.graphs.onnx.initializers import initializers
from gluon_htr.graphs.onnx.restoring import remainder, restore
from gluon_htr.graphs.onnx.storage import rounded, store_weights
from gluon_htr.graphs.onnx.writer import to_onnx
from gluon_htr.graphs.params import load_parameters, pack_parameters
from gluon_htr.graphs.symbol import Graph, load_graph
from gluon_htr.networks.recognizer import build, export_pair


def trained(name: str, folder: Path) -> tuple[Graph, dict[str, np.ndarray]]:
    """A network in which no parameter is a round number, as after a training."""
    recognizer = build(network(name), CLASSES, seed=3)
    generator = np.random.default_rng(5)
    for parameter in recognizer.collect_params().values():
        parameter.set_data(mx.nd.array(generator.uniform(0.2, 1.8, parameter.shape)))
    export_pair(recognizer, folder)
    graph, parameters = load_graph(folder / "symbol.json"), load_parameters(folder / "model.params")
    return graph, {name: parameters[name] for name in graph.parameters}  # MXNet writes them in another order


@pytest.mark.parametrize("half", [False, True], ids=["float32", "float16"])
@pytest.mark.parametrize("name", NETWORKS)
def test_the_pair_comes_back_bit_for_bit(name: str, half: bool, tmp_path: Path) -> None:
    """Whoever goes on training a bundle would start from other weights than those that were scored."""
    graph, parameters = trained(name, tmp_path)
    parameters = rounded(parameters) if half else parameters
    stored = initializers(store_weights(to_onnx(graph, parameters), parameters).SerializeToString())
    kept = remainder(graph, parameters, stored)
    assert pack_parameters(restore(graph, stored, kept)) == pack_parameters(parameters)
    large = [key for key in kept if parameters[key].size >= 1024]
    assert not large  # these would be stored twice


def test_a_parameter_that_is_nowhere_is_named(tmp_path: Path) -> None:
    """A damaged bundle would be trained on with weights of nothing."""
    graph, parameters = trained("words", tmp_path)
    stored = initializers(store_weights(to_onnx(graph, parameters), parameters).SerializeToString())
    kept = remainder(graph, parameters, stored)
    lost = next(name for name in kept if name.endswith("gamma"))
    with pytest.raises(ParametersError, match=lost):
        restore(graph, stored, {key: value for key, value in kept.items() if key != lost})
