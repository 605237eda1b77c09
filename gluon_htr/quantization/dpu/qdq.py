"""Conversion of a quantized featurizer to ONNX: QuantizeLinear and DequantizeLinear around float operators (QDQ).

Weights, biases and tensors are int8 with scales that are powers of two, one per tensor, zero points 0. Vitis AI's
execution provider and quantizers take this form (DPU_INT8 format "QDQ").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx

from .featurizer import CHOOSING, Step, read_steps
from .graphs import StaticGraph
from .limits import LEAKY_SLOPE
from .running import Tensors
from .scales import exponent_of, exponents_of, quantized


@dataclass(frozen=True)
class Quantized:
    """A quantized network. exponents: of every tensor, weight and bias, by name; its numbers are q · 2^-exponent."""

    network: StaticGraph  # float32, with the weights that were quantized
    exponents: dict[str, int]

    @property
    def steps(self) -> list[Step]:
        return read_steps(self.network)

    @property
    def source(self) -> str:
        return str(self.network.model.graph.input[0].name)

    def weight(self, name: str) -> np.ndarray:
        """Return the integers of a weight or bias, int8."""
        return quantized(self.network.weights[name], self.exponents[name]).astype(np.int8)


def quantize(network: StaticGraph, images: np.ndarray, method: str = "minmse") -> Quantized:
    """Choose all exponents. images: (N, H, W) uint8. Raises `GraphError` for operators without an int8 form."""
    steps = read_steps(network)
    names = [network.model.graph.input[0].name, *(step.output for step in steps)]
    exponents = exponents_of(Tensors(network.model, names, images), names, method)
    for step in steps:
        if step.operator in CHOOSING:
            exponents[step.output] = exponents[step.inputs[0]]
    return with_weights(network, exponents, method)


def with_weights(network: StaticGraph, exponents: dict[str, int], method: str) -> Quantized:
    """Add the exponents of the current weights and biases to those of the tensors."""
    found = dict(exponents)
    for step in read_steps(network):
        if step.operator == "Conv":
            weight, *bias = step.node.input[1:]
            found[weight] = exponent_of(network.weights[weight], method)
            finest = found[step.inputs[0]] + found[weight]  # of the products, to which the bias is shifted
            for name in bias:
                found[name] = min(exponent_of(network.weights[name], method), finest)
    return Quantized(network, found)


def to_qdq(quantized: Quantized) -> onnx.ModelProto:
    """Build and check the QDQ graph; names and types of its input and output are those of the original."""
    graph = _Graph(quantized)
    graph.round(quantized.source, quantized.source)
    for step in quantized.steps:
        graph.step(step)
    return graph.model()


class _Graph:
    """A growing QDQ graph. Tensors of the original keep their names once they are rounded and float again."""

    def __init__(self, quantization: Quantized) -> None:
        self._quantization = quantization
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}
        self._last = quantization.network.model.graph.output[0].name

    def step(self, step: Step) -> None:
        node = onnx.NodeProto()
        node.CopyFrom(step.node)
        node.input[:] = [self._input(name, step) for name in node.input]
        raw = f"{step.output}:float"
        node.output[:] = [step.node.output[0] if step.activation else raw]
        self._nodes.append(node)
        if step.activation:
            slope: dict[str, Any] = {"alpha": LEAKY_SLOPE} if step.activation.op_type == "LeakyRelu" else {}
            operator = step.activation.op_type
            self._nodes.append(onnx.helper.make_node(operator, [node.output[0]], [raw], f"{step.output}:act", **slope))
        self.round(raw, step.output)

    def _input(self, name: str, step: Step) -> str:
        """Return the tensor that stands for an input; the factors of a Resize stay as they are."""
        weights = self._quantization.network.weights
        if step.operator == "Resize" and name in weights:
            return self._constant(name, weights[name])
        if name in weights:
            return self._weight(name)
        return name and f"{name}:int8"

    def round(self, raw: str, name: str) -> None:
        """Quantize the tensor `raw` with the scale of `name` and make it float again."""
        scale, zero = self._scale(self._quantization.exponents[name]), self._zero()
        target = name if name == self._last else f"{name}:int8"
        make = onnx.helper.make_node
        self._nodes.append(make("QuantizeLinear", [raw, scale, zero], [f"{name}:q"], f"{name}:quantize"))
        self._nodes.append(make("DequantizeLinear", [f"{name}:q", scale, zero], [target], f"{name}:dequantize"))

    def _weight(self, name: str) -> str:
        self._constant(f"{name}:q", self._quantization.weight(name))
        scale = self._scale(self._quantization.exponents[name])
        target = f"{name}:int8"
        if not any(target in node.output for node in self._nodes):
            inputs = [f"{name}:q", scale, self._zero()]
            self._nodes.append(onnx.helper.make_node("DequantizeLinear", inputs, [target], f"{name}:dequantize"))
        return target

    def _scale(self, exponent: int) -> str:
        return self._constant(f"2^{-exponent}", np.float32(2.0**-exponent))

    def _zero(self) -> str:
        return self._constant("zero", np.int8(0))

    def _constant(self, name: str, value: np.ndarray | np.generic) -> str:
        self._constants.setdefault(name, onnx.numpy_helper.from_array(np.asarray(value), name))
        return name

    def model(self) -> onnx.ModelProto:
        original = self._quantization.network.model
        graph = onnx.helper.make_graph(
            self._nodes, "featurizer", original.graph.input, original.graph.output, list(self._constants.values())
        )
        model = onnx.helper.make_model(graph, opset_imports=original.opset_import, producer_name="gluon_htr")
        model.ir_version = original.ir_version
        onnx.checker.check_model(model, full_check=True)
        return model
