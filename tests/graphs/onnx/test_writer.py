"""ONNX made from the pair gives MXNet's logits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from needs_mxnet import need_mxnet
from small_graphs import operators
from small_networks import CLASSES, NETWORKS, export_with_norms, images, network

onnx = pytest.importorskip("onnx")
mx = need_mxnet()
import onnxruntime

from gluon_htr.errors import GraphError, ParametersError
from gluon_htr.graphs.onnx.writer import OPSETS, to_onnx
from gluon_htr.graphs.params import load_parameters
from gluon_htr.graphs.symbol import load_graph, parse_graph
from gluon_htr.images.preprocessing import to_network_input


def _session(model: Any) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("name", NETWORKS)
def test_onnx_runtime_gives_mxnets_logits_at_every_batch_and_width(name: str, tmp_path: Path) -> None:
    """A model would read differently once it is exported."""
    recognizer = export_with_norms(name, tmp_path)
    model = to_onnx(load_graph(tmp_path / "symbol.json"), load_parameters(tmp_path / "model.params"))
    session, step = _session(model), network(name).network.step_width
    for batch, width in ((1, 3 * step), (3, 8 * step), (16, 16 * step)):
        image = to_network_input(images(network(name), batch, seed=width)[:, :, :width])
        (logits,) = session.run(None, {"image": image})
        assert logits.shape == (batch, width // step, CLASSES)
        bound = 1e-5 * max(1.0, float(np.abs(logits).max()))  # that of `export`: depth makes large logits
        np.testing.assert_allclose(logits, recognizer(mx.nd.array(image)).asnumpy(), atol=bound, rtol=0)


@pytest.mark.parametrize("opset", OPSETS)
def test_every_opset_that_is_offered_runs(opset: int, tmp_path: Path) -> None:
    """A runtime that wants another opset could not be served."""
    recognizer = export_with_norms("notebook", tmp_path)
    pair = load_graph(tmp_path / "symbol.json"), load_parameters(tmp_path / "model.params")
    model = to_onnx(*pair, opset=opset, height=32)
    image = to_network_input(images(network("notebook"), 2))
    (logits,) = _session(model).run(None, {"image": image})
    np.testing.assert_allclose(logits, recognizer(mx.nd.array(image)).asnumpy(), atol=1e-4, rtol=0)
    assert model.opset_import[0].version == opset


@pytest.mark.parametrize("name", NETWORKS)
def test_the_graph_can_be_cut_at_features(name: str, tmp_path: Path) -> None:
    """Featurizer and tail could not run on different devices."""
    export_with_norms(name, tmp_path)
    model = to_onnx(load_graph(tmp_path / "symbol.json"), load_parameters(tmp_path / "model.params"))
    onnx.save(model, str(tmp_path / "whole.onnx"))
    parts = (("head.onnx", ["image"], ["features"]), ("tail.onnx", ["features"], ["logits"]))
    for file, inputs, outputs in parts:
        onnx.utils.extract_model(str(tmp_path / "whole.onnx"), str(tmp_path / file), inputs, outputs)
    image = to_network_input(images(network(name), 2))
    (features,) = _single_threaded(tmp_path / "head.onnx").run(None, {"image": image})
    (logits,) = _single_threaded(tmp_path / "tail.onnx").run(None, {"features": features})
    np.testing.assert_array_equal(logits, _single_threaded(tmp_path / "whole.onnx").run(None, {"image": image})[0])
    assert features.ndim == 4


def _single_threaded(path: Path) -> onnxruntime.InferenceSession:
    """On a busy machine several threads part their sums differently from one run to the next."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options)


def test_batch_norms_after_convolutions_are_folded(tmp_path: Path) -> None:
    """Reading would be slower than it needs to be, and a DPU could not take the graph."""
    for name, left in (("lines", 0), ("words", 0), ("notebook", 3)):  # the notebook's come after the ReLU
        export_with_norms(name, tmp_path)
        model = to_onnx(load_graph(tmp_path / "symbol.json"), load_parameters(tmp_path / "model.params"))
        operators = [node.op_type for node in model.graph.node]
        assert operators.count("BatchNormalization") == left
        assert "Identity" not in operators


data = mx.sym.reshape(mx.sym.var("data"), (0, 4, -1, 0))  # four channels out of a gray image
shared = mx.sym.var("shared_weight")
convolution = mx.sym.Convolution(data, kernel=(3, 3), num_filter=4, pad=(1, 1), name="c")
twice = [mx.sym.Convolution(data, shared, kernel=(1, 1), num_filter=4, no_bias=True, name=f"s{n}") for n in (1, 2)]
GRAPHS = {
    "batch norm that ignores its gamma": mx.sym.BatchNorm(convolution, fix_gamma=True, name="n"),
    "batch norm alone, ignoring its gamma": mx.sym.BatchNorm(data, fix_gamma=True, name="n"),
    "convolution also used without its norm": mx.sym.BatchNorm(convolution, fix_gamma=False, name="n") + convolution,
    "weights that two convolutions share": mx.sym.BatchNorm(twice[0], fix_gamma=False, name="n") + twice[1],
    "dropped twice": mx.sym.Dropout(convolution, name="d1") + mx.sym.Dropout(mx.sym.Dropout(convolution, name="d2")),
    "dropout at the end": mx.sym.Dropout(mx.sym.relu(data), name="d"),
    "dropout at the start": mx.sym.relu(mx.sym.Dropout(data, name="d")),
    **operators(data),
    "global pooling": mx.sym.Pooling(data, global_pool=True, pool_type="max", kernel=(1, 1)),
    "flat": mx.sym.flatten(mx.sym.tanh(mx.sym.sigmoid(data))),
    **{
        f"reshape {codes}": mx.sym.relu(mx.sym.reshape(data, codes))
        for codes in (
            (0, -1),
            (-2,),
            (0, -3, -1),
            (-3, -3),
            (0, -4, 2, -1, -2),
            (-4, -1, 1, 0, 0, 0),
            (4, -1, 0),
            (-1,),
        )
    },
    "the notebook's reshapes": mx.sym.reshape(
        mx.sym.reshape(mx.sym.transpose(data, axes=(0, 3, 1, 2)), (0, -4, -1, 2, -3)), (0, 0, -3)
    ),
}


def _mxnet_and_onnx(symbol: Any, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(1)
    shapes, _, statistics = symbol.infer_shape(data=shape)
    arguments = {n: generator.uniform(0.1, 1, s).astype("f") for n, s in zip(symbol.list_arguments(), shapes)}
    auxiliary = {
        n: generator.uniform(0.1, 1, s).astype("f") for n, s in zip(symbol.list_auxiliary_states(), statistics)
    }
    symbol = mx.sym.reshape(symbol, (-1, 1, 1))  # a recognizer's logits have three axes
    bound = symbol.bind(
        mx.cpu(),
        {n: mx.nd.array(a) for n, a in arguments.items()},
        aux_states={n: mx.nd.array(a) for n, a in auxiliary.items()},
    )
    parameters = {f"arg:{n}": a for n, a in arguments.items()} | {f"aux:{n}": a for n, a in auxiliary.items()}
    model = to_onnx(parse_graph(symbol.tojson()), parameters)
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = shape[
        1
    ]  # ours have gray images, these four channels
    return bound.forward()[0].asnumpy(), _session(model).run(None, {"image": arguments["data"]})[0]


@pytest.fixture
def plain_mxnet(monkeypatch: pytest.MonkeyPatch) -> None:
    """MXNet without its fusion of operators, which is wrong where a convolution has two users."""
    monkeypatch.setenv("MXNET_SUBGRAPH_BACKEND", "NONE")


@pytest.mark.usefixtures("plain_mxnet")
@pytest.mark.parametrize("name", GRAPHS)
def test_graphs_of_other_people_mean_the_same(name: str) -> None:
    """A Gluon model that somebody else trained would be exported to something else."""
    theirs, ours = _mxnet_and_onnx(GRAPHS[name], (2, 1, 28, 8))
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("layers", "both", "layout"), [(1, False, "NTC"), (3, True, "TNC"), (2, False, "TNC")])
def test_lstms_of_any_depth_mean_the_same(layers: int, both: bool, layout: str) -> None:
    """Layers or directions would be mixed up, as MXNet's own exporter does."""
    lstm = mx.gluon.rnn.LSTM(6, layers, layout, bidirectional=both, input_size=8, prefix="lstm_")
    steps = mx.sym.squeeze(mx.sym.var("data"), axis=1)
    theirs, ours = _mxnet_and_onnx(lstm(steps), (2, 1, 28, 8))
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_what_does_not_fit_is_one_error(tmp_path: Path) -> None:
    """The user would get a traceback, or a model that no runtime takes."""
    export_with_norms("lines", tmp_path)
    graph, parameters = load_graph(tmp_path / "symbol.json"), load_parameters(tmp_path / "model.params")
    with pytest.raises(GraphError, match="opset 12"):
        to_onnx(graph, parameters, opset=12)
    for key in (
        "arg:stage2_conv_weight",
        "arg:encoder1_r0_h2h_weight",
        "arg:decoder_weight",
        "aux:stage1_norm_running_var",
    ):
        with pytest.raises(ParametersError, match=key):
            to_onnx(graph, {name: value for name, value in parameters.items() if name != key})
        with pytest.raises(GraphError, match="do not fit"):
            to_onnx(graph, parameters | {key: np.ones((3, 7), np.float32)})
    with pytest.raises(GraphError, match="squeeze without axes"):
        to_onnx(parse_graph(mx.sym.squeeze(data).tojson()), {})
    with pytest.raises(GraphError, match="differ in rank"):
        to_onnx(parse_graph(mx.sym.expand_dims(data, axis=0).tojson()), {})  # neither logits nor maps
