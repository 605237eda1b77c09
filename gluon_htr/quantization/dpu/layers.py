"""The layers of an ONNX graph, with the properties that a DPU limits."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import onnx

from .graphs import StaticGraph, attribute

Shape = tuple[int, ...]
HeightWidth = tuple[int, int]  # (vertical, horizontal)


@dataclass(frozen=True)
class Layer:
    """An operator. pads: top, left, bottom, right."""

    name: str
    operator: str
    inputs: tuple[Shape, ...]  # of its tensors, weights left out
    shape: Shape
    parameters: int
    macs: int
    kernel: HeightWidth = (1, 1)
    strides: HeightWidth = (1, 1)
    dilations: HeightWidth = (1, 1)
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)
    group: int = 1
    slope: float = 0.0  # of a LeakyRelu
    highest: float = 0.0  # of a Clip that starts at zero
    mode: str = ""  # of a Resize

    @property
    def channels(self) -> int:
        """Channels of the first input: the second axis of an image, the last of a matrix."""
        return _channels(self.inputs[0])

    @property
    def output_channels(self) -> int:
        return _channels(self.shape)

    @property
    def depthwise(self) -> bool:
        return self.operator == "Conv" and self.group > 1 and self.group == self.channels == self.output_channels


def read_layers(network: StaticGraph) -> list[Layer]:
    """List all operators, in order."""
    return [_layer(network, node) for node in network.nodes]


def _channels(shape: Shape) -> int:
    if not shape:
        return 1
    return shape[1] if len(shape) > 2 else shape[-1]


def _layer(network: StaticGraph, node: onnx.NodeProto) -> Layer:
    shape, weights = network.shapes[node.output[0]], [network.weights[n] for n in node.input if n in network.weights]
    inputs = tuple(network.shapes[name] for name in node.input if name and name not in network.weights)
    learned = [array for array in weights if array.dtype.kind == "f"]
    return Layer(
        name=node.output[0],
        operator=node.op_type,
        inputs=inputs or (shape,),
        shape=shape,
        parameters=sum(array.size for array in learned),
        macs=_macs(node, inputs, shape, [array.shape for array in learned]),
        **_geometry(node, inputs),
        **_bounds(network, node),
    )


def _geometry(node: onnx.NodeProto, inputs: tuple[Shape, ...]) -> dict[str, Any]:
    """Return kernel, strides and so on of an operator that slides over an image."""
    if node.op_type in ("GlobalAveragePool", "GlobalMaxPool"):
        return {"kernel": inputs[0][2:4]}
    kernel = attribute(node, "kernel_shape", None)
    if kernel is None or len(kernel) != 2:
        return {}
    return {
        "kernel": tuple(kernel),
        "strides": tuple(attribute(node, "strides", (1, 1))),
        "dilations": tuple(attribute(node, "dilations", (1, 1))),
        "pads": tuple(attribute(node, "pads", (0, 0, 0, 0))),
        "group": attribute(node, "group", 1),
    }


def _bounds(network: StaticGraph, node: onnx.NodeProto) -> dict[str, Any]:
    if node.op_type == "Resize":
        return {"mode": attribute(node, "mode", b"nearest").decode()}
    if node.op_type == "LeakyRelu":
        return {"slope": float(attribute(node, "alpha", 0.01))}
    if node.op_type == "Clip":
        low, high = ([float(network.weights[n]) for n in node.input[1:] if n in network.weights] + [1.0, 0.0])[:2]
        return {"highest": high if low == 0 else -1.0}
    return {}


def _macs(node: onnx.NodeProto, inputs: tuple[Shape, ...], shape: Shape, weights: list[Shape]) -> int:
    """Count the multiply-accumulates of one run; layers without weights, a few percent, are left out."""
    if node.op_type == "Conv":
        return prod(shape) * prod(weights[0][1:])
    if node.op_type == "ConvTranspose":
        return prod(inputs[0]) * prod(weights[0][1:])
    if node.op_type in ("MatMul", "Gemm"):
        return prod(shape) * inputs[0][-1]
    if node.op_type in ("LSTM", "GRU"):
        return inputs[0][0] * inputs[0][1] * sum(prod(one) for one in weights if len(one) == 3)
    return 0
