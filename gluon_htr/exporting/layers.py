"""The first layer at which two networks differ: tensors of ONNX Runtime compared with those of MXNet.

An exported graph keeps the names of the layers. Tensors that only one of them has, such as a convolution before the
batch norm that was folded into it, are skipped.
"""

from __future__ import annotations

import warnings

import numpy as np
import onnx

from ..graphs.pair import Pair
from ..graphs.symbol import Graph, parse_graph
from ..images.preprocessing import to_network_input
from ..runtime.backends import computed_in

RELATIVE = 1e-5  # of the largest value of a tensor: rounding errors of single precision are smaller
Arrays = dict[str, np.ndarray]


def first_difference(pair: Pair, exported: bytes, images: np.ndarray) -> str:
    """Return the first layer whose values differ by more than rounding, and by how much; empty if none does.

    images: (N, H, W) uint8. MXNet computes in 64 bits.
    """
    graph = parse_graph(pair.symbol)
    ours = _of_onnx(exported, images, {node.name for node in graph.nodes})
    theirs = _of_mxnet(pair, images, set(ours))
    for node in graph.nodes:
        if node.name not in theirs or theirs[node.name].shape != ours[node.name].shape:
            continue
        reference = theirs[node.name]
        difference = float(np.abs(reference - ours[node.name]).max())
        if not difference <= RELATIVE * max(1.0, float(np.abs(reference).max())):
            return f"{node.name} ({_operator(graph, node.name)}), by {difference:.2g}"
    return ""


def _operator(graph: Graph, name: str) -> str:
    return next(node.operator for node in graph.nodes if node.name == name)


def _of_onnx(exported: bytes, images: np.ndarray, names: set[str]) -> Arrays:
    """Compute the tensors of the graph that have one of these names."""
    from .._onnxruntime import open_session, session_options

    model = onnx.load_from_string(exported)
    made = [name for node in model.graph.node for name in node.output if name in names]
    known = {output.name for output in model.graph.output}
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in made if name not in known)
    session = open_session(model.SerializeToString(), session_options())
    return dict(zip(made, session.run(made, {session.get_inputs()[0].name: to_network_input(images)})))


def _of_mxnet(pair: Pair, images: np.ndarray, names: set[str]) -> Arrays:
    from .._mxnet import mx, own_errors

    internals = mx.sym.load_json(computed_in(pair.symbol, "float64")).get_internals()
    outputs = {name.rpartition("_output")[0]: name for name in internals.list_outputs() if "_output" in name}
    chosen = sorted(names & outputs.keys())
    with own_errors(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # unused variables
        group = mx.sym.Group([internals[outputs[name]] for name in chosen])
        block = mx.gluon.SymbolBlock(group, mx.sym.var("data"))
        for name, parameter in block.collect_params().items():
            key = f"arg:{name}" if f"arg:{name}" in pair.parameters else f"aux:{name}"
            parameter.cast("float64")
            parameter._load_init(mx.nd.array(pair.parameters[key], dtype="float64"), mx.cpu())
        computed = block(mx.nd.array(to_network_input(images), dtype="float64"))
    computed = computed if isinstance(computed, list | tuple) else [computed]
    return {name: value.asnumpy() for name, value in zip(chosen, computed)}
