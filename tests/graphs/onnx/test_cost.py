"""Graphs that are bombs are refused before a runtime gets them; networks are not."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from letters import LETTERS, members, rehashed, zipped

from gluon_htr import load
from gluon_htr.bundles.catalog import known_bundles
from gluon_htr.bundles.reader import read_bundle
from gluon_htr.errors import BundleError, GraphError
from gluon_htr.graphs.onnx.cost import _RULES, check_cost
from gluon_htr.graphs.onnx.inspection import INTEGER_OPERATORS, check_graph

onnx = pytest.importorskip("onnx")
helper, numpy_helper = onnx.helper, onnx.numpy_helper
IMAGE = (1, 1, 16, 64)


def model(nodes: list[Any], weights: dict[str, np.ndarray] | None = None) -> bytes:
    """A graph from `image` to `logits`."""
    values = [helper.make_tensor_value_info(name, 1, None) for name in ("image", "logits")]
    stored = [numpy_helper.from_array(value, name) for name, value in (weights or {}).items()]
    graph = helper.make_graph(nodes, "g", values[:1], values[1:], stored)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]).SerializeToString()


def doubling() -> bytes:
    names = ["image", *(f"x{k}" for k in range(24)), "logits"]
    return model([helper.make_node("Concat", [a, a], [b], axis=3) for a, b in pairwise(names)])


def outer_product() -> bytes:
    row = np.zeros((1, 45_000), np.float32)
    return model(
        [helper.make_node("MatMul", ["column", "row"], ["p"]), helper.make_node("Add", ["image", "p"], ["logits"])],
        {"row": row, "column": row.T.copy()},
    )


def unpacked_weights() -> bytes:
    """Weights that grow by themselves, without the image."""
    names = ["w", *(f"w{k}" for k in range(9))]
    nodes = [helper.make_node("Concat", [a, a], [b], axis=0) for a, b in pairwise(names)]
    return model(
        [*nodes, helper.make_node("Add", ["image", names[-1]], ["logits"])], {"w": np.zeros(300_000, np.float16)}
    )


def convolutions() -> bytes:
    kernel = np.zeros((256, 256, 3, 3), np.float16)
    names = ["a", *(f"x{k}" for k in range(2000)), "logits"]
    first = [
        helper.make_node("Cast", ["k"], ["kernel"], to=1),
        helper.make_node("Concat", ["image"] * 256, ["a"], axis=1),
    ]
    nodes = [helper.make_node("Conv", [a, "kernel"], [b], pads=[1] * 4) for a, b in pairwise(names)]
    return model([*first, *nodes], {"k": kernel})


def square() -> bytes:
    """A product of the image with itself, which is harmless in small."""
    flat = np.array([-1, 1], np.int64)
    return model(
        [
            helper.make_node("Reshape", ["image", "flat"], ["column"]),
            helper.make_node("Transpose", ["column"], ["row"]),
            helper.make_node("MatMul", ["column", "row"], ["logits"]),
        ],
        {"flat": flat},
    )


BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "doubling": (doubling, "results"),
    "outer product": (outer_product, "weights"),
    "unpacked weights": (unpacked_weights, "weights"),
    "convolutions": (convolutions, "GMACs"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused(name: str) -> None:
    """A bundle of 400 kB would take 8 GB, or compute for ever."""
    make, says = BOMBS[name]
    with pytest.raises(GraphError, match=says):
        check_cost(make(), {"image": IMAGE})


def test_the_widest_image_counts() -> None:
    """A graph could be small for the image that is tried, and huge for the next."""
    assert check_cost(square(), {"image": IMAGE}).macs == 1024**2
    with pytest.raises(GraphError, match="results"):
        check_cost(square(), {"image": (1, 1, 48, 4096)})


def test_a_bundle_with_a_bomb_is_refused_by_name(tmp_path: Path) -> None:
    """It would be loaded, shown by `models` and served."""
    path = zipped(tmp_path / "bomb.zip", rehashed(members(LETTERS) | {"model.onnx": doubling()}))
    with pytest.raises(BundleError, match=r"bomb\.zip: model\.onnx: its results"):
        load(path)


@pytest.mark.parametrize("case", ["reshape", "squeeze", "unknown input", "pool"])
def test_sizes_that_cannot_be_told_are_one_error(case: str) -> None:
    """Whatever cannot be bounded would be run, or be a traceback."""
    nodes = {
        "reshape": helper.make_node("Reshape", ["image", "image"], ["logits"]),
        "squeeze": helper.make_node("Squeeze", ["image", "image"], ["logits"]),
        "unknown input": helper.make_node("Relu", ["nothing"], ["logits"]),
        "pool": helper.make_node("MaxPool", ["image"], ["logits"], kernel_shape=[2], strides=[0]),
    }
    with pytest.raises(GraphError, match="cannot be told"):
        check_cost(model([nodes[case]]), {"image": IMAGE})


def test_every_accepted_operator_has_a_rule() -> None:
    """A network that is accepted would be refused by its cost."""
    assert set(_RULES) == INTEGER_OPERATORS


@pytest.mark.parametrize("entry", known_bundles(), ids=lambda entry: entry.name)
def test_shapes_are_those_that_the_runtime_finds(entry: Any) -> None:
    """The bound would be that of another graph."""
    from gluon_htr._onnxruntime import onnxruntime, session_options

    bundle = read_bundle(entry.path)
    content = onnx.load_from_string(bundle.model)
    names = [node.output[0] for node in content.graph.node]
    del content.graph.output[:]
    content.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    session = onnxruntime.InferenceSession(content.SerializeToString(), session_options(1))
    height = session.get_inputs()[0].shape[2]
    shape = (1, 1, height if isinstance(height, int) else 64, 192)
    results = session.run(names, {"image": np.zeros(shape, np.float32)})
    stored = sum(int(np.prod(tensor.dims)) for tensor in content.graph.initializer)
    cost = check_cost(bundle.model, {"image": shape})
    assert cost.weights + cost.results == stored + sum(result.size for result in results)
    assert cost.macs > 1_000_000


def test_the_runtimes_own_format_is_refused() -> None:
    """What is run would be another graph than the one that was inspected: 'ORTM' selects another parser."""
    content = members(LETTERS)["model.onnx"]
    disguised = b"\x08\x07\x12\x04ORTM" + content
    with pytest.raises(GraphError, match="own format"):
        check_graph(disguised)


def test_a_session_never_loads_the_runtimes_own_format(tmp_path: Path) -> None:
    """A second door to the same: `load` would run a file that no inspection has seen."""
    from gluon_htr._onnxruntime import onnxruntime, session_options
    from gluon_htr.runtime.backends import onnx_network

    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "own.ort")
    options.add_session_config_entry("session.save_model_format", "ORT")
    onnxruntime.InferenceSession(members(LETTERS)["model.onnx"], options)
    own = (tmp_path / "own.ort").read_bytes()
    assert own[4:8] == b"ORTM"
    onnxruntime.InferenceSession(own)  # by default it would
    assert session_options().get_session_config_entry("session.load_model_format") == "ONNX"
    with pytest.raises(GraphError, match="cannot load"):
        onnx_network(own)
