"""Conversion of each MXNet operator to ONNX, opset 13."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx

from ...errors import GraphError
from ..symbol import Graph, Node

_ONNX_GATES = [0, 3, 1, 2]  # MXNet's i, f, c, o in ONNX's order i, o, f, c


class GraphBuilder:
    """A growing ONNX graph: nodes, initializers, and the name and rank of the tensor of every MXNet node."""

    def __init__(self, graph: Graph, arrays: dict[str, np.ndarray], names: dict[int, str]) -> None:
        self.graph, self.arrays, self.names = graph, arrays, names
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self.ranks: dict[int, int] = {graph.data: 4}
        self._stored: set[str] = set()

    def input(self, index: int, place: int = 0) -> str:
        """Return the tensor of a node's input at that place; a parameter is stored when it is first used."""
        source = self.graph.nodes[index].inputs[place]
        node = self.graph.nodes[source]
        if node.operator != "null" or source == self.graph.data:
            return self.names[source]
        self.ranks[source] = self.arrays[node.name].ndim
        return self.constant(self.arrays[node.name], node.name)

    def inputs(self, index: int) -> list[str]:
        return [self.input(index, place) for place in range(len(self.graph.nodes[index].inputs))]

    def array(self, index: int, place: int) -> np.ndarray:
        """Return the parameter that is a node's input at that place."""
        return self.arrays[self.graph.variable(self.graph.nodes[index].inputs[place])]

    def rank(self, index: int, place: int = 0) -> int:
        return self.ranks[self.graph.nodes[index].inputs[place]]

    def constant(self, value: Any, name: str) -> str:
        if name not in self._stored:
            self._stored.add(name)
            array = np.ascontiguousarray(value)
            self.initializers.append(onnx.numpy_helper.from_array(array.reshape(np.shape(value)), name))
        return name

    def integers(self, values: Any, name: str) -> str:
        return self.constant(np.array(values, np.int64), name)

    def add(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(onnx.helper.make_node(operator, inputs, [output], output, **attributes))
        return output

    def finish(self, index: int, operator: str, inputs: list[str], rank: int | None = None, **attributes: Any) -> None:
        """Add the ONNX node that makes the tensor of the MXNet node; its rank is that of the first input by default."""
        self.add(operator, inputs, self.names[index], **attributes)
        self.ranks[index] = self.rank(index) if rank is None else rank

    def classes(self, index: int) -> int | None:
        """Return the size of a tensor's last axis if a dense layer makes it, seen through transposes."""
        node = self.graph.nodes[index]
        while node.operator in ("transpose", "SwapAxis", "_copy", "Dropout"):
            node = self.graph.nodes[node.inputs[0]]
        return node.get("num_hidden", None) if node.operator == "FullyConnected" else None


def _simple(operator: str) -> Callable[[GraphBuilder, int], None]:
    """Convert an operator without options that both have."""

    def write(builder: GraphBuilder, index: int) -> None:
        inputs = builder.inputs(index)
        rank = max(builder.rank(index, place) for place in range(len(inputs)))
        builder.finish(index, operator, inputs, rank)

    return write


def _with_scalar(operator: str) -> Callable[[GraphBuilder, int], None]:
    def write(builder: GraphBuilder, index: int) -> None:
        node = builder.graph.nodes[index]
        scalar = builder.constant(np.float32(node.get("scalar", 0.0)), f"{node.name}:scalar")
        builder.finish(index, operator, [builder.input(index), scalar])

    return write


def _activation(builder: GraphBuilder, index: int) -> None:
    kind = builder.graph.nodes[index].get("act_type", "relu")
    operator = {"relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh", "softrelu": "Softplus"}[kind]
    builder.finish(index, operator, [builder.input(index)])


def _convolution(builder: GraphBuilder, index: int) -> None:
    node, rank = builder.graph.nodes[index], builder.array(index, 1).ndim - 2
    ones, zeros = (1,) * rank, (0,) * rank
    builder.finish(
        index,
        "Conv",
        builder.inputs(index),
        kernel_shape=node.get("kernel", ones),
        strides=node.get("stride", ones),
        dilations=node.get("dilate", ones),
        pads=list(node.get("pad", zeros)) * 2,
        group=node.get("num_group", 1),
    )


def _batch_norm(builder: GraphBuilder, index: int) -> None:
    node, inputs = builder.graph.nodes[index], builder.inputs(index)
    if node.get("fix_gamma", True):
        inputs[1] = builder.constant(np.ones_like(builder.array(index, 1)), f"{node.name}:gamma")
    builder.finish(index, "BatchNormalization", inputs, epsilon=float(node.get("eps", 1e-3)))


def _pooling(builder: GraphBuilder, index: int) -> None:
    node, inputs = builder.graph.nodes[index], [builder.input(index)]
    kind = "Max" if node.get("pool_type", "max") == "max" else "Average"
    if node.get("global_pool", False):
        builder.finish(index, f"Global{kind}Pool", inputs)
        return
    options: dict[str, Any] = {
        "kernel_shape": node.get("kernel", (1, 1)),
        "strides": node.get("stride", (1, 1)),
        "pads": list(node.get("pad", (0, 0))) * 2,
        "ceil_mode": int(node.get("pooling_convention", "valid") == "full"),
    }
    if kind == "Average":
        options["count_include_pad"] = int(node.get("count_include_pad", True))
    builder.finish(index, f"{kind}Pool", inputs, **options)


def _dense(builder: GraphBuilder, index: int) -> None:
    node, rank, source = builder.graph.nodes[index], builder.rank(index), builder.input(index)
    if node.get("flatten", True) and rank > 2:
        source, rank = builder.add("Flatten", [source], f"{node.name}:flat", axis=1), 2
    weight = builder.constant(builder.array(index, 1).T, f"{node.name}:weight")
    if len(node.inputs) < 3:
        builder.finish(index, "MatMul", [source, weight], rank)
        return
    product = builder.add("MatMul", [source, weight], f"{node.name}:product")
    builder.finish(index, "Add", [product, builder.input(index, 2)], rank)


def _lstm(builder: GraphBuilder, index: int) -> None:
    """Write one ONNX LSTM per layer, with MXNet's (T, N, directions·hidden) between them."""
    node = builder.graph.nodes[index]
    arrays = [builder.arrays[name] for name in builder.graph.rnn_parameters(node)]
    weights, biases = arrays[: len(arrays) // 2], arrays[len(arrays) // 2 :]
    layers, directions = node.get("num_layers", 1), 2 if node.get("bidirectional", False) else 1
    source = builder.input(index)
    for layer in range(layers):
        part = slice(layer * 2 * directions, (layer + 1) * 2 * directions)
        output = builder.names[index] if layer == layers - 1 else f"{node.name}:layer{layer}"
        source = _lstm_layer(builder, f"{node.name}:{layer}", source, weights[part], biases[part], output)
    builder.ranks[index] = 3


def _lstm_layer(
    builder: GraphBuilder, name: str, source: str, weights: list[np.ndarray], biases: list[np.ndarray], output: str
) -> str:
    """Write one layer. weights, biases: i2h, h2h of the forward direction and then, if there is one, of the reverse."""
    from_input = np.stack([_gates(weight) for weight in weights[0::2]])
    from_hidden = np.stack([_gates(weight) for weight in weights[1::2]])
    bias = np.stack([np.concatenate([_gates(w), _gates(r)]) for w, r in zip(biases[0::2], biases[1::2])])
    inputs = [
        source,
        builder.constant(from_input, f"{name}:W"),
        builder.constant(from_hidden, f"{name}:R"),
        builder.constant(bias, f"{name}:B"),
    ]
    direction = "bidirectional" if len(from_input) == 2 else "forward"
    steps = builder.add("LSTM", inputs, f"{name}:Y", hidden_size=from_hidden.shape[2], direction=direction)
    beside = builder.add("Transpose", [steps], f"{name}:beside", perm=[0, 2, 1, 3])  # (T, N, directions, hidden)
    return builder.add("Reshape", [beside, builder.integers([0, 0, -1], "merge the directions")], output)


def _gates(array: np.ndarray) -> np.ndarray:
    """Reorder (4·hidden, …) from MXNet's order of gates to ONNX's."""
    gates = array.reshape(4, -1, *array.shape[1:])
    return np.ascontiguousarray(gates[_ONNX_GATES].reshape(array.shape))


def _reshape(builder: GraphBuilder, index: int) -> None:
    """Write MXNet's codes: as a constant if ONNX's 0 and -1 can express them, otherwise computed from the input's
    shape.
    """
    node, source = builder.graph.nodes[index], builder.input(index)
    target = _constant_target(node.get("shape", ()))
    if target is None:
        shape, rank = _computed_target(builder, node, source, builder.rank(index))
    else:
        shape, rank = builder.integers(target, f"{node.name}:shape"), len(target)
    builder.finish(index, "Reshape", [source, shape], rank)


def _constant_target(codes: tuple[int, ...]) -> list[int] | None:
    """Return ONNX's shape if it needs no sizes: zeros that stay in place and at most one unknown."""
    target: list[int] = []
    place = at = 0
    while place < len(codes):
        code = codes[place]
        if code == -2 or (code == 0 and at != len(target)):
            return None
        if code == -4:
            target += codes[place + 1 : place + 3]
            at, place = at + 1, place + 2
        else:
            target.append(-1 if code == -3 else code)
            at += 2 if code == -3 else 1
        place += 1
    return target if target.count(-1) <= 1 else None


def _computed_target(builder: GraphBuilder, node: Node, source: str, rank: int) -> tuple[str, int]:
    """Return the target shape as a tensor, and its length."""
    sizes = builder.add("Shape", [source], f"{node.name}:sizes")
    parts: list[str] = []
    length = place = at = 0
    codes = node.get("shape", ())

    def size(begin: int, end: int) -> str:
        bounds = [builder.integers([value], f"integer {value}") for value in (begin, end)]
        return builder.add("Slice", [sizes, *bounds], f"{node.name}:sizes {begin} to {end} for {len(parts)}")

    def number(value: int) -> str:
        return builder.integers([value], f"integer {value}")

    while place < len(codes):
        code, label = codes[place], f"{node.name}:size {len(parts)}"
        if code == -2:
            parts.append(size(at, rank))
            length, at = length + rank - at, rank
        elif code == -3:
            parts.append(builder.add("Mul", [size(at, at + 1), size(at + 1, at + 2)], label))
            length, at = length + 1, at + 2
        elif code == -4:
            for factor, other in (codes[place + 1 : place + 3], codes[place + 2 : place : -1]):
                known = number(factor) if factor != -1 else None
                label = f"{node.name}:size {len(parts)}"
                parts.append(known or builder.add("Div", [size(at, at + 1), number(other)], label))
            length, at, place = length + 2, at + 1, place + 2
        else:
            parts.append(size(at, at + 1) if code == 0 else number(code))
            length, at = length + 1, at + 1
        place += 1
    return builder.add("Concat", parts, f"{node.name}:shape", axis=0), length


def _transpose(builder: GraphBuilder, index: int) -> None:
    axes = builder.graph.nodes[index].get("axes", ()) or range(builder.rank(index))[::-1]
    builder.finish(index, "Transpose", [builder.input(index)], perm=list(axes))


def _swap_axes(builder: GraphBuilder, index: int) -> None:
    node, axes = builder.graph.nodes[index], list(range(builder.rank(index)))
    one, other = node.get("dim1", 0), node.get("dim2", 0)
    axes[one], axes[other] = axes[other], axes[one]
    builder.finish(index, "Transpose", [builder.input(index)], perm=axes)


def _slice_axis(builder: GraphBuilder, index: int) -> None:
    node = builder.graph.nodes[index]
    end = node.get("end", None)
    bounds = (node.get("begin", 0), np.iinfo(np.int64).max if end is None else end, node.get("axis", 0))
    names = [builder.integers([bound], f"integer {bound}") for bound in bounds]
    builder.finish(index, "Slice", [builder.input(index), *names])


def _expand_dims(builder: GraphBuilder, index: int) -> None:
    node = builder.graph.nodes[index]
    axes = builder.integers([node.get("axis", 0)], f"{node.name}:axes")
    builder.finish(index, "Unsqueeze", [builder.input(index), axes], builder.rank(index) + 1)


def _squeeze(builder: GraphBuilder, index: int) -> None:
    node = builder.graph.nodes[index]
    axis = node.get("axis", ())
    axes = [axis] if isinstance(axis, int) else list(axis)
    if not axes:
        raise GraphError(f"{node.name}: squeeze without axes is not supported: it depends on the size of the image")
    inputs = [builder.input(index), builder.integers(axes, f"{node.name}:axes")]
    builder.finish(index, "Squeeze", inputs, builder.rank(index) - len(axes))


def _concat(builder: GraphBuilder, index: int) -> None:
    builder.finish(index, "Concat", builder.inputs(index), axis=builder.graph.nodes[index].get("dim", 1))


def _flatten(builder: GraphBuilder, index: int) -> None:
    builder.finish(index, "Flatten", [builder.input(index)], 2, axis=1)


def _up_sampling(builder: GraphBuilder, index: int) -> None:
    """Repeat every pixel `scale` times in both directions."""
    scale = float(builder.graph.nodes[index].get("scale", 1))
    scales = builder.constant(np.array([1, 1, scale, scale], np.float32), f"scales {scale:g}")
    inputs = [builder.input(index), "", scales]
    builder.finish(
        index, "Resize", inputs, mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"
    )


def _leaky_relu(builder: GraphBuilder, index: int) -> None:
    slope = float(builder.graph.nodes[index].get("slope", 0.25))
    builder.finish(index, "LeakyRelu", [builder.input(index)], alpha=slope)


WRITERS: dict[str, Callable[[GraphBuilder, int], None]] = {
    "Activation": _activation,
    "BatchNorm": _batch_norm,
    "Concat": _concat,
    "Convolution": _convolution,
    "Flatten": _flatten,
    "FullyConnected": _dense,
    "LeakyReLU": _leaky_relu,
    "Pooling": _pooling,
    "RNN": _lstm,
    "Reshape": _reshape,
    "SwapAxis": _swap_axes,
    "UpSampling": _up_sampling,
    "_minus_scalar": _with_scalar("Sub"),
    "_mul_scalar": _with_scalar("Mul"),
    "_plus_scalar": _with_scalar("Add"),
    "broadcast_add": _simple("Add"),
    "broadcast_mul": _simple("Mul"),
    "elemwise_add": _simple("Add"),
    "elemwise_mul": _simple("Mul"),
    "expand_dims": _expand_dims,
    "relu": _simple("Relu"),
    "sigmoid": _simple("Sigmoid"),
    "slice_axis": _slice_axis,
    "squeeze": _squeeze,
    "tanh": _simple("Tanh"),
    "transpose": _transpose,
}
