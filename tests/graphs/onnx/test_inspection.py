"""Graphs from strangers, before a runtime gets them."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from letters import LETTERS, members

from gluon_htr.errors import GraphError
from gluon_htr.graphs.onnx.inspection import OPERATORS, check_graph
from gluon_htr.graphs.onnx.protobuf import fields

onnx = pytest.importorskip("onnx")
from gluon_htr.graphs.onnx import operators

MODEL = members(LETTERS)["model.onnx"]
helper = onnx.helper


def small(*nodes: Any, opsets: tuple[Any, ...] = (), **parts: Any) -> Any:
    """A model with an image, logits, and these nodes between."""
    values = [helper.make_tensor_value_info(name, 1, ["n", 3]) for name in ("image", "logits")]
    graph = helper.make_graph(nodes or [helper.make_node("Relu", ["image"], ["logits"])], "g", values[:1], values[1:])
    return helper.make_model(graph, opset_imports=opsets or [helper.make_opsetid("", 13)], **parts)


def test_our_own_graphs_pass_with_their_names() -> None:
    """Every bundle would be refused."""
    found = check_graph(MODEL)
    assert (found.inputs, found.outputs) == (("image",), ("logits",))
    assert "LSTM" in found.operators
    theirs = {node.op_type for node in onnx.load_from_string(MODEL).graph.node}
    assert found.operators == theirs


def test_every_operator_that_we_write_is_accepted() -> None:
    """A network could be exported, and its bundle then be refused."""
    tree = ast.parse(Path(operators.__file__).read_text(encoding="utf-8"))
    words = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    written = words & {schema.name for schema in onnx.defs.get_all_schemas()} - {
        "Dropout",
        "Max",
        "RNN",
    }  # MXNet's words
    assert len(written) > 15
    assert written | {"MaxPool", "AveragePool", "GlobalMaxPool", "GlobalAveragePool", "Cast"} <= OPERATORS


def _external(model: Any) -> Any:
    tensor = onnx.numpy_helper.from_array(np.ones((3, 3), np.float32), "w")
    model.graph.initializer.append(tensor)
    onnx.external_data_helper.set_external_data(model.graph.initializer[0], "/etc/passwd")
    return model


def _external_attribute() -> Any:
    tensor = onnx.numpy_helper.from_array(np.ones((3, 3), np.float32), "w")
    onnx.external_data_helper.set_external_data(tensor, "/etc/passwd")
    return small(helper.make_node("Relu", ["image"], ["logits"], value=tensor))


def _with_function() -> Any:
    body = helper.make_function("x", "f", ["a"], ["b"], [helper.make_node("Relu", ["a"], ["b"])], [])
    model = small()
    model.functions.append(body)
    return model


CASES: dict[str, tuple[Callable[[], Any], str]] = {
    "external data": (lambda: _external(small()), "other files"),
    "external data in an attribute": (_external_attribute, "other files"),
    "unknown operator": (lambda: small(helper.make_node("Loop", ["image"], ["logits"])), "'Loop'"),
    "other domain": (lambda: small(helper.make_node("Relu", ["image"], ["logits"], domain="evil")), "'evil'"),
    "graph within": (
        lambda: small(helper.make_node("Relu", ["image"], ["logits"], body=small().graph)),
        "graphs within graphs",
    ),
    "function": (_with_function, "functions"),
    "opset": (lambda: small(opsets=(helper.make_opsetid("", 7),)), "opset 7"),
    "opset of a domain": (lambda: small(opsets=(helper.make_opsetid("com.evil", 13),)), "com.evil"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_could_do_harm_is_refused_by_name(case: str) -> None:
    """A model could read files of the user's, or run code that nobody looked at."""
    make, says = CASES[case]
    with pytest.raises(GraphError, match=says):
        check_graph(make().SerializeToString())


def test_a_graph_cut_anywhere_is_one_error() -> None:
    """Half a file would crash the runtime."""
    cuts = np.random.default_rng(0).integers(1, len(MODEL) - 1, 60)
    for cut in cuts:
        with pytest.raises(GraphError):
            check_graph(MODEL[:cut])


@pytest.mark.parametrize("content", [b"\xff" * 20, b"\x0b", b"\x3a\xff\xff\xff\xff\x0f", b"\x80"])
def test_what_is_no_message_is_one_error(content: bytes) -> None:
    """A wrong length would read beyond the end, or never come to it."""
    with pytest.raises(GraphError):
        list(fields(memoryview(content)))
