"""The plan: every limit of a DPU puts what breaks it on the CPU, by name, with value and source."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
from onnx import helper

from gluon_htr.bundles.catalog import SHIPPED
from gluon_htr.errors import GraphError
from gluon_htr.quantization.dpu.graphs import PLANNED, fixed, parse
from gluon_htr.quantization.dpu.limits import ARCHITECTURES, architecture
from gluon_htr.quantization.dpu.planning import Plan, plan
from gluon_htr.quantization.dpu.sources import open_network

OLD, VERSAL, EDGE, SMALL = "DPUCZDX8G-ISA0-B4096", "DPUCVDX8G-C32", "DPUCV2DX8G-4x32x32", "DPUCZDX8G-B512"
BIG = "DPUCZDX8G-B4096"


def graph(nodes: list[Any], shape: tuple[int, ...], **weights: tuple[int, ...]) -> Any:
    """A model from `x` to `y` with zero weights of these shapes."""
    made = [onnx.numpy_helper.from_array(np.zeros(size, np.float32), name) for name, size in weights.items()]
    x = helper.make_tensor_value_info("x", 1, shape)
    y = helper.make_tensor_value_info("y", 1, None)
    return helper.make_model(
        helper.make_graph(nodes, "g", [x], [y], made), opset_imports=[helper.make_opsetid("", 14)], ir_version=8
    )


def conv(c_in: int, c_out: int, kernel: tuple[int, int], size: int = 32, **options: Any) -> Any:
    """One convolution."""
    group = options.get("group", 1)
    node = helper.make_node("Conv", ["x", "w"], ["y"], kernel_shape=kernel, **options)
    return graph([node], (1, c_in, size, size), w=(c_out, c_in // group, *kernel))


def one(operator: str, shape: tuple[int, ...] = (1, 16, 32, 32), **options: Any) -> Any:
    """One operator of one image."""
    return graph([helper.make_node(operator, ["x"], ["y"], **options)], shape)


def made(model: Any, dpu: str) -> Plan:
    return plan(fixed(model, {}), architecture(dpu))


# DPU, network that breaks the limit, limit, value, allowed, source
BROKEN = [
    (BIG, conv(8, 8, (17, 1)), "kernel height", "17", "1 to 16", "DPUCZDX8G_ISA1"),
    (EDGE, conv(8, 8, (1, 17)), "kernel width", "17", "1 to 16", "DPUCV2DX8G_ISA1"),
    (BIG, conv(8, 8, (3, 3), strides=[9, 1]), "stride height", "9", "1 to 8", "DPUCZDX8G_ISA1"),
    (VERSAL, conv(8, 8, (3, 3), strides=[1, 9]), "stride width", "9", "1 to 8", "DPUCVDX8G_ISA3"),
    (EDGE, conv(8, 8, (3, 3), strides=[17, 1]), "stride height", "17", "1 to 16", "DPUCV2DX8G_ISA1"),
    ("DPUCVDX8G-ISA0-B8192", conv(8, 8, (3, 3), strides=[5, 1]), "stride height", "5", "1 to 4", "UG1414 1.3"),
    ("DPUCVDX8G-ISA0-B8192", conv(8, 8, (9, 8)), "kernel area", "72", "at most 64", "UG1414 1.3"),
    ("DPUCVDX8H", conv(8, 8, (3, 3), strides=[5, 1]), "stride height", "5", "1 to 4", "PG403"),
    ("DPUCVDX8H", conv(2000, 8, (3, 3)), "kernel · input channels", "288", "at most 256", "UG1414"),
    (BIG, conv(513, 8, (1, 9), dilations=[1, 8], pads=[0, 32, 0, 32]), "dilation width", "4104", "4096", "UG1414"),
    (SMALL, conv(257, 8, (1, 9), dilations=[1, 8], pads=[0, 32, 0, 32]), "dilation width", "2056", "2048", "UG1414"),
    (BIG, conv(3633, 8, (3, 3), 4), "kernel · input channels", "2052", "at most 2048", "UG1414"),
    (SMALL, conv(1817, 8, (3, 3), 4), "kernel · input channels", "2052", "at most 2048", "UG1414"),
    (BIG, conv(8, 4097, (1, 1), 4), "output channels", "4097", "at most 4096", "UG1414"),
    (SMALL, conv(8, 2049, (1, 1), 4), "output channels", "2049", "at most 2048", "UG1414"),
    (BIG, conv(8, 8, (3, 3), pads=[3, 0, 0, 0]), "padding top", "3", "= 2", "UG1414"),
    (BIG, conv(8, 8, (3, 3), pads=[0, 0, 0, 3]), "padding right", "3", "= 2", "UG1414"),
    (BIG, conv(8, 8, (3, 3), group=2), "groups", "2", "1 or 8", "UG1414"),
    (BIG, conv(8, 8, (257, 1), 300, group=8), "kernel height", "257", "1 to 256", "DPUCZDX8G_ISA1"),
    (OLD, conv(8, 8, (17, 1), group=8), "kernel height", "17", "1 to 16", "DPUCZDX8G_ISA0"),
    (OLD, conv(8, 8, (3, 3), group=8, strides=[9, 1]), "stride height", "9", "1 to 8", "DPUCZDX8G_ISA0"),
    (BIG, conv(8, 8, (20, 20), group=8, pads=[16, 0, 0, 0]), "padding top", "16", "at most 15", "DPUCZDX8G_ISA1"),
    (BIG, one("MaxPool", (1, 1, 300, 2), kernel_shape=[257, 1]), "pooling kernel height", "257", "1 to 256", "ISA1"),
    (OLD, one("MaxPool", kernel_shape=[9, 1]), "pooling kernel height", "9", "1 to 8", "ISA0"),
    (OLD, one("MaxPool", kernel_shape=[2, 2], strides=[1, 9]), "pooling stride width", "9", "1 to 8", "ISA0"),
    (BIG, one("MaxPool", kernel_shape=[1, 20], pads=[0, 16, 0, 0]), "padding left", "16", "at most 15", "ISA1"),
    (
        BIG,
        one("MaxPool", (1, 1, 600, 2), kernel_shape=[256, 1], pads=[0, 0, 256, 0]),
        "padding bottom",
        "256",
        "at most 255",
        "ISA1",
    ),
    (OLD, one("AveragePool", kernel_shape=[2, 3]), "average pooling", "2 x 3", "squares of 2 to 8", "ISA0"),
    (OLD, one("GlobalAveragePool"), "pooling kernel height", "32", "1 to 8", "ISA0"),
    (BIG, one("LeakyRelu", alpha=0.25), "slope of the leaky ReLU", "0.25", "26/256", "UG1414"),
    (OLD, one("HardSigmoid"), "activation", "HardSigmoid", "Relu", "ISA0"),
    (BIG, one("HardSwish"), "activation", "HardSwish", "Relu", "ISA1"),
    (OLD, graph([helper.make_node("Mul", ["x", "x"], ["y"])], (1, 8, 4, 4)), "operator", "Mul", "sums only", "ISA0"),
    (
        BIG,
        graph([helper.make_node("Add", ["x", "x"], ["y"])], (1, 4097, 2, 2)),
        "output channels",
        "4097",
        "4096",
        "UG1414",
    ),
    (
        BIG,
        graph([helper.make_node("Concat", ["x", "x"], ["y"], axis=1)], (1, 2049, 2, 2)),
        "output channels",
        "4098",
        "4096",
        "UG1414",
    ),
    (
        BIG,
        graph([helper.make_node("Gemm", ["x", "w"], ["y"])], (1, 8), w=(8, 4097)),
        "output channels",
        "4097",
        "4096",
        "UG1414",
    ),
    (BIG, graph([helper.make_node("MatMul", ["x", "w"], ["y"])], (5, 1, 8), w=(8, 4)), "axes", "3", "2", "UG1414"),
    *[
        (name, one(operator), "operator", operator, "an operator of CNNs", "UG1414")
        for name in (BIG, VERSAL, EDGE)
        for operator in ("Sigmoid", "Tanh", "Softmax", "Softplus")
    ],
    (BIG, one("Transpose", perm=[3, 0, 1, 2]), "operator", "Transpose", "an operator of CNNs", "UG1414"),
    *[
        (
            name,
            graph(
                [helper.make_node("LSTM", ["x", "w", "r"], ["y"], hidden_size=4)], (5, 1, 8), w=(1, 16, 8), r=(1, 16, 4)
            ),
            "operator",
            "LSTM",
            "an operator of CNNs",
            "UG1414",
        )
        for name in ARCHITECTURES
    ],
]


@pytest.mark.parametrize(
    ("dpu", "model", "limit", "value", "allowed", "source"), BROKEN, ids=lambda x: x if isinstance(x, str) else "m"
)
def test_what_breaks_a_limit_is_named(dpu: str, model: Any, limit: str, value: str, allowed: str, source: str) -> None:
    """A layer would fall back to the CPU on the board without anybody knowing why."""
    (place,) = made(model, dpu).places
    assert not place.on_dpu
    found = place.breaches[0]
    assert limit in found.limit
    assert value in found.value
    assert allowed in found.allowed
    assert source in found.source
    assert found.remedy


AT_THE_EDGE = [
    (BIG, conv(8, 8, (16, 16))),
    (BIG, conv(8, 8, (3, 3), strides=[8, 8])),
    (EDGE, conv(8, 8, (3, 3), strides=[16, 16])),
    (BIG, conv(3632, 8, (3, 3), 4)),
    (SMALL, conv(1816, 8, (3, 3), 4)),
    (BIG, conv(512, 8, (1, 9), dilations=[1, 8], pads=[0, 32, 0, 32])),
    (SMALL, conv(256, 8, (1, 9), dilations=[1, 8], pads=[0, 32, 0, 32])),
    (SMALL, conv(8, 2048, (1, 1), 4)),
    (BIG, conv(8, 8, (20, 20), group=8, pads=[15, 15, 15, 15])),
    (BIG, one("MaxPool", (1, 1, 300, 2), kernel_shape=[256, 1])),
    (OLD, one("AveragePool", kernel_shape=[8, 8])),
    (BIG, one("LeakyRelu", alpha=26 / 256)),
    (BIG, one("LeakyRelu", alpha=0.1)),
    (BIG, one("HardSigmoid")),
    (VERSAL, one("HardSwish")),
    (BIG, graph([helper.make_node("Mul", ["x", "x"], ["y"])], (1, 8, 4, 4))),
    (BIG, graph([helper.make_node("Gemm", ["x", "w"], ["y"])], (1, 8), w=(8, 4096))),
]


@pytest.mark.parametrize(("dpu", "model"), AT_THE_EDGE)
def test_what_keeps_every_limit_runs_on_the_dpu(dpu: str, model: Any) -> None:
    """The plan would send people to change networks that are fine."""
    assert not made(model, dpu).places[0].breaches


def test_an_architecture_is_named_by_its_operations() -> None:
    """A board's arch.json names B4096: limits of another size would be applied."""
    for name, dpu in ARCHITECTURES.items():
        if name.startswith("DPUCZDX8G"):
            assert name.rpartition("B")[2] == str(dpu.peak)


def test_the_shipped_words_run_on_the_dpu_up_to_the_lstm() -> None:
    """Half of the work would be said to run where it cannot, or not to run where it can."""
    for name in ARCHITECTURES:
        found = plan(open_network(str(SHIPPED / "words.zip")), architecture(name))
        sides = {place.layer.name: place.on_dpu for place in found.places}
        features = list(sides).index("features")
        assert all(list(sides.values())[: features + 1])
        assert not any(list(sides.values())[features + 1 :])
        assert found.pieces == 1
        assert found.share == pytest.approx(0.482, abs=0.002)
        assert "words-conv" in found.advice[0].remedy
        assert found.macs == 120_219_648  # what `gluon-htr presets words` counts, for 78 classes


def test_constants_are_no_layers() -> None:
    """Weights stored in half would be planned as layers of the CPU."""
    network = open_network(str(SHIPPED / "words.zip"))
    assert {node.op_type for node in network.nodes} <= {
        "Conv", "Relu", "MaxPool", "Transpose", "Reshape", "LSTM", "MatMul", "Add",
    }  # fmt: skip
    assert all(array.dtype != np.float16 for array in network.weights.values())


def test_unknown_operators_and_free_sizes_are_one_error() -> None:
    """A user would see a traceback of somebody else's library."""
    with pytest.raises(GraphError, match="not accepted: 'Erf'"):
        parse(one("Erf").SerializeToString(), "x.onnx")
    with pytest.raises(GraphError, match=r"x\.onnx"):
        parse(b"no model at all", "x.onnx")
    free = one("Relu")
    free.graph.input[0].type.tensor_type.shape.dim[3].dim_param = "columns"
    with pytest.raises(GraphError, match=r"'columns'.*fixed sizes"):
        fixed(free, {"batch": 1})
    assert "Erf" not in PLANNED
