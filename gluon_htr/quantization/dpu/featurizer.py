"""A featurizer as a DPU computes it: operators fused with their activations, each result rounded to int8 once."""

from __future__ import annotations

from dataclasses import dataclass

import onnx

from ...errors import GraphError
from .graphs import StaticGraph, attribute
from .limits import LEAKY_SLOPE

SUPPORTED = ("Conv", "Add", "MaxPool", "Resize")
CHOOSING = ("MaxPool", "Resize")  # only choose among numbers that are rounded already
ACTIVATIONS = ("Relu", "LeakyRelu")
_REMEDY = {"BatchNormalization": 'train with norm = "before", so that it is folded', "Sigmoid": "train with ReLU"}


@dataclass(frozen=True)
class Step:
    """An operator and its activation, if there is one. output: the tensor that is rounded."""

    node: onnx.NodeProto
    activation: onnx.NodeProto | None

    @property
    def output(self) -> str:
        return (self.activation or self.node).output[0]

    @property
    def operator(self) -> str:
        return self.node.op_type

    @property
    def inputs(self) -> list[str]:
        """Input tensors, without weights."""
        return list(self.node.input) if self.operator == "Add" else [self.node.input[0]]


def read_steps(network: StaticGraph) -> list[Step]:
    """Group the operators of a network into steps. Raises `GraphError` for an operator without an int8 form."""
    users: dict[str, list[onnx.NodeProto]] = {}
    for node in network.nodes:
        for name in node.input:
            users.setdefault(name, []).append(node)
    steps, fused = [], set()
    for node in network.nodes:
        if node.output[0] in fused:
            continue
        _check(node, network)
        after = users.get(node.output[0], [])
        activation = after[0] if len(after) == 1 and after[0].op_type in ACTIVATIONS else None
        steps.append(Step(node, activation))
        fused |= {activation.output[0]} if activation else set()
    return steps


def slope(activation: onnx.NodeProto | None) -> float | None:
    """Return 0 for a ReLU, the hardware's slope for a leaky one, None without an activation."""
    if activation is None:
        return None
    return LEAKY_SLOPE if activation.op_type == "LeakyRelu" else 0.0


def _check(node: onnx.NodeProto, network: StaticGraph) -> None:
    if node.op_type not in SUPPORTED:
        remedy = _REMEDY.get(node.op_type, "gluon-htr dpu plan says what a DPU takes")
        raise GraphError(f"{node.output[0]}: {node.op_type} has no int8 form for a DPU: {remedy}")
    if node.op_type == "Conv" and any(name not in network.weights for name in node.input[1:]):
        raise GraphError(f"{node.output[0]}: its weights are computed: only stored ones can be quantized")
    if node.op_type == "Add" and any(name in network.weights for name in node.input):
        raise GraphError(f"{node.output[0]}: it adds a constant: fold it into the bias of the convolution before")
    if node.op_type == "Resize" and attribute(node, "mode", b"nearest") != b"nearest":
        raise GraphError(f"{node.output[0]}: it interpolates, which has no int8 form here: repeat pixels")
    if node.op_type == "MaxPool" and attribute(node, "ceil_mode", 0):
        raise GraphError(f"{node.output[0]}: it pools beyond the edge (ceil_mode), which has no int8 form here")
