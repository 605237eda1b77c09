"""The dense layer that computes the logits: the only part of a network that depends on the alphabet."""

from __future__ import annotations

import json
import re

import numpy as np

from ..errors import GraphError, ParametersError
from .symbol import Graph, Node, parse_graph

Arrays = dict[str, np.ndarray]
_BEHIND = ("transpose", "SwapAxis", "_copy", "Dropout")  # what may stand between it and the output


def resize_decoder(
    symbol: str,
    parameters: Arrays,
    kept: np.ndarray,
    seed: int,
    shift: np.ndarray | float = 0.0,
    classes: int | None = None,
) -> tuple[str, Arrays]:
    """Return a pair with other classes: class k of the new network starts as class kept[k] of the old one.

    kept: (classes,) int; -1 for a class that is initialized, with Xavier's uniform weights (Glorot and Bengio 2010)
    like every layer, and a bias of 0. shift: (classes,) float, is added to their logits if the layer has a bias.
    classes: of the old network; by default up to the last that is kept, the blank. Raises
    `GraphError` if no dense layer computes the logits.
    """
    graph = parse_graph(symbol)
    decoder = _decoder(graph)
    names = [graph.variable(index) for index in decoder.inputs[1:]]
    arrays = dict(parameters)
    for name in names:
        arrays[f"arg:{name}"] = _rows(_array(parameters, name), kept, seed, classes or int(kept.max()) + 1)
    for bias in names[1:]:
        arrays[f"arg:{bias}"] += np.float32(shift)
    return _with_classes(symbol, decoder.name, names, len(kept)), arrays


def _decoder(graph: Graph) -> Node:
    node = graph.nodes[graph.output]
    while node.operator in _BEHIND:
        node = graph.nodes[node.inputs[0]]
    if node.operator != "FullyConnected":
        raise GraphError(f"the logits are made by {node.operator}, not by a dense layer: its classes cannot be changed")
    return node


def _array(parameters: Arrays, name: str) -> np.ndarray:
    if f"arg:{name}" not in parameters:
        raise ParametersError(f"the parameters lack arg:{name}, which the graph needs: are they of this network?")
    return parameters[f"arg:{name}"]


def _rows(old: np.ndarray, kept: np.ndarray, seed: int, classes: int) -> np.ndarray:
    if classes != len(old):
        raise ParametersError(f"the network has {len(old)} classes, its alphabet {classes} with the blank")
    new = np.zeros((len(kept), *old.shape[1:]), np.float32)
    if old.ndim == 2:
        bound = np.sqrt(6 / sum(new.shape))
        new[:] = np.random.default_rng(seed).uniform(-bound, bound, new.shape)
    new[kept >= 0] = old[kept[kept >= 0]]
    return new


def _with_classes(symbol: str, decoder: str, variables: list[str], classes: int) -> str:
    """Return the symbol with another size in the layer's options and in the recorded shapes of its parameters."""
    content = json.loads(symbol)
    for node in content["nodes"]:
        attributes = node.get("attrs") or node.get("param") or {}
        if node["name"] == decoder:
            attributes["num_hidden"] = str(classes)
        elif node["name"] in variables and "__shape__" in attributes:
            attributes["__shape__"] = re.sub(r"^\(-?\d+", f"({classes}", attributes["__shape__"])
    return json.dumps(content, indent=2)
