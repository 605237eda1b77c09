"""Small featurizers with everything that a DPU takes, and images for them."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import helper

from gluon_htr.quantization.dpu.graphs import StaticGraph, inferred


def images(count: int, height: int = 16, width: int = 24, seed: int = 0) -> np.ndarray:
    """(count, height, width) uint8: dark strokes on paper."""
    generator = np.random.default_rng(seed)
    pages = generator.integers(220, 256, (count, height, width), np.uint8)
    for page in pages:
        for _ in range(5):
            row, column = generator.integers(0, height - 3), generator.integers(0, width - 6)
            page[row : row + 2, column : column + 5] = generator.integers(0, 90)
    return pages


def featurizer(*nodes: Any, height: int = 16, width: int = 24, **weights: np.ndarray) -> StaticGraph:
    """From `image` to `features`."""
    made = [onnx.numpy_helper.from_array(array, name) for name, array in weights.items()]
    image = helper.make_tensor_value_info("image", 1, (1, 1, height, width))
    features = helper.make_tensor_value_info("features", 1, None)
    graph = helper.make_graph(list(nodes), "g", [image], [features], made)
    return inferred(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8))


def everything(seed: int = 0) -> StaticGraph:
    """Strides, pads, dilation, groups, a leaky ReLU, pooling with and without overlap, residual sums, no bias."""
    generator = np.random.default_rng(seed)

    def random(*shape: int) -> np.ndarray:
        spread = np.exp(generator.normal(0, 1, (shape[0], *[1] * (len(shape) - 1))))  # channels of unlike range
        return (generator.normal(0, 0.3, shape) * spread).astype(np.float32)

    make = helper.make_node
    return featurizer(
        make("Conv", ["image", "w1", "b1"], ["c1"], kernel_shape=[5, 5], strides=[2, 1], pads=[2, 2, 2, 2]),
        make("Relu", ["c1"], ["r1"]),
        make("MaxPool", ["r1"], ["p1"], kernel_shape=[3, 3], strides=[2, 1], pads=[1, 1, 1, 1]),
        make("Conv", ["p1", "w2"], ["c2"], kernel_shape=[1, 3], dilations=[1, 2], pads=[0, 2, 0, 2]),
        make("LeakyRelu", ["c2"], ["r2"], alpha=0.1),
        make("Conv", ["r2", "w3", "b3"], ["c3"], kernel_shape=[3, 3], pads=[1, 1, 1, 1], group=6),
        make("Add", ["c3", "r2"], ["a"]),
        make("Relu", ["a"], ["r3"]),
        make("MaxPool", ["r3"], ["p3"], kernel_shape=[2, 1], strides=[2, 1]),
        make("Conv", ["p3", "w4", "b4"], ["features"], kernel_shape=[1, 1]),
        w1=random(8, 1, 5, 5), b1=random(8), w2=random(6, 8, 1, 3), w3=random(6, 1, 3, 3), b3=random(6),
        w4=random(5, 6, 1, 1), b4=random(5),
    )  # fmt: skip
