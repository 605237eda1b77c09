"""`symbol.json` as a small checked structure, from which the torch module and the ONNX graph are made.

MXNet's format (src/nnvm/legacy_json_util.cc): nodes in order, each with an operator, a name, attributes that are all
strings, and inputs as [node, output, version]; a node of operator `null` is a variable. `heads` are the outputs.
Operators and options outside `operators.py` are rejected by name, so that nothing is ignored silently.
"""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._text_files import read_text
from ..errors import GraphError
from .operators import OPERATORS

#: Names that MXNet has for one operator, to the one used here.
_SPELLINGS = {
    "reshape": "Reshape",
    "concat": "Concat",
    "identity": "_copy",
    "flatten": "Flatten",
    "_Plus": "elemwise_add",
}
_STATISTICS = {"BatchNorm": (3, 4)}  # which inputs are running statistics, not weights
_SIZE_LIMIT = 16 << 20  # bytes of JSON: a network of a thousand nodes has half a megabyte


@dataclass(frozen=True)
class Node:
    """An operator or variable. `attributes` are strings, as in the file."""

    name: str
    operator: str  # "null" for a variable
    attributes: dict[str, str]
    inputs: tuple[int, ...]  # indices of the nodes whose first output is used

    def get(self, key: str, default: Any) -> Any:
        """Return an attribute as a Python value: '(3, 3)', 'True', '0.5', 'None'; other words stay strings."""
        text = self.attributes.get(key)
        if text is None:
            return default
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return text
        return default if value is None else value


@dataclass(frozen=True)
class Graph:
    """A network with one input image and one output. Nodes come after the nodes that they use."""

    nodes: tuple[Node, ...]
    data: int  # index of the node that is the image
    output: int
    weights: tuple[str, ...]  # in order of first use
    statistics: tuple[str, ...]  # running means and variances

    def variable(self, index: int) -> str:
        """Return the name of the parameter behind an input and its reshapes. Raises `GraphError` if it is computed."""
        node = self.nodes[index]
        while node.operator == "Reshape":
            node = self.nodes[node.inputs[0]]
        if node.operator != "null":
            raise GraphError(f"{node.name} ({node.operator}) is used as a weight: only stored parameters can be")
        return node.name

    def rnn_parameters(self, node: Node) -> list[str]:
        """Return the names behind an RNN's packed vector: all weights of all layers and directions, then all biases."""
        packed = self.nodes[node.inputs[1]]
        if packed.operator not in ("_rnn_param_concat", "Concat"):
            raise GraphError(f"{node.name}: its parameters come from {packed.operator}, not from _rnn_param_concat")
        for state in node.inputs[2:]:
            if self.nodes[state].operator != "_zeros":
                raise GraphError(f"{node.name}: its first state is not zeros")
        return [self.variable(index) for index in packed.inputs]

    @property
    def parameters(self) -> tuple[str, ...]:
        """All parameters with the prefixes that `.params` files use."""
        return tuple(f"arg:{name}" for name in self.weights) + tuple(f"aux:{name}" for name in self.statistics)


def load_graph(path: str | Path) -> Graph:
    """Read `symbol.json`. Raises `GraphError`, which names the file."""
    try:
        text = read_text(path)
    except OSError as error:
        raise GraphError(f"{path} cannot be read: {error}") from None
    return parse_graph(text, where=str(path))


def parse_graph(text: str, where: str = "symbol.json") -> Graph:
    """Parse the same from text; `where` names it in errors."""
    if len(text) > _SIZE_LIMIT:
        raise GraphError(f"{where} has {len(text)} characters, more than any network")
    try:
        content = json.loads(text)
        nodes = tuple(_node(entry, number) for number, entry in enumerate(content["nodes"]))
        heads = [_first_output(head) for head in content["heads"]]
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise GraphError(f"{where} is not an MXNet symbol ({type(error).__name__}: {error})") from None
    if len(heads) != 1 or not 0 <= heads[0] < len(nodes):
        raise GraphError(f"{where} has {len(heads)} outputs: it must have one, the logits")
    try:
        return _checked(nodes, heads[0])
    except GraphError as error:
        raise GraphError(f"{where}: {error}") from None


def _node(entry: dict[str, Any], number: int) -> Node:
    attributes = {str(k): str(v) for k, v in (entry.get("attrs") or entry.get("param") or {}).items()}
    inputs = tuple(_first_output(ref) for ref in entry["inputs"])
    if any(not 0 <= index < number for index in inputs):
        raise ValueError(f"node {number} uses a node that does not come before it")
    operator = str(entry["op"])
    return Node(str(entry["name"]), _SPELLINGS.get(operator, operator), attributes, inputs)


def _first_output(ref: list[int]) -> int:
    """Return the node of [node, output, version]. Other outputs (states of an RNN, statistics of a batch norm) are not
    supported.
    """
    if int(ref[1]) != 0:
        raise ValueError(f"output {ref[1]} of node {ref[0]} is used; only first outputs are supported")
    return int(ref[0])


def _checked(nodes: tuple[Node, ...], output: int) -> Graph:
    unknown = sorted({node.operator for node in nodes} - OPERATORS.keys() - {"null"})
    if unknown:
        known = ", ".join(sorted(OPERATORS))
        raise GraphError(f"operators that are not supported: {', '.join(unknown)}; supported are {known}")
    for node in nodes:
        _check_options(node)
    if len({node.name for node in nodes}) != len(nodes):
        raise GraphError("two nodes have the same name")
    data = [i for i, node in enumerate(nodes) if node.operator == "null" and node.name == "data"]
    if not data:
        raise GraphError("there is no input named data")
    weights, statistics = _variables(nodes)
    return Graph(nodes, data[0], output, weights, statistics)


def _check_options(node: Node) -> None:
    for key, allowed in OPERATORS.get(node.operator, {}).items():
        if node.get(key, allowed[0]) not in allowed:
            raise GraphError(f"{node.name}: {node.operator} with {key}={node.attributes[key]} is not supported")


def _variables(nodes: tuple[Node, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return weights and running statistics, each in the order of first use."""
    statistics = {
        nodes[node.inputs[place]].name: None
        for node in nodes
        for place in _STATISTICS.get(node.operator, ())
        if place < len(node.inputs)
    }
    names = [node.name for node in nodes if node.operator == "null" and node.name != "data"]
    return tuple(n for n in names if n not in statistics), tuple(statistics)
