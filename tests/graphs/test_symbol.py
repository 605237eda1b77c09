"""Graphs that are refused, and why."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gluon_htr.errors import GraphError
from gluon_htr.graphs.symbol import parse_graph

DATA = {"op": "null", "name": "data", "inputs": []}


def _graph(*nodes: dict[str, Any], head: int = 1) -> str:
    return json.dumps({"nodes": [DATA, *nodes], "arg_nodes": [0], "heads": [[head, 0, 0]]})


def _node(operator: str, *inputs: list[int], name: str = "n", **attributes: str) -> dict[str, Any]:
    return {"op": operator, "name": name, "attrs": attributes, "inputs": list(inputs)}


def test_an_operator_outside_the_set_is_refused_by_name() -> None:
    """A network would be converted with a part left out."""
    with pytest.raises(GraphError, match=r"own.json: .*not supported: Custom, SpatialTransformer"):
        parse_graph(
            _graph(_node("SpatialTransformer", [0, 0, 0]), _node("Custom", [1, 0, 0], name="m"), head=2), "own.json"
        )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not an MXNet symbol"),
        ("[]", "not an MXNet symbol"),
        ("[" * 100_000, "not an MXNet symbol"),
        (_graph(_node("relu", [1, 0, 0])), "does not come before"),
        (_graph(_node("relu", [-1, 0, 0])), "does not come before"),
        (_graph(_node("RNN", [0, 1, 0])), "output 1"),
        (_graph(_node("relu", [0, 0, 0]), head=9), "outputs"),
        (_graph(_node("relu", [0, 0, 0], name="data")), "same name"),
        (json.dumps({"nodes": [_node("null", name="image")], "heads": [[0, 0, 0]]}), "no input named data"),
    ],
)
def test_a_malformed_graph_is_one_error(text: str, reason: str) -> None:
    """A hostile model file would give a traceback or hang."""
    with pytest.raises(GraphError, match=reason):
        parse_graph(text)


@given(st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
def test_any_other_json_is_one_error(content: Any) -> None:
    """A file of something else would give a traceback."""
    with pytest.raises(GraphError):
        parse_graph(json.dumps({"nodes": content, "heads": content}))
