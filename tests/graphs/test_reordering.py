"""Graphs whose max-pooling was moved before the ReLU."""

from __future__ import annotations

import json

from gluon_htr.graphs.reordering import pool_first
from gluon_htr.graphs.symbol import Graph, parse_graph


def graph(*operators: tuple[str, dict[str, str], list[int]]) -> Graph:
    """A symbol of these nodes after `data`, node 0."""
    nodes = [{"op": "null", "name": "data", "inputs": []}]
    for number, (operator, attributes, inputs) in enumerate(operators):
        links = [[index, 0, 0] for index in inputs]
        nodes.append({"op": operator, "name": f"n{number}", "attrs": attributes, "inputs": links})
    return parse_graph(json.dumps({"nodes": nodes, "heads": [[len(nodes) - 1, 0, 0]]}))


def operators(of: Graph) -> list[str]:
    return [node.operator for node in of.nodes]


RELU = ("Activation", {"act_type": "relu"}, [0])


def pooling(kind: str, *inputs: int) -> tuple[str, dict[str, str], list[int]]:
    return ("Pooling", {"kernel": "(2, 2)", "stride": "(2, 2)", "pool_type": kind}, list(inputs))


def test_max_pooling_goes_first() -> None:
    """The ReLU would be computed on four times the pixels."""
    moved = pool_first(graph(RELU, pooling("max", 1)))
    assert operators(moved) == ["null", "Pooling", "Activation"]
    assert [node.inputs for node in moved.nodes] == [(), (0,), (1,)]


def test_a_mean_is_no_maximum() -> None:
    """A network with average-pooling would compute something else."""
    assert operators(pool_first(graph(RELU, pooling("avg", 1)))) == ["null", "Activation", "Pooling"]


def test_a_relu_that_others_use_stays() -> None:
    """A branch beside the pooling would get pooled pixels."""
    branched = graph(RELU, pooling("max", 1), ("Flatten", {}, [1]), ("Flatten", {}, [2]), ("elemwise_add", {}, [3, 4]))
    assert operators(pool_first(branched))[1] == "Activation"
