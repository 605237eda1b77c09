"""A quantized featurizer in integers alone: the result of ONNX Runtime on the QDQ graph, to the last bit.

A product of int8 numbers is shifted, never scaled: 2^-a · 2^-b = 2^-(a+b). Rounding is that of ONNX (QuantizeLinear: to
even at halves). Float32 computes the same as long as no sum exceeds 2^24 steps; `headroom` computes the largest
possible sum. A DPU rounds halves differently, so this is exact for ONNX, and within one step per layer for hardware.
"""

from __future__ import annotations

from math import prod

import numpy as np

from .featurizer import Step, slope
from .graphs import attribute
from .qdq import Quantized
from .scales import HIGH, LOW

EXACT = 1 << 24  # steps: a float32 holds every integer below


def simulate(quantized: Quantized, image: np.ndarray) -> dict[str, np.ndarray]:
    """Compute every tensor's integers, by name, int32. image: (1, 1, H, W) float32, the network's input."""
    exponents = quantized.exponents
    exact = np.rint(image.astype(np.float64) * 2.0 ** exponents[quantized.source])
    tensors = {quantized.source: np.clip(exact, LOW, HIGH).astype(np.int32)}
    for step in quantized.steps:
        sums, exponent = _OPERATORS[step.operator](quantized, step, [tensors[name] for name in step.inputs])
        sums, exponent = _activated(sums, exponent, slope(step.activation))
        tensors[step.output] = shifted(sums, exponent - exponents[step.output])
    return tensors


def headroom(quantized: Quantized) -> int:
    """Compute the largest sum, in steps, that the weights allow for any image; below `EXACT`, float32 is exact."""
    largest = 0
    for step in quantized.steps:
        if step.operator == "Conv":
            weight = quantized.weight(step.node.input[1]).astype(np.int64)
            sums = np.abs(weight).reshape(len(weight), -1).sum(1) * -LOW + np.abs(_bias(quantized, step, len(weight)))
            largest = max(largest, int(sums.max()))
    return largest


def shifted(sums: np.ndarray, places: int) -> np.ndarray:
    """Shift sums by 2^-places, rounded to even at halves, within int8; integers throughout."""
    if places <= 0:
        return np.clip(sums.astype(np.int64) << -places, LOW, HIGH).astype(np.int32)
    whole, rest, half = sums >> places, sums & ((1 << places) - 1), 1 << (places - 1)
    up = (rest > half) | ((rest == half) & (whole & 1 == 1))
    return np.clip(whole + up, LOW, HIGH).astype(np.int32)


def _convolution(quantized: Quantized, step: Step, inputs: list[np.ndarray]) -> tuple[np.ndarray, int]:
    node, (image,) = step.node, inputs
    weight = quantized.weight(node.input[1]).astype(np.int32)
    windows = _windows(
        image,
        weight.shape[2:],
        attribute(node, "strides", (1, 1)),
        attribute(node, "dilations", (1, 1)),
        attribute(node, "pads", (0, 0, 0, 0)),
        0,
    )
    height, width = windows.shape[1:3]
    group = attribute(node, "group", 1)
    rows = windows.reshape(height * width, group, -1).transpose(1, 0, 2)
    columns = weight.reshape(group, len(weight) // group, -1).transpose(0, 2, 1)
    sums = np.concatenate([a @ b for a, b in zip(rows, columns)], axis=1)
    sums = sums.astype(np.int64) + _bias(quantized, step, len(weight))
    exponent = quantized.exponents[step.inputs[0]] + quantized.exponents[node.input[1]]
    return sums.T.reshape(1, len(weight), height, width), exponent


def _bias(quantized: Quantized, step: Step, channels: int) -> np.ndarray:
    """Return the bias (channels,) int64 in the steps of the products."""
    if len(step.node.input) < 3:
        return np.zeros(channels, np.int64)
    name = step.node.input[2]
    exponent = quantized.exponents[step.inputs[0]] + quantized.exponents[step.node.input[1]]
    return quantized.weight(name).astype(np.int64) << (exponent - quantized.exponents[name])


def _addition(quantized: Quantized, step: Step, inputs: list[np.ndarray]) -> tuple[np.ndarray, int]:
    exponents = [quantized.exponents[name] for name in step.inputs]
    finest = max(exponents)
    return sum(x.astype(np.int64) << (finest - k) for x, k in zip(inputs, exponents)), finest  # type: ignore[return-value]


def _pooling(quantized: Quantized, step: Step, inputs: list[np.ndarray]) -> tuple[np.ndarray, int]:
    node, (image,) = step.node, inputs
    kernel = attribute(node, "kernel_shape", (1, 1))
    strides, pads = attribute(node, "strides", (1, 1)), attribute(node, "pads", (0, 0, 0, 0))
    windows = _windows(image, kernel, strides, (1, 1), pads, LOW)
    return windows.max(axis=4).transpose(0, 3, 1, 2).astype(np.int64), quantized.exponents[step.inputs[0]]


def _enlarging(quantized: Quantized, step: Step, inputs: list[np.ndarray]) -> tuple[np.ndarray, int]:
    """Repeat pixels, as Resize does with whole factors."""
    (image,) = inputs
    before, after = quantized.network.shapes[step.inputs[0]], quantized.network.shapes[step.node.output[0]]
    rows, columns = after[2] // before[2], after[3] // before[3]
    return image.repeat(rows, axis=2).repeat(columns, axis=3).astype(np.int64), quantized.exponents[step.inputs[0]]


def _activated(sums: np.ndarray, exponent: int, slope: float | None) -> tuple[np.ndarray, int]:
    """Apply a ReLU, leaky or not; the slope of the leaky one, 26/256, moves the point by eight places."""
    if slope is None:
        return sums, exponent
    if slope == 0:
        return np.maximum(sums, 0), exponent
    return np.where(sums < 0, sums * round(slope * 256), sums << 8), exponent + 8


def _windows(image: np.ndarray, kernel: tuple, strides: tuple, dilations: tuple, pads: tuple, fill: int) -> np.ndarray:
    """Extract windows: (1, C, H, W) to (1, H', W', C, kernel height · kernel width)."""
    top, left, bottom, right = pads
    padded = np.pad(image, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=fill)
    reach = [(size - 1) * step + 1 for size, step in zip(kernel, dilations)]
    views = np.lib.stride_tricks.sliding_window_view(padded, reach, axis=(2, 3))  # type: ignore[call-overload]
    views = views[:, :, :: strides[0], :: strides[1], :: dilations[0], :: dilations[1]]
    views = views.transpose(0, 2, 3, 1, 4, 5)
    return views.reshape(*views.shape[:4], prod(kernel))


_OPERATORS = {"Conv": _convolution, "Add": _addition, "MaxPool": _pooling, "Resize": _enlarging}
