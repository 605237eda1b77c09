"""Two ways to reduce the loss of rounding (Nagel et al. 2019, "Data-free quantization through weight equalization and
bias correction"). Both change weights only, and the first keeps the function of the float network.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx

from .featurizer import Step, read_steps
from .graphs import StaticGraph
from .qdq import Quantized, to_qdq, with_weights
from .running import Tensors

ROUNDS = 10  # of equalization; the paper iterates until convergence, which is almost reached after these
IMAGES = 64  # for the mean error of each channel


def equalized(network: StaticGraph) -> StaticGraph:
    """Apply cross-layer equalization: channels between two convolutions get similar ranges (section 4.1).

    A channel may be scaled between two convolutions with only ReLUs and max-pooling in between: both commute with a
    factor.
    """
    weights = {name: array.astype(np.float64) for name, array in network.weights.items()}
    pairs = _pairs(read_steps(network))
    for _ in range(ROUNDS):
        for first, second in pairs:
            one, *bias = first.node.input[1:]
            other = second.node.input[1]
            before = np.abs(weights[one]).max(axis=(1, 2, 3))
            after = np.abs(weights[other]).max(axis=(0, 2, 3))
            dead = (before == 0) | (after == 0)
            factor = np.sqrt(np.where(dead, 1, before) / np.where(dead, 1, after))
            weights[one] /= factor[:, None, None, None]
            for name in bias:
                weights[name] /= factor
            weights[other] *= factor[None, :, None, None]
    return with_arrays(network, {name: array.astype(network.weights[name].dtype) for name, array in weights.items()})


def with_arrays(network: StaticGraph, weights: dict[str, np.ndarray]) -> StaticGraph:
    """Return the same network with other weights."""
    model = onnx.ModelProto()
    model.CopyFrom(network.model)
    for tensor in model.graph.initializer:
        tensor.CopyFrom(onnx.numpy_helper.from_array(weights[tensor.name], tensor.name))
    return replace(network, model=model, weights=weights)


def corrected(quantized: Quantized, images: np.ndarray, method: str) -> Quantized:
    """Apply bias correction: add each channel's mean quantization error to its bias, layer by layer (section 4.2).

    images: (N, H, W) uint8.
    """
    names = [step.node.output[0] for step in quantized.steps if step.operator == "Conv" and len(step.node.input) > 2]
    biases = [step.node.input[2] for step in quantized.steps if step.operator == "Conv" and len(step.node.input) > 2]
    expected = _means(Tensors(quantized.network.model, names, images[:IMAGES]), names)
    tensors = {step.output: quantized.exponents[step.output] for step in quantized.steps}
    tensors[quantized.source] = quantized.exponents[quantized.source]
    for name, bias in zip(names, biases):
        raw = _raw(quantized, name)
        given = _means(Tensors(to_qdq(quantized), [raw], images[:IMAGES]), [raw])[raw]
        weights = dict(quantized.network.weights)
        weights[bias] = (weights[bias] + expected[name] - given).astype(np.float32)
        quantized = with_weights(with_arrays(quantized.network, weights), tensors, method)
    return quantized


def _raw(quantized: Quantized, name: str) -> str:
    """Return the name of a convolution's output in the QDQ graph."""
    step = next(step for step in quantized.steps if step.node.output[0] == name)
    return name if step.activation else f"{name}:float"


def _means(tensors: Tensors, names: list[str]) -> dict[str, np.ndarray]:
    sums: dict[str, np.ndarray] = {}
    count = 0
    for batch in tensors:
        count += 1
        for name in names:
            sums[name] = sums.get(name, 0) + batch[name].mean(axis=(0, 2, 3), dtype=np.float64)
    return {name: total / count for name, total in sums.items()}


def _pairs(steps: list[Step]) -> list[tuple[Step, Step]]:
    """Find consecutive convolutions of one group, with nothing else using the tensor between them."""
    makers = {step.output: step for step in steps}
    uses: dict[str, int] = {}
    for step in steps:
        for name in step.inputs:
            uses[name] = uses.get(name, 0) + 1
    pairs = []
    for step in steps:
        if step.operator != "Conv":
            continue
        before = makers.get(step.inputs[0])
        alone = uses.get(step.inputs[0]) == 1
        while before and before.operator == "MaxPool" and alone:
            alone = uses.get(before.inputs[0]) == 1
            before = makers.get(before.inputs[0])
        if before and alone and before.operator == "Conv" and _plain(before) and _plain(step):
            pairs.append((before, step))
    return pairs


def _plain(step: Step) -> bool:
    return all(a.i == 1 for a in step.node.attribute if a.name == "group")
