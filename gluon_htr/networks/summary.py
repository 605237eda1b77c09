"""Cost of a network: parameters, multiply-accumulates and time steps for one image of the preset's nominal size.

Counted on the exported symbol with MXNet's own shape inference, so that it is the trained network that is counted. Only
convolutions, LSTMs and dense layers count as work; everything else together is a few percent.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from .._mxnet import mx
from ..graphs.symbol import Graph, Node, parse_graph
from .character_configuration import CharacterPreset
from .characters import character_block
from .configuration import Preset
from .recognizer import RecognizerBlock

Shape = tuple[int, ...]


@dataclass(frozen=True)
class LayerCost:
    """Cost of one operator that has parameters or changes the size of its input."""

    name: str
    operator: str
    shape: Shape  # of its output
    parameters: int
    macs: int


@dataclass(frozen=True)
class Summary:
    """Cost of a preset at `height` × `width` pixels."""

    height: int
    width: int
    classes: int
    steps: int  # 0 of a network of single characters
    parameters: int  # trained ones: running statistics are not counted
    macs: int  # of one image
    layers: tuple[LayerCost, ...]


def summarize(preset: Preset | CharacterPreset, classes: int) -> Summary:
    """Count the cost of one image. classes: outputs of the network, one of them the blank where there is one."""
    height, width = preset.nominal_size
    single = isinstance(preset, CharacterPreset)
    if isinstance(preset, CharacterPreset):
        block = character_block(preset, classes)
    else:
        block = RecognizerBlock(preset.network, classes)
    symbol = block(mx.sym.var("data"))
    graph = parse_graph(symbol.tojson())
    shapes = _shapes(symbol, graph, (1, 1, height, width))
    layers = tuple(_layers(graph, shapes))
    parameters = sum(prod(shapes[name]) for name in graph.weights)
    steps = 0 if single else shapes[graph.nodes[graph.output].name][1]
    return Summary(height, width, classes, steps, parameters, sum(layer.macs for layer in layers), layers)


def _shapes(symbol: mx.sym.Symbol, graph: Graph, data: Shape) -> dict[str, Shape]:
    """Infer shapes: name of a variable or an operator → shape of its first output."""
    internals = symbol.get_internals()
    arguments, outputs, statistics = internals.infer_shape(data=data)
    shapes = dict(zip(internals.list_arguments(), arguments)) | dict(zip(internals.list_auxiliary_states(), statistics))
    for name, shape in zip(internals.list_outputs(), outputs):
        for ending in ("_output0", "_output"):
            if name.endswith(ending):
                shapes[name.removesuffix(ending)] = shape
    return shapes


def _layers(graph: Graph, shapes: dict[str, Shape]) -> list[LayerCost]:
    layers = []
    for node in graph.nodes:
        if node.operator not in ("Convolution", "BatchNorm", "Pooling", "RNN", "FullyConnected"):
            continue
        weights = [shapes[name] for name in _weights(graph, node)]
        count = sum(prod(shape) for shape in weights)
        layers.append(
            LayerCost(node.name, node.operator, shapes[node.name], count, _macs(node, shapes[node.name], weights))
        )
    return layers


def _weights(graph: Graph, node: Node) -> list[str]:
    if node.operator == "RNN":
        return graph.rnn_parameters(node)
    return [graph.nodes[i].name for i in node.inputs[1:] if graph.nodes[i].name in graph.weights]


def _macs(node: Node, output: Shape, weights: list[Shape]) -> int:
    if node.operator == "Convolution":
        return prod(output) * prod(weights[0][1:])
    if node.operator == "FullyConnected":
        return prod(output) * weights[0][1]
    if node.operator == "RNN":
        return output[0] * output[1] * sum(prod(shape) for shape in weights if len(shape) == 2)
    return 0
