"""The block that every preset makes, and its exported pair."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from needs_mxnet import need_mxnet
from small_networks import CLASSES, NETWORKS, network

mx = need_mxnet()
from gluon_htr.graphs.symbol import load_graph
from gluon_htr.networks.recognizer import build, export_pair


def _noise(*shape: int) -> Any:
    return mx.nd.array(np.random.default_rng(3).random(shape, np.float32))


@pytest.mark.parametrize("name", NETWORKS)
def test_an_exported_pair_gives_the_same_logits_at_another_batch_and_width(name: str, tmp_path: Path) -> None:
    """A trained model would read differently once it is exported, or only images of one width."""
    preset = network(name)
    recognizer = build(preset, CLASSES)
    export_pair(recognizer, tmp_path)
    data = mx.sym.var("data", dtype="float32")
    imported = mx.gluon.SymbolBlock(mx.sym.load(str(tmp_path / "symbol.json")), data)
    imported.load_parameters(str(tmp_path / "model.params"))
    step = preset.network.step_width
    for batch, steps in ((2, 9), (5, 31)):
        image = _noise(batch, 1, preset.nominal_size[0], steps * step)
        logits = recognizer(image).asnumpy()
        assert logits.shape == (batch, steps, CLASSES)
        np.testing.assert_array_equal(imported(image).asnumpy(), logits)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_graph_can_be_cut_between_featurizer_and_encoder(name: str, tmp_path: Path) -> None:
    """The featurizer could not be put on a device of its own."""
    export_pair(build(network(name), CLASSES), tmp_path)
    nodes = load_graph(tmp_path / "symbol.json").nodes
    cut = [node.name for node in nodes].index("features")
    before = {node.operator for node in nodes[:cut]}
    after = {node.operator for node in nodes[cut + 1 :]}
    assert "RNN" not in before
    assert not {"Pooling", "BatchNorm"} & after


def test_a_seed_fixes_the_first_weights(tmp_path: Path) -> None:
    """Nobody could repeat a training."""
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        export_pair(build(network("notebook"), CLASSES, seed), tmp_path / folder)
    first, same, other = ((tmp_path / folder / "model.params").read_bytes() for folder in "abc")
    assert first == same != other


def test_the_notebook_preset_is_the_original_network(tmp_path: Path) -> None:
    """The comparison with the notebook would compare something else."""
    recognizer = build(network("notebook"), 80)
    weights = {name: p.shape for name, p in recognizer.collect_params().items() if name.endswith("weight")}
    assert [weights[f"stage{n}_conv_weight"] for n in (1, 2, 3, 4)] == [(32, 1, 3, 3), *[(32, 32, 3, 3)] * 3]
    assert weights["encoder1_l0_i2h_weight"] == (800, 1024)
    assert weights["decoder_weight"] == (80, 400)
    assert recognizer(_noise(1, 1, 32, 128)).shape == (1, 32, 80)
    norms = {name.split("_")[0] for name in recognizer.collect_params() if "norm" in name}
    assert norms == {"stage1", "stage3", "stage4"}
