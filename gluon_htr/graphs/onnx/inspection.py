"""Inspection of an ONNX file before a runtime loads it, without the package onnx (which readers do not install).

Rejected are operators that no recognizer needs, domains other than ONNX's own, graphs within graphs, functions, and
tensors whose data are in other files. Field numbers are those of onnx.proto (ModelProto, GraphProto, NodeProto,
AttributeProto, TensorProto).
"""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import GraphError
from .protobuf import Field, fields

#: Operators that `writer.py` writes, that widen stored weights, and of quantized graphs.
# fmt: off
OPERATORS = frozenset({
    "Add", "AveragePool", "BatchNormalization", "Cast", "Concat", "Conv", "DequantizeLinear", "Div",
    "Flatten", "GlobalAveragePool", "GlobalMaxPool", "LSTM", "LeakyRelu", "MatMul", "MaxPool", "Mul",
    "QuantizeLinear", "Relu", "Reshape", "Resize", "Shape", "Sigmoid", "Slice", "Softplus", "Squeeze", "Sub", "Tanh",
    "Transpose", "Unsqueeze",
})
# fmt: on
#: Operators of `model.int8.onnx`. The only LSTM in int8 is that of ONNX Runtime.
INTEGER_OPERATORS = OPERATORS | {"DynamicQuantizeLinear", "MatMulInteger", "com.microsoft.DynamicQuantizeLSTM"}
OPSETS = range(13, 18)
MAX_NODES = 10_000


@dataclass(frozen=True)
class Inspection:
    """Operators, inputs and outputs of a graph; inputs with a stored value are left out."""

    operators: frozenset[str]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def check_graph(model: bytes, operators: frozenset[str] = OPERATORS) -> Inspection:
    """Check a graph. Raises `GraphError` if the file is damaged or contains something that is rejected.

    operators: the accepted ones; those of a domain other than ONNX's own include the domain.
    """
    if model[4:8] == b"ORTM":
        raise GraphError("it is in ONNX Runtime's own format, which is not accepted: store it as ONNX")
    parts = list(fields(memoryview(model)))
    graphs = [part.bytes for part in parts if part.number == 7]
    if len(graphs) != 1:
        raise GraphError(f"it is not an ONNX model: it has {len(graphs)} graphs")
    if any(part.number in (20, 25) for part in parts):
        raise GraphError("it has functions or training steps of its own, which are not accepted")
    for part in parts:
        if part.number == 8:
            _check_opset(part.bytes, operators)
    return _graph(graphs[0], operators)


def _check_opset(opset: memoryview, accepted: frozenset[str]) -> None:
    given = {part.number: part for part in fields(opset)}
    domain = given[1].text if 1 in given else ""
    version = given[2].value if 2 in given else 0
    if domain and version == 1 and any(name.startswith(f"{domain}.") for name in accepted):
        return
    if domain not in ("", "ai.onnx") or version not in OPSETS:
        raise GraphError(
            f"it is of opset {version} of {domain or 'ONNX'!a:.60}, not {OPSETS.start} to {OPSETS.stop - 1} of ONNX"
        )


def _graph(graph: memoryview, accepted: frozenset[str]) -> Inspection:
    operators: list[str] = []
    stored: set[str] = set()
    inputs: list[str] = []
    outputs: list[str] = []
    for part in fields(graph):
        if part.number == 1:
            operators.append(_operator(part.bytes, accepted))
        elif part.number == 5:
            stored.add(_tensor(part.bytes))
        elif part.number == 15:
            raise GraphError("it has sparse tensors, which are not accepted")
        elif part.number in (11, 12):
            (inputs if part.number == 11 else outputs).append(_name(part, 1))
    if len(operators) > MAX_NODES:
        raise GraphError(f"it has {len(operators)} nodes; at most {MAX_NODES} are accepted")
    if unknown := sorted(set(operators) - accepted):
        raise GraphError(f"it has operators that are not accepted: {', '.join(map(ascii, unknown[:5]))}")
    return Inspection(frozenset(operators), tuple(n for n in inputs if n not in stored), tuple(outputs))


def _operator(node: memoryview, accepted: frozenset[str]) -> str:
    operator = domain = ""
    for part in fields(node):
        if part.number == 4:
            operator = part.text
        elif part.number == 7:
            domain = part.text
        elif part.number == 5:
            _check_attribute(part.bytes)
    if domain not in ("", "ai.onnx"):
        operator = f"{domain}.{operator}"
        if operator in accepted:
            return operator
        raise GraphError(f"it has an operator of another domain: {domain!a:.60}")
    return operator[:60]


def _check_attribute(attribute: memoryview) -> None:
    for part in fields(attribute):
        if part.number in (6, 11, 22, 23):
            raise GraphError("it has graphs within graphs or sparse tensors, which are not accepted")
        if part.number in (5, 10):
            _tensor(part.bytes)


def _tensor(tensor: memoryview) -> str:
    """Return the name of a tensor after checking that it contains its data."""
    name = ""
    for part in fields(tensor):
        if part.number == 13 or (part.number == 14 and part.value != 0):
            raise GraphError("it has tensors in other files, which are not accepted")
        if part.number == 8:
            name = part.text
    return name


def _name(field: Field, number: int) -> str:
    return next((part.text for part in fields(field.bytes) if part.number == number), "")
