"""Stored tensors of an ONNX file as numpy arrays, without the package onnx (which readers do not install).

Field numbers are those of onnx.proto: graph 7 of ModelProto, initializer 5 of GraphProto; of TensorProto dims 1,
data_type 2, name 8, raw_data 9.
"""

from __future__ import annotations

from math import prod

import numpy as np

from ...errors import GraphError
from .protobuf import Field, fields, varints

_TYPES: dict[int, np.dtype] = {1: np.dtype("<f4"), 7: np.dtype("<i8"), 10: np.dtype("<f2"), 11: np.dtype("<f8")}


def initializers(model: bytes) -> dict[str, np.ndarray]:
    """Return the stored tensors by name, as read-only views of `model`. Raises `GraphError` for a damaged file."""
    found = {}
    for graph in (part for part in fields(memoryview(model)) if part.number == 7):
        for part in fields(graph.bytes):
            if part.number == 5:
                name, array = _tensor(part.bytes)
                found[name] = array
    return found


def _tensor(tensor: memoryview) -> tuple[str, np.ndarray]:
    dimensions: list[int] = []
    name, kind, data = "", 0, memoryview(b"")
    for part in fields(tensor):
        if part.number == 1:
            dimensions += _dimensions(part)
        elif part.number == 2 and isinstance(part.value, int):
            kind = part.value
        elif part.number == 8:
            name = part.text
        elif part.number == 9:
            data = part.bytes
    if kind not in _TYPES or prod(dimensions) * _TYPES[kind].itemsize != len(data):
        raise GraphError(f"tensor {name!a:.60} of type {kind} has {len(data)} bytes for dimensions {dimensions}")
    return name, np.frombuffer(data, _TYPES[kind]).reshape(dimensions)


def _dimensions(part: Field) -> list[int]:
    """Return the dimensions of a field, which are written one by one or packed."""
    return [part.value] if isinstance(part.value, int) else varints(part.bytes)
