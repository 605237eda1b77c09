"""Networks that find lines, in int8 for a DPU."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from drawn_pages import draw_page, write_pages
from needs_mxnet import need_mxnet

need_mxnet()
pytest.importorskip("onnx")
from gluon_htr.bundles.catalog import find_bundle
from gluon_htr.graphs.onnx.writer import to_onnx
from gluon_htr.graphs.pair import read_pair
from gluon_htr.graphs.symbol import parse_graph
from gluon_htr.images.preprocessing import to_network_input
from gluon_htr.networks.layout import build_layout
from gluon_htr.networks.presets import load_layout_preset
from gluon_htr.networks.recognizer import export_pair
from gluon_htr.quantization.dpu.graphs import StaticGraph, fixed
from gluon_htr.quantization.dpu.limits import architecture
from gluon_htr.quantization.dpu.pages import compare_layout, quantize_layout
from gluon_htr.quantization.dpu.planning import plan
from gluon_htr.quantization.dpu.qdq import quantize, to_qdq
from gluon_htr.quantization.dpu.recipes import Recipe
from gluon_htr.quantization.dpu.running import session
from gluon_htr.quantization.dpu.simulator import simulate

PAGES = np.stack([np.asarray(draw_page(5, seed, size=16)[0])[:192, :320] for seed in range(3)])


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> StaticGraph:
    """The preset `layout` with random weights, for pages of 192 × 320 pixels."""
    folder = tmp_path_factory.mktemp("pair")
    export_pair(build_layout(load_layout_preset("layout"), seed=1), folder)
    pair = read_pair(folder)
    graph = to_onnx(parse_graph(pair.symbol), dict(pair.parameters))
    return fixed(graph, {"batch": 1, "height": 192, "width": 320})


def test_the_whole_network_runs_on_a_dpu(network: StaticGraph) -> None:
    """A board would compute most of it on its slow processor."""
    assert plan(network, architecture("DPUCZDX8G-B4096")).share >= 0.95


def test_integers_are_those_of_onnx_runtime(network: StaticGraph) -> None:
    """What a board computes could not be told beforehand."""
    quantized = quantize(network, PAGES)
    qdq = to_qdq(quantized)
    image = to_network_input(PAGES[:1])
    ours = simulate(quantized, image)[quantized.steps[-1].output]
    theirs = session(qdq).run(None, {qdq.graph.input[0].name: image})[0]
    exponent = quantized.exponents[quantized.steps[-1].output]
    assert np.array_equal(ours, np.rint(theirs * 2.0**exponent).astype(int))


@pytest.mark.long
@pytest.mark.skipif(find_bundle("pages") is None, reason="no model that finds lines ships with this version")
def test_int8_finds_the_same_lines(tmp_path: Path) -> None:
    """Lines would be lost on the board."""
    data = f"pages:{write_pages(tmp_path / 'pages', 3)}"
    quantize_layout("pages", Recipe(), [data], 3, tmp_path / "int8")
    compared = compare_layout("pages", tmp_path / "int8", [data])
    assert compared.before.f1 > 0.8
    assert compared.after.f1 > compared.before.f1 - 0.1
