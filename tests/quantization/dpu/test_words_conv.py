"""The preset that has no recurrence is what it is for: work for a DPU."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from needs_mxnet import need_mxnet

need_mxnet()
pytest.importorskip("onnx")
from small_featurizers import images

from gluon_htr.graphs.onnx.splitting import split
from gluon_htr.graphs.onnx.writer import to_onnx
from gluon_htr.graphs.params import load_parameters
from gluon_htr.graphs.symbol import load_graph
from gluon_htr.images.preprocessing import to_network_input
from gluon_htr.networks.presets import load_preset
from gluon_htr.networks.recognizer import build, export_pair
from gluon_htr.quantization.dpu.graphs import StaticGraph, fixed, inferred
from gluon_htr.quantization.dpu.limits import ARCHITECTURES
from gluon_htr.quantization.dpu.planning import plan
from gluon_htr.quantization.dpu.qdq import quantize, to_qdq
from gluon_htr.quantization.dpu.running import session
from gluon_htr.quantization.dpu.simulator import EXACT, headroom, simulate


def _network(folder: Path) -> StaticGraph:
    """words-conv with fresh weights, for one image."""
    preset = load_preset("words-conv")
    export_pair(build(preset, 80), folder)
    model = to_onnx(load_graph(folder / "symbol.json"), load_parameters(folder / "model.params"), height=48)
    return fixed(model, {"batch": 1, "width": preset.preprocessing.width})


def test_nearly_all_work_of_words_conv_runs_on_every_dpu(tmp_path: Path) -> None:
    """The board's CPU would do the work, and the accelerator would wait."""
    network = _network(tmp_path)
    for dpu in ARCHITECTURES.values():
        found = plan(network, dpu)
        assert found.share >= 0.95
        assert found.pieces == 1
        assert "features" in {place.layer.name for place in found.places if place.on_dpu}


def test_words_conv_can_be_quantized(tmp_path: Path) -> None:
    """The network that is made for a DPU would be refused by our own quantizer, or simulated wrongly."""
    head, _ = split(_network(tmp_path).model)
    pages = images(4, 48, 192)
    made = quantize(inferred(head), pages)
    assert headroom(made) < EXACT
    runtime = session(to_qdq(made))
    for page in pages[:2]:
        (features,) = runtime.run(None, {"image": to_network_input(page[None])})
        found = simulate(made, to_network_input(page[None]))["features"]
        np.testing.assert_array_equal(features * 2.0 ** made.exponents["features"], found)
