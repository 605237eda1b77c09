"""The preset that has no recurrence is what it is for: work for a DPU."""

from __future__ import annotations

from pathlib import Path

import pytest
from needs_mxnet import need_mxnet

pytest.importorskip("onnx")
need_mxnet()

from gluon_htr.graphs.onnx import to_onnx
from gluon_htr.graphs.params import load_parameters
from gluon_htr.graphs.symbol import load_graph
from gluon_htr.networks.presets import load_preset
from gluon_htr.networks.recognizer import build, export_pair
from gluon_htr.quantization.graphs import fixed
from gluon_htr.quantization.limits import ARCHITECTURES
from gluon_htr.quantization.planning import plan


def test_nearly_all_work_of_words_conv_runs_on_every_dpu(tmp_path: Path) -> None:
    """The board's CPU would do the work, and the accelerator would wait."""
    preset = load_preset("words-conv")
    export_pair(build(preset, 80), tmp_path)
    model = to_onnx(load_graph(tmp_path / "symbol.json"), load_parameters(tmp_path / "model.params"), height=48)
    network = fixed(model, {"batch": 1, "width": preset.preprocessing.width})
    for dpu in ARCHITECTURES.values():
        found = plan(network, dpu)
        assert found.share >= 0.95
        assert found.pieces == 1
        assert "features" in {place.layer.name for place in found.places if place.on_dpu}
