"""Networks with residual stages inserted between trained ones: weights alone, and what they compute."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from needs_mxnet import need_mxnet

from gluon_htr.errors import ConfigurationError
from gluon_htr.networks.configuration import Convolution, Lstm, Network, NoEncoder
from gluon_htr.networks.growing import grown, matched_stages
from gluon_htr.networks.presets import load_preset

PLAIN = [Convolution(4, pool=(2, 2)), Convolution(6, pool=(4, 1))]
OLD = Network(PLAIN, Lstm(5))
DEEPER = [
    Convolution(4, pool=(2, 2)),
    Convolution(4, residual=True),
    Convolution(6),
    Convolution(6, residual=True, pool=(4, 1)),
]
NEW = Network(DEEPER, Lstm(5))


def test_trained_stages_keep_their_order() -> None:
    """Weights would be put into stages that they were not trained for."""
    assert matched_stages(OLD, NEW) == {1: 1, 2: 3}
    assert matched_stages(NEW, NEW) == {1: 1, 2: 2, 3: 3, 4: 4}  # what was grown may be grown again
    lines, fast = load_preset("lines").network, load_preset("lines-fast").network
    assert matched_stages(fast, lines) == {1: 1, 2: 2, 3: 4, 4: 7, 5: 11}


@pytest.mark.parametrize(
    ("stages", "says"),
    [
        ([*PLAIN, Convolution(6)], "stage 3 of the new network"),
        ([*PLAIN, Convolution(6, residual=True, norm="after")], "stage 3 of the new network"),
        (PLAIN[:1], "trained stage 2"),
        ("gluoncv:resnet18_v1b", "tables"),
    ],
)
def test_what_cannot_start_as_the_trained_network_is_refused(stages: list[Convolution] | str, says: str) -> None:
    """A training would start from noise in the middle of the network, and nobody would know why it is slow."""
    with pytest.raises(ConfigurationError, match=says):
        matched_stages(OLD, Network(stages, Lstm(5)))


def test_a_stage_behind_negative_values_cannot_start_as_the_identity() -> None:
    """A network would read worse than the one that it was grown from, before its first step."""
    old = [Convolution(4, norm="after"), Convolution(6)]
    new = [old[0], Convolution(4, residual=True), old[1]]
    with pytest.raises(ConfigurationError, match='no norm = "after" in front of it'):
        matched_stages(Network(old, Lstm(5)), Network(new, Lstm(5)))


def test_with_another_encoder_only_the_featurizer_is_kept() -> None:
    """Letters that were learned would be learned anew, or layers of one network would be put into another."""
    convolutions = Network([*DEEPER, Convolution(8), Convolution(8, residual=True)], NoEncoder())
    assert matched_stages(OLD, convolutions) == {1: 1, 2: 3}
    with pytest.raises(ConfigurationError, match="stage 1 of the new network"):
        matched_stages(OLD, Network([Convolution(3), *DEEPER], NoEncoder()))
    old = {f"arg:stage{k}_norm_gamma": np.ones(4) for k in (1, 2)} | {"arg:decoder_weight": np.ones((3, 10))}
    names = [f"arg:stage{k}_norm_gamma" for k in range(1, 7)]
    fresh = {name: np.full(4, 5.0) for name in names} | {"arg:decoder_weight": np.full((3, 8), 5.0)}
    start = grown(OLD, old, convolutions, fresh)
    assert [start[name].mean() for name in names] == [1, 0, 1, 0, 5, 0]
    assert start["arg:decoder_weight"].mean() == 5
    lines, conv = load_preset("lines").network, load_preset("lines-conv").network
    assert matched_stages(lines, conv) == {stage: stage for stage in range(1, 13)}


def test_a_trained_pair_of_another_network_is_refused() -> None:
    """The encoder would start anew in silence."""
    trained = {"arg:stage1_conv_weight": np.zeros(1), "arg:encoder1_weight": np.zeros(4)}
    fresh = {"arg:stage1_conv_weight": np.zeros(1), "arg:encoder1_weight": np.zeros(5)}
    one = Network(PLAIN[:1], Lstm(5))
    with pytest.raises(ConfigurationError, match="encoder1_weight"):
        grown(one, trained, one, fresh)
    with pytest.raises(ConfigurationError, match="encoder1_weight"):
        grown(one, {"arg:stage1_conv_weight": np.zeros(1)}, one, fresh)


def test_a_grown_network_computes_what_the_trained_one_did(tmp_path: Path) -> None:
    """All that was learned would be lost on the way to a deeper network."""
    mx = need_mxnet()
    from gluon_htr.graphs.params import load_parameters, pack_parameters
    from gluon_htr.networks.recognizer import build, export_pair

    preset = load_preset("lines-fast")
    shape = msgspec.structs.replace(preset.preprocessing, height=16)
    image = mx.nd.array(np.random.default_rng(0).random((2, 1, 16, 64), np.float32))
    logits, parameters = {}, {}
    for name, network, seed in (("old", OLD, 1), ("new", NEW, 2)):
        recognizer = build(msgspec.structs.replace(preset, network=network, preprocessing=shape), 7, seed)
        logits[name] = recognizer(image).asnumpy()
        export_pair(recognizer, tmp_path / name)
        parameters[name] = load_parameters(tmp_path / name / "model.params")
    assert np.abs(logits["old"] - logits["new"]).max() > 1e-3
    start = grown(OLD, parameters["old"], NEW, parameters["new"])
    (tmp_path / "new" / "model.params").write_bytes(pack_parameters(start))
    recognizer.load_parameters(str(tmp_path / "new" / "model.params"))
    np.testing.assert_allclose(recognizer(image).asnumpy(), logits["old"], atol=1e-5)
