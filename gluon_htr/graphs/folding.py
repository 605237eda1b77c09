"""Folding of batch norms into the convolutions that they directly follow: half the tensors, the same function."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from .symbol import Graph, Node

Arrays = dict[str, np.ndarray]


def fold_batch_norms(graph: Graph, arrays: Arrays) -> tuple[Graph, Arrays]:
    """Replace such batch norms by `_copy`; return graph and parameters, all without prefixes."""
    nodes, arrays = list(graph.nodes), dict(arrays)
    uses = Counter(index for node in nodes for index in node.inputs)
    for index, node in enumerate(nodes):
        if node.operator != "BatchNorm" or nodes[node.inputs[0]].operator != "Convolution":
            continue
        source = node.inputs[0]
        involved = (source, *nodes[source].inputs[1:], *node.inputs[1:])
        if all(uses[i] == 1 for i in involved):  # nothing else uses the convolution or its weights
            nodes[source] = _fold(nodes, nodes[source], node, arrays)
            nodes[index] = Node(node.name, "_copy", {}, (source,))
    return replace(graph, nodes=tuple(nodes)), arrays


def _line(
    node: Node, gamma: np.ndarray, beta: np.ndarray, mean: np.ndarray, variance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return factor and offset of each channel of a batch norm at inference, float64."""
    gamma = np.ones_like(gamma) if node.get("fix_gamma", True) else gamma
    factor = gamma.astype(np.float64) / np.sqrt(variance.astype(np.float64) + node.get("eps", 1e-3))
    return factor, beta - mean * factor


def _fold(nodes: list[Node], convolution: Node, norm: Node, arrays: Arrays) -> Node:
    """Return the convolution that does both. Its bias takes the name of the norm's beta."""
    weight, old_bias = nodes[convolution.inputs[1]].name, convolution.inputs[2:]
    factor, offset = _line(norm, *(arrays[nodes[i].name] for i in norm.inputs[1:]))
    kernel = arrays[weight]
    arrays[weight] = (kernel * factor.reshape(-1, *[1] * (kernel.ndim - 1))).astype(np.float32)
    bias = arrays[nodes[old_bias[0]].name] * factor if old_bias else 0.0
    beta = norm.inputs[2]
    arrays[nodes[beta].name] = (bias + offset).astype(np.float32)
    return replace(convolution, inputs=(*convolution.inputs[:2], beta))
