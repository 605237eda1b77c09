"""Reconstruction of the parameters of an exported pair from the ONNX graph that was written from it.

A bundle stores its weights once, in `model.onnx`. The writer keeps kernels, transposes dense weights, and stacks and
reorders those of LSTMs; all of this can be undone exactly. The parameters that it loses (the vectors of a folded batch
norm, small kernels it was folded into) are stored beside the graph: `remainder` computes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from ...errors import ParametersError
from ..symbol import Graph, Node

Arrays = Mapping[str, np.ndarray]
_MXNET_GATES = [0, 2, 3, 1]  # ONNX's i, o, f, c in MXNet's order i, f, c, o


def remainder(graph: Graph, parameters: Arrays, stored: Arrays) -> dict[str, np.ndarray]:
    """Return the parameters that `restore` cannot take from the stored tensors bit for bit.

    parameters: those of the pair, with their prefixes. stored: initializers of the ONNX graph, by name.
    """
    found = dict(_restored(graph, stored))
    return {name: array for name, array in parameters.items() if not _identical(found.get(name), array)}


def restore(graph: Graph, stored: Arrays, kept: Arrays) -> dict[str, np.ndarray]:
    """Rebuild all parameters of the pair, in the order of `Graph.parameters` and then of `kept`.

    Raises `ParametersError` if one is in neither.
    """
    found = {**dict(_restored(graph, stored)), **kept}
    if missing := [name for name in graph.parameters if name not in found]:
        raise ParametersError(f"neither the graph nor the file beside it has {missing[0]}")
    names = dict.fromkeys([*graph.parameters, *kept])
    return {name: found[name] for name in names}


def _identical(found: np.ndarray | None, array: np.ndarray) -> bool:
    return (
        found is not None
        and found.dtype == array.dtype
        and found.shape == array.shape
        and found.tobytes() == np.ascontiguousarray(array).tobytes()
    )


def _restored(graph: Graph, stored: Arrays) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the stored array of each parameter, exact or not."""
    for name in graph.parameters:
        bare = name.partition(":")[2]
        if (array := _tensor(stored, bare)) is not None:
            yield name, array
    for node in graph.nodes:
        if node.operator == "FullyConnected":
            weight = _tensor(stored, f"{node.name}:weight")
            if weight is not None and weight.ndim == 2:
                yield f"arg:{graph.variable(node.inputs[1])}", np.ascontiguousarray(weight.T)
        elif node.operator == "RNN":
            yield from _lstm(graph, node, stored)


def _tensor(stored: Arrays, name: str) -> np.ndarray | None:
    """Return a tensor as it was before it was widened and scaled when loaded (see `storage.py`)."""
    return next((stored[key] for key in (f"{name}:half", f"{name}:unfolded", name) if key in stored), None)


def _lstm(graph: Graph, node: Node, stored: Arrays) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the arrays of all layers and directions; the packed order has all weights, then all biases."""
    names = [f"arg:{name}" for name in graph.rnn_parameters(node)]
    directions = 2 if node.get("bidirectional", False) else 1
    biases = names[len(names) // 2 :]
    for layer in range(node.get("num_layers", 1)):
        tensors = [_tensor(stored, f"{node.name}:{layer}:{part}") for part in "WRB"]
        for direction in range(directions):
            place = 2 * (layer * directions + direction)
            for offset, tensor in enumerate(tensors[:2]):
                if tensor is not None and len(tensor) == directions:
                    yield names[place + offset], _gates(tensor[direction])
            if (bias := tensors[2]) is not None and len(bias) == directions:
                for offset, half in enumerate(np.split(bias[direction], 2)):
                    yield biases[place + offset], _gates(half)


def _gates(array: np.ndarray) -> np.ndarray:
    """Reorder (4·hidden, …) to MXNet's order of gates."""
    gates = array.reshape(4, -1, *array.shape[1:])
    return np.ascontiguousarray(gates[_MXNET_GATES].reshape(array.shape))
