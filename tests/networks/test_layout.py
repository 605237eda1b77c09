"""Networks that label the pixels of pages: the same function in MXNet, ONNX Runtime and torch."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from needs_mxnet import need_mxnet

from gluon_htr.errors import ConfigurationError
from gluon_htr.graphs.pair import Pair, read_pair
from gluon_htr.networks.presets import layout_preset_names, load_layout_preset, load_preset, preset_names
from gluon_htr.runtime.backends import mxnet_network, pair_network

need_mxnet()
from gluon_htr.networks.layout import build_layout
from gluon_htr.networks.recognizer import export_pair

HAS_TORCH = importlib.util.find_spec("torch") is not None


def exported(name: str, folder: Path) -> Pair:
    """The pair of a preset with random weights."""
    export_pair(build_layout(load_layout_preset(name), seed=3), folder)
    return read_pair(folder)


def test_presets_of_layouts_and_of_recognizers_are_apart() -> None:
    """`prepare --preset layout` would fail with a message about an unknown key."""
    assert {"layout", "layout-fcn"} == set(layout_preset_names())
    assert not set(preset_names()) & set(layout_preset_names())
    with pytest.raises(ConfigurationError, match="finds the lines of pages"):
        load_preset("layout")
    with pytest.raises(ConfigurationError, match="words"):
        load_layout_preset("words")


@pytest.mark.parametrize("name", layout_preset_names())
@pytest.mark.parametrize(
    "engine",
    ["onnx", pytest.param("torch", marks=[pytest.mark.torch, pytest.mark.skipif(not HAS_TORCH, reason="torch")])],
)
def test_engines_compute_the_same(name: str, engine: str, tmp_path: Path) -> None:
    """A network that was trained in torch, or exported, would find other lines."""
    pair, preset = exported(name, tmp_path), load_layout_preset(name)
    page = np.random.default_rng(0).integers(0, 256, (2, 96, 160), np.uint8)
    expected = mxnet_network(pair)(page)
    assert expected.shape == (2, len(preset.class_names), 96 // preset.network.stride, 160 // preset.network.stride)
    assert np.abs(pair_network(pair, engine)(page) - expected).max() < 1e-4


def test_a_seed_draws_the_same_weights(tmp_path: Path) -> None:
    """A training could not be repeated."""
    one, other = exported("layout-fcn", tmp_path / "a"), exported("layout-fcn", tmp_path / "b")
    assert all(np.array_equal(one.parameters[name], other.parameters[name]) for name in one.parameters)
