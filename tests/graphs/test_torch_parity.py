"""The torch module computes what MXNet computes: output, loss, every gradient, running statistics."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from needs_mxnet import need_mxnet
from small_graphs import operators
from small_networks import CLASSES, NETWORKS, images, network, without_dropout

torch = pytest.importorskip("torch")
mx = need_mxnet()
from gluon_htr.errors import GraphError, ParametersError
from gluon_htr.graphs.params import load_parameters
from gluon_htr.graphs.symbol import Node, load_graph, parse_graph
from gluon_htr.graphs.torch_module import GraphModule, _dropout, reshaped
from gluon_htr.images.preprocessing import to_network_input
from gluon_htr.networks.recognizer import build, export_pair

pytestmark = pytest.mark.torch
TOLERANCE = 1e-4  # relative to the gradient's norm
DRAWS = 10
LABELS, LENGTHS = np.array([[3, 3, 1, 0, 5], [2, 7, -1, -1, -1], [9, -1, -1, -1, -1]], np.int32), np.array([5, 2, 1])


@pytest.mark.parametrize("name", NETWORKS)
def test_loss_and_every_gradient_agree_with_mxnet(name: str, tmp_path: Path) -> None:
    """`--engine torch` would train another network than MXNet.

    A ReLU or max-pool whose inputs differ by less than the rounding may go the other way, and one alone changes a
    gradient by a thousandth. That strikes a draw of weights and images by chance; a difference in meaning strikes all.
    """
    for seed in range(DRAWS):
        worst = _worst_gradient(name, seed, tmp_path / str(seed))
        assert worst < 0.1
        if worst < TOLERANCE:
            return
    pytest.fail(f"in none of {DRAWS} draws did all gradients agree; the last differed by {worst:.1e}")


def _worst_gradient(name: str, seed: int, folder: Path) -> float:
    """The largest relative difference of a parameter's gradient; loss and running statistics are checked here."""
    preset = network(name)
    export_pair(build(preset, CLASSES, seed), folder)
    without_dropout(folder)
    width = 8 * preset.network.step_width  # few time steps: few ReLUs at the edge
    image = to_network_input(images(preset, 3, seed)[:, :, :width])
    their_loss, theirs, their_statistics = _mxnet_gradients(folder, image)
    our_loss, ours, our_statistics = _torch_gradients(folder, image)
    assert our_loss == pytest.approx(their_loss, rel=TOLERANCE)
    assert ours.keys() == theirs.keys()
    for key, value in their_statistics.items():
        np.testing.assert_allclose(our_statistics[key], value, rtol=TOLERANCE, atol=1e-6, err_msg=key)
    return max(float(np.linalg.norm(ours[key] - theirs[key]) / np.linalg.norm(theirs[key])) for key in ours)


def _mxnet_gradients(folder: Path, image: np.ndarray) -> tuple[float, dict[str, Any], dict[str, Any]]:
    block = mx.gluon.SymbolBlock(mx.sym.load(str(folder / "symbol.json")), mx.sym.var("data", dtype="float32"))
    block.load_parameters(str(folder / "model.params"))
    with mx.autograd.record():
        logits = block(mx.nd.array(image))
        loss = mx.gluon.loss.CTCLoss()(logits, mx.nd.array(LABELS), None, mx.nd.array(LENGTHS)).mean()
    loss.backward()
    parameters = block.collect_params()
    gradients = {name: p.grad().asnumpy() for name, p in parameters.items() if p.grad_req != "null"}
    return loss.asscalar(), gradients, {name: p.data().asnumpy() for name, p in parameters.items() if "running" in name}


def _torch_gradients(folder: Path, image: np.ndarray) -> tuple[float, dict[str, Any], dict[str, Any]]:
    graph = load_graph(folder / "symbol.json")
    module = GraphModule(graph, load_parameters(folder / "model.params")).train()
    scores = module(torch.from_numpy(image)).log_softmax(2).transpose(0, 1)
    labels, steps = torch.from_numpy(LABELS).clamp(min=0).long(), torch.full((3,), len(scores))
    loss = torch.nn.functional.ctc_loss(
        scores, labels, steps, torch.from_numpy(LENGTHS), CLASSES - 1, reduction="none"
    ).mean()
    loss.backward()
    gradients = {name: module.tensor(name).grad.numpy() for name in graph.weights}
    return loss.item(), gradients, {name: module.tensor(name).numpy() for name in graph.statistics}


def _agree(symbol: Any, shape: tuple[int, ...], training: bool = False) -> None:
    """A symbol of a few operators gives the same under both, at random parameters."""
    generator = np.random.default_rng(1)
    shapes, _, statistics = symbol.infer_shape(data=shape)
    names = dict(zip(symbol.list_arguments(), shapes)) | dict(zip(symbol.list_auxiliary_states(), statistics))
    arrays = {name: generator.uniform(0.1, 1, size).astype("f") for name, size in names.items()}
    prefixed = {f"{'aux' if n in symbol.list_auxiliary_states() else 'arg'}:{n}": a for n, a in arrays.items()}
    executor = symbol.bind(
        mx.cpu(),
        {n: mx.nd.array(arrays[n]) for n in symbol.list_arguments()},
        aux_states={n: mx.nd.array(arrays[n]) for n in symbol.list_auxiliary_states()},
    )
    theirs = executor.forward(is_train=training)[0].asnumpy()
    module = GraphModule(parse_graph(symbol.tojson()), prefixed).train(training)
    ours = module(torch.from_numpy(arrays["data"])).detach().numpy()
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


data = mx.sym.var("data")
OPERATORS = {
    "batch norm that ignores its gamma": mx.sym.BatchNorm(data, fix_gamma=True, eps=1e-3, name="n"),
    "batch norm": mx.sym.BatchNorm(data, fix_gamma=False, eps=2e-5, momentum=0.7, name="n"),
    "batch norm that never adapts": mx.sym.BatchNorm(data, fix_gamma=False, use_global_stats=True, name="n"),
    **operators(data),
    "convolution without bias": mx.sym.Convolution(data, kernel=(1, 3), num_filter=3, no_bias=True, name="c"),
    "pooling, valid": mx.sym.Pooling(data, kernel=(3, 3), stride=(2, 2), pad=(1, 1), pool_type="max"),
    "global pooling": mx.sym.Pooling(data, global_pool=True, pool_type="avg", kernel=(1, 1)),
}


@pytest.mark.parametrize("training", [False, True], ids=["reading", "training"])
@pytest.mark.parametrize("name", OPERATORS)
def test_each_operator_means_the_same(name: str, training: bool) -> None:
    """A Gluon model that somebody else trained would read differently."""
    _agree(OPERATORS[name], (2, 4, 7, 8), training)


@pytest.mark.parametrize(
    "codes", [(0, -1), (-2,), (0, -3, -1), (-3, -3), (0, -4, 2, -1, -2), (-4, -1, 1, 0, 0, 0), (4, -1, 0), (-1,)]
)
def test_the_special_codes_of_reshape_mean_the_same(codes: tuple[int, ...]) -> None:
    """Time steps would be made of the wrong pixels."""
    array = np.arange(2 * 4 * 7 * 8).reshape(2, 4, 7, 8)
    theirs = mx.nd.array(array).reshape(codes)
    assert array.reshape(reshaped(array.shape, codes)).shape == theirs.shape


def test_deep_lstms_of_other_peoples_models_mean_the_same() -> None:
    """Layers or directions of an imported model would be mixed up."""
    for layers, both, layout in ((1, False, "NTC"), (3, True, "TNC"), (2, False, "TNC")):
        lstm = mx.gluon.rnn.LSTM(6, layers, layout, bidirectional=both, input_size=5, prefix="lstm_")
        _agree(lstm(mx.sym.var("data")), (4, 3, 5))


@pytest.mark.parametrize(
    ("symbol", "reason"),
    [
        (mx.sym.BatchNorm(data, axis=3, name="n"), "n: BatchNorm with axis=3"),
        (mx.sym.Pooling(data, kernel=(2, 2), pool_type="sum", name="p"), "p: Pooling with pool_type=sum"),
        (mx.gluon.rnn.GRU(4, input_size=5, prefix="g_")(data), "RNN with mode=gru"),
        (mx.sym.reshape(data, (0, -1), reverse=True, name="r"), "r: Reshape with reverse=True"),
    ],
)
def test_an_option_outside_the_set_is_refused_by_name(symbol: Any, reason: str) -> None:
    """A network would be converted to one that computes something else."""
    with pytest.raises(GraphError, match=reason):
        parse_graph(symbol.tojson())


def test_parameters_of_another_network_are_refused_by_name(tmp_path: Path) -> None:
    """Training would go on from a mixture of two networks."""
    export_pair(build(network("notebook"), CLASSES), tmp_path)
    graph, parameters = load_graph(tmp_path / "symbol.json"), load_parameters(tmp_path / "model.params")
    module = GraphModule(graph, parameters)
    lacking = {key: value for key, value in parameters.items() if key != "arg:decoder_weight"}
    with pytest.raises(ParametersError, match="arg:decoder_weight"):
        GraphModule(graph, lacking)
    with pytest.raises(ParametersError, match="arg:decoder_bias has shape"):
        module.load(parameters | {"arg:decoder_bias": np.zeros(3, np.float32)})
    assert json.dumps(sorted(module.arrays())) == json.dumps(sorted(parameters))


def test_dropout_drops_its_share_and_keeps_the_mean() -> None:
    """A network would be trained with another dropout than its preset says."""
    torch.manual_seed(0)
    for share in (0.25, 0.3, 0.5):
        dropped = _dropout(Node("d", "Dropout", {"p": str(share)}, (0,)), [torch.ones(999, 1001)], True)
        assert float((dropped == 0).float().mean()) == pytest.approx(share, abs=2e-3)
        assert float(dropped.mean()) == pytest.approx(1, abs=5e-3)
        assert len(dropped.unique()) == 2
