"""Nodes and small constants of an ONNX file, without the package onnx.

Field numbers are those of onnx.proto: of GraphProto node 1, initializer 5, input 11, output 12; of NodeProto input 1,
output 2, op_type 4, attribute 5, domain 7; of AttributeProto name 1, f 2, i 3, s 4, ints 8; of TensorProto dims 1,
data_type 2, float_data 4, int64_data 7, name 8, raw_data 9.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

import numpy as np

from ...errors import GraphError
from .protobuf import Field, fields, varints

MAX_VALUES = 64  # numbers of a constant that are read: shapes, axes, scales
_NUMBERS: dict[int, np.dtype] = {1: np.dtype("<f4"), 6: np.dtype("<i4"), 7: np.dtype("<i8"), 11: np.dtype("<f8")}
_WIDTHS = {1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 16: 2}  # bytes by data type

Numbers = tuple[float, ...]


@dataclass(frozen=True)
class Constant:
    """A stored tensor: its shape, the bytes of a number, and its numbers if there are few."""

    shape: tuple[int, ...]
    width: int
    values: Numbers | None


@dataclass(frozen=True)
class Node:
    """A node. attributes: integers, lists of integers, floats or texts by name."""

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, object] = field(default_factory=dict)

    def integers(self, name: str, default: tuple[int, ...] = ()) -> tuple[int, ...]:
        """Return a list of integers. Raises `GraphError` if the attribute is something else."""
        value = self.attributes.get(name, default)
        if not isinstance(value, tuple):
            raise GraphError(f"{self.operator} has no list of integers in {name}")
        return value

    def integer(self, name: str, default: int) -> int:
        """Return an integer. Raises `GraphError` if the attribute is something else."""
        value = self.attributes.get(name, default)
        if not isinstance(value, int):
            raise GraphError(f"{self.operator} has no integer in {name}")
        return value


def read_nodes(model: bytes) -> tuple[list[Node], dict[str, Constant]]:
    """Return the nodes of a graph in order, and its stored tensors by name. Raises `GraphError` for a damaged file."""
    nodes: list[Node] = []
    constants: dict[str, Constant] = {}
    for graph in (part for part in fields(memoryview(model)) if part.number == 7):
        for part in fields(graph.bytes):
            if part.number == 1:
                nodes.append(_node(part.bytes))
            elif part.number == 5:
                name, constant = _constant(part.bytes)
                constants[name] = constant
    return nodes, constants


def _node(node: memoryview) -> Node:
    inputs, outputs, attributes = list[str](), list[str](), dict[str, object]()
    operator = domain = ""
    for part in fields(node):
        if part.number == 1:
            inputs.append(part.text)
        elif part.number == 2:
            outputs.append(part.text)
        elif part.number == 4:
            operator = part.text
        elif part.number == 5:
            name, value = _attribute(part.bytes)
            attributes[name] = value
        elif part.number == 7:
            domain = part.text
    plain = operator if domain in ("", "ai.onnx") else f"{domain}.{operator}"
    return Node(plain, tuple(inputs), tuple(outputs), attributes)


def _attribute(attribute: memoryview) -> tuple[str, object]:
    name, value, numbers = "", None, list[int]()
    for part in fields(attribute):
        if part.number == 1:
            name = part.text
        elif part.number == 2:
            value = struct.unpack("<f", part.bytes)[0]
        elif part.number == 3 and isinstance(part.value, int):
            value = _signed(part.value)
        elif part.number == 4:
            value = bytes(part.bytes[:64]).decode("utf-8", "replace")
        elif part.number == 8:
            numbers += _integers(part)
    return name, tuple(numbers) if value is None else value


def _constant(tensor: memoryview) -> tuple[str, Constant]:
    shape, name, kind = list[int](), "", 0
    raw, listed = memoryview(b""), list[float]()
    for part in fields(tensor):
        if part.number == 1:
            shape += _integers(part)
        elif part.number == 2 and isinstance(part.value, int):
            kind = part.value
        elif part.number == 4 and not isinstance(part.value, int) and len(part.bytes) <= 4 * MAX_VALUES:
            listed += np.frombuffer(part.bytes, "<f4").tolist()
        elif part.number == 7 and len(listed) < MAX_VALUES:
            listed += _integers(part)[:MAX_VALUES]
        elif part.number == 8:
            name = part.text
        elif part.number == 9:
            raw = part.bytes
    if any(side < 0 for side in shape) or kind not in _WIDTHS:
        raise GraphError(f"tensor {name!a:.60} has the type {kind} and the dimensions {shape[:8]}")
    if not listed and kind in _NUMBERS and 0 < len(raw) <= 8 * MAX_VALUES and len(raw) % _NUMBERS[kind].itemsize == 0:
        listed = np.frombuffer(raw, _NUMBERS[kind]).tolist()
    return name, Constant(tuple(shape), _WIDTHS[kind], tuple(listed) if listed else None)


def _integers(part: Field) -> list[int]:
    return [_signed(value) for value in ([part.value] if isinstance(part.value, int) else varints(part.bytes))]


def _signed(value: int) -> int:
    return value - 2**64 if value >= 2**63 else value
