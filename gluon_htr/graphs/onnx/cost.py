"""The memory and work of an ONNX graph for one image, from the shapes of its results: a runtime is not needed.

A file of some kilobytes may double a tensor again and again, or multiply a long column by a long row. All operators
that `inspection` accepts are known here; a graph whose sizes cannot be told is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, prod

import numpy as np

from ...errors import GraphError
from .nodes import MAX_VALUES, Node, Numbers, read_nodes

Shape = tuple[int, ...]
_UFUNCS = {"Add": "add", "Sub": "subtract", "Mul": "multiply", "Div": "floor_divide"}
MAX_WEIGHTS = 256 << 20  # bytes of float32: 64 million numbers; the largest recognizer in the literature has 30 million
MAX_RESULTS = 2 << 30  # bytes of all results together, of which a runtime holds a part at a time
MAX_MACS = 100_000_000_000  # multiplications and additions: some seconds


@dataclass
class Cost:
    """Numbers in what follows from the weights alone and in all other results, and multiply-accumulate operations."""

    weights: int = 0
    results: int = 0
    macs: int = 0


def check_cost(model: bytes, inputs: dict[str, Shape]) -> Cost:
    """Compute what one image costs. inputs: shapes by name. Raises `GraphError` if it is too much."""
    nodes, constants = read_nodes(model)
    shapes = {name: constant.shape for name, constant in constants.items()} | inputs
    values: dict[str, Numbers] = {name: c.values for name, c in constants.items() if c.values is not None}
    fixed = set(constants) | {""}
    cost = Cost(weights=sum(prod(constant.shape) for constant in constants.values()))
    for node in nodes:
        step = _Step(node, shapes, values)
        try:
            results = _shapes(step)
        except (ValueError, IndexError, KeyError, ZeroDivisionError, OverflowError, TypeError) as error:
            raise GraphError(f"the size of {node.outputs[:1]} ({node.operator}) cannot be told: {error}") from None
        made = sum(prod(shape) for shape in results)
        if min((side for shape in results for side in shape), default=0) < 0:
            raise GraphError(f"{node.outputs[:1]} ({node.operator}) has a negative size")
        shapes.update(zip(node.outputs, results))
        if fixed.issuperset(node.inputs):
            fixed.update(node.outputs)
            cost.weights += made
        else:
            cost.results += made
        cost.macs += step.macs
        _check(cost)
    return cost


def _check(cost: Cost) -> None:
    if 4 * cost.weights > MAX_WEIGHTS:
        raise GraphError(f"its weights take more than {MAX_WEIGHTS >> 20} MB once unpacked, which is not accepted")
    if 4 * cost.results > MAX_RESULTS:
        raise GraphError(f"its results for one image take more than {MAX_RESULTS >> 20} MB, which is not accepted")
    if cost.macs > MAX_MACS:
        raise GraphError(f"it computes more than {MAX_MACS // 10**9} GMACs for one image, which is not accepted")


class _Step:
    """A node with what is known of its inputs."""

    def __init__(self, node: Node, shapes: dict[str, Shape], values: dict[str, Numbers]) -> None:
        self.node, self._shapes, self._values, self.macs = node, shapes, values, 0

    def shape(self, place: int = 0) -> Shape:
        name = self.node.inputs[place]
        if name not in self._shapes:
            raise ValueError(f"it needs {name!a:.60}, which nothing computes")
        return self._shapes[name]

    def has(self, place: int) -> bool:
        return len(self.node.inputs) > place and self.node.inputs[place] != ""

    def values(self, place: int) -> Numbers | None:
        """Return the numbers of an input if they are known: constants, and what is computed of shapes."""
        return self._values.get(self.node.inputs[place]) if self.has(place) else None

    def integers(self, place: int, default: Sequence[int] | None = None) -> list[int]:
        """Return the integers of an input. Raises `ValueError` if they are not known."""
        if not self.has(place) and default is not None:
            return list(default)
        known = self.values(place)
        if known is None:
            raise ValueError("it depends on what is computed")
        return [int(value) for value in known]

    def tell(self, numbers: Sequence[float] | None) -> None:
        """Note the numbers of the first result, if they are few, as shapes and axes are."""
        if numbers is not None and len(numbers) <= MAX_VALUES:
            self._values[self.node.outputs[0]] = tuple(numbers)


def _shapes(step: _Step) -> list[Shape]:
    """Return the shapes of the results of a node."""
    return _RULES[step.node.operator](step)


def _same(step: _Step) -> list[Shape]:
    step.tell(step.values(0))
    return [step.shape()]


def _dynamic(step: _Step) -> list[Shape]:
    return [step.shape(), (), ()]


def _arithmetic(step: _Step) -> list[Shape]:
    first, second = step.values(0), step.values(1)
    if first is not None and second is not None:
        compute: np.ufunc = getattr(np, _UFUNCS[step.node.operator])
        with np.errstate(all="ignore"):
            step.tell(np.atleast_1d(compute(np.array(first), np.array(second))).tolist())
    return [np.broadcast_shapes(step.shape(0), step.shape(1))]


def _convolution(step: _Step) -> list[Shape]:
    (batch, _, *sides), (channels, depth, *kernel) = step.shape(0), step.shape(1)
    result = (batch, channels, *_slid(step.node, sides, kernel))
    step.macs = prod(result) * depth * prod(kernel)
    return [result]


def _pooling(step: _Step) -> list[Shape]:
    batch, channels, *sides = step.shape()
    kernel = step.node.integers("kernel_shape")
    result = (batch, channels, *_slid(step.node, sides, kernel))
    step.macs = prod(result) * prod(kernel)
    return [result, result][: len(step.node.outputs)]


def _slid(node: Node, sides: Sequence[int], kernel: Sequence[int]) -> list[int]:
    """Return how often a kernel fits along each side."""
    count = len(kernel)
    if len(sides) != count:
        raise ValueError(f"a kernel of {count} sides over {len(sides)}")
    strides, dilations = node.integers("strides", (1,) * count), node.integers("dilations", (1,) * count)
    pads = node.integers("pads", (0,) * 2 * count)
    if node.attributes.get("auto_pad", "NOTSET") in ("SAME_UPPER", "SAME_LOWER"):
        return [ceil(side / stride) for side, stride in zip(sides, strides)]
    up = node.integer("ceil_mode", 0) != 0
    return [
        _steps(side + pads[k] + pads[k + count] - dilations[k] * (kernel[k] - 1) - 1, strides[k], up)
        for k, side in enumerate(sides)
    ]


def _steps(room: int, stride: int, up: bool) -> int:
    return max(0, (-(-room // stride) if up else room // stride) + 1)


def _global_pooling(step: _Step) -> list[Shape]:
    batch, channels, *sides = step.shape()
    return [(batch, channels, *[1] * len(sides))]


def _product(step: _Step) -> list[Shape]:
    first, second = step.shape(0), step.shape(1)
    if not first or not second:
        raise ValueError("a product of a single number")
    rows, columns = first[-2:-1], second[-1:] if len(second) > 1 else ()
    if first[-1] != second[-2 if len(second) > 1 else 0]:
        raise ValueError(f"{first} by {second}")
    result = (*np.broadcast_shapes(first[:-2], second[:-2]), *rows, *columns)
    step.macs = prod(result) * first[-1]
    return [result]


def _lstm(step: _Step) -> list[Shape]:
    steps, batch, width = step.shape()
    hidden, directions = step.node.integer("hidden_size", 0), step.shape(1)[0]
    step.macs = steps * batch * directions * 4 * hidden * (width + hidden)
    state = (directions, batch, hidden)
    return [(steps, directions, batch, hidden), state, state][: len(step.node.outputs)]


def _reshape(step: _Step) -> list[Shape]:
    before, target = step.shape(), step.integers(1)
    sides = [before[k] if side == 0 else side for k, side in enumerate(target)]
    if sides.count(-1) == 1:
        sides[sides.index(-1)] = prod(before) // -prod(sides)
    if prod(sides) != prod(before):
        raise ValueError(f"{before} as {sides}")
    step.tell(step.values(0))
    return [tuple(sides)]


def _resize(step: _Step) -> list[Shape]:
    if step.has(3):
        return [tuple(step.integers(3))]
    scales = step.values(2)
    if scales is None or len(scales) != len(step.shape()):
        raise ValueError("its scales are not known")
    return [tuple(int(side * scale) for side, scale in zip(step.shape(), scales))]


def _transpose(step: _Step) -> list[Shape]:
    shape = step.shape()
    order = step.node.integers("perm", tuple(reversed(range(len(shape)))))
    if sorted(order) != list(range(len(shape))):
        raise ValueError(f"an order {order} of {len(shape)} axes")
    return [tuple(shape[axis] for axis in order)]


def _concat(step: _Step) -> list[Shape]:
    parts = [step.shape(place) for place in range(len(step.node.inputs))]
    axis = step.node.integer("axis", 0)
    sides = list(parts[0])
    sides[axis] = sum(part[axis] for part in parts)
    known = [step.values(place) for place in range(len(parts))]
    if all(numbers is not None for numbers in known):
        step.tell([number for numbers in known for number in numbers or ()])
    return [tuple(sides)]


def _slice(step: _Step) -> list[Shape]:
    sides, starts, ends = list(step.shape()), step.integers(1), step.integers(2)
    axes = step.integers(3, range(len(starts)))
    paces = step.integers(4, [1] * len(starts))
    for start, end, axis, pace in zip(starts, ends, axes, paces):
        sides[axis] = len(range(*slice(start, end, pace).indices(sides[axis])))
    known = step.values(0)
    if known is not None and len(starts) == 1:
        step.tell(known[slice(starts[0], ends[0], paces[0])])
    return [tuple(sides)]


def _shape_of(step: _Step) -> list[Shape]:
    begin, end = step.node.integer("start", 0), step.node.integer("end", len(step.shape()))
    numbers = step.shape()[begin:end]
    step.tell(numbers)
    return [(len(numbers),)]


def _axes(step: _Step) -> list[int]:
    return step.integers(1) if step.has(1) else list(step.node.integers("axes"))


def _squeeze(step: _Step) -> list[Shape]:
    shape = step.shape()
    gone = [axis % len(shape) for axis in _axes(step)] or [k for k, side in enumerate(shape) if side == 1]
    step.tell(step.values(0))
    return [tuple(side for axis, side in enumerate(shape) if axis not in gone)]


def _unsqueeze(step: _Step) -> list[Shape]:
    sides, added = list(step.shape()), _axes(step)
    rank = len(sides) + len(added)
    for axis in sorted(axis % rank for axis in added):
        sides.insert(axis, 1)
    step.tell(step.values(0))
    return [tuple(sides)]


def _flatten(step: _Step) -> list[Shape]:
    shape, axis = step.shape(), step.node.integer("axis", 1)
    return [(prod(shape[:axis]), prod(shape[axis:]))]


_RULES: dict[str, Callable[[_Step], list[Shape]]] = {
    **dict.fromkeys(("BatchNormalization", "Cast", "DequantizeLinear", "LeakyRelu", "QuantizeLinear", "Relu"), _same),
    **dict.fromkeys(("Sigmoid", "Softplus", "Tanh"), _same),
    **dict.fromkeys(("Add", "Div", "Mul", "Sub"), _arithmetic),
    **dict.fromkeys(("AveragePool", "MaxPool"), _pooling),
    **dict.fromkeys(("GlobalAveragePool", "GlobalMaxPool"), _global_pooling),
    **dict.fromkeys(("MatMul", "MatMulInteger"), _product),
    **dict.fromkeys(("LSTM", "com.microsoft.DynamicQuantizeLSTM"), _lstm),
    "Concat": _concat,
    "Conv": _convolution,
    "DynamicQuantizeLinear": _dynamic,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Resize": _resize,
    "Shape": _shape_of,
    "Slice": _slice,
    "Squeeze": _squeeze,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
