"""Errors that a converter could make, and the layer that is named for each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from needs_mxnet import need_mxnet

need_mxnet()

from gluon_htr.errors import GraphError
from gluon_htr.exporting.layers import first_difference
from gluon_htr.exporting.parity import compare
from gluon_htr.graphs.pair import Pair, read_pair
from gluon_htr.networks.configuration import Convolution, Lstm, Network, Preset
from gluon_htr.networks.recognizer import build, export_pair
from gluon_htr.runtime.backends import convert, mxnet_network, onnx_network

STAGES = [Convolution(6, pool=(2, 2)), Convolution(6, residual=True, norm="after", pool=(8, 1))]
IMAGES = np.random.default_rng(0).integers(0, 256, (2, 16, 24), np.uint8)
Arrays = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """A small network whose every parameter is random, batch norms as well."""
    from gluon_htr.images.preprocessing import Preprocessing

    preset = Preset("x", Preprocessing("box", 16, 24), Network(STAGES, Lstm(5, layers=2)))
    folder: Path = tmp_path_factory.mktemp("pair")
    export_pair(build(preset, 7), folder)
    made, random = read_pair(folder), np.random.default_rng(1)
    varied = {}
    for name, array in made.parameters.items():
        scale = name.endswith(("gamma", "var"))  # which stay positive, and small enough not to saturate the gates
        by = random.uniform(-0.7, -0.4, array.shape) if scale else random.normal(0, 0.2, array.shape)
        varied[name] = array + by.astype(np.float32)
    return Pair(made.symbol, varied)


def swapped_gates(arrays: Arrays) -> Arrays:
    """Input and forget gates of a layer in each other's place."""
    name = "arg:encoder1_l0_h2h_weight"
    return arrays | {name: arrays[name].reshape(4, -1)[[1, 0, 2, 3]].reshape(arrays[name].shape)}


def swapped_directions(arrays: Arrays) -> Arrays:
    """Forward and backward weights of a layer in each other's place."""
    pairs = {name: name.replace("_l0_", "_r0_") for name in arrays if "encoder2_l0_" in name}
    return arrays | {a: arrays[b] for a, b in pairs.items()} | {b: arrays[a] for a, b in pairs.items()}


def fixed_gamma(arrays: Arrays) -> Arrays:
    """A batch norm that does not scale."""
    return arrays | {name: np.ones_like(a) for name, a in arrays.items() if name.endswith("stage2_norm_gamma")}


@pytest.mark.parametrize(
    ("plant", "layer"),
    [(swapped_gates, "encoder1_rnn0"), (swapped_directions, "encoder2_rnn0"), (fixed_gamma, "stage2_norm_fwd")],
)
def test_a_planted_error_is_refused_and_its_layer_named(
    pair: Pair, plant: Callable[[Arrays], Arrays], layer: str
) -> None:
    """A converter with this error would write bundles that read nonsense, or nearly the same."""
    wrong = convert(Pair(pair.symbol, plant(pair.parameters)))
    assert first_difference(pair, wrong, IMAGES).startswith(f"{layer} (")
    with pytest.raises(GraphError, match=f"The first layer that differs is {layer}"):
        compare(
            mxnet_network(pair, "float64"),
            onnx_network(wrong),
            [IMAGES],
            [],
            lambda images: first_difference(pair, wrong, images),
        )


def test_a_sound_conversion_passes_and_no_layer_differs(pair: Pair) -> None:
    """Rounding would be called a defect."""
    sound = convert(pair)
    assert first_difference(pair, sound, IMAGES) == ""
    assert compare(mxnet_network(pair, "float64"), onnx_network(sound), [IMAGES], [IMAGES]).difference < 1e-5
