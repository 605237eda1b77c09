"""Networks of single characters: presets, their cost, and both engines on one pair."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from needs_mxnet import need_mxnet
from support import PROJECT

from gluon_htr.errors import ConfigurationError
from gluon_htr.networks.presets import load_character_preset, load_preset, preset_text, reading_preset_names

NAMES = ("mlp", "lenet", "chars-cnn")


def test_presets_of_characters_are_listed_and_refused_where_lines_are_read() -> None:
    """A user would not find them, or get a network without time steps for lines."""
    assert set(NAMES) <= set(reading_preset_names())
    for name in NAMES:
        with pytest.raises(ConfigurationError, match="single characters"):
            load_preset(name)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('rule = "character"', 'rule = "box"'), ["own.toml", "preprocessing.rule"]),
        (('pooling = "mean"', 'pooling = "max"'), ["own.toml", "network.pooling"]),
        (("channels = 64", "channels = 64\nresidual = true"), ["own.toml", "stage 1", "residual"]),
        (('kind = "cnn"', 'kind = "lstm"'), ["own.toml", "network"]),
    ],
)
def test_a_mistake_is_named_with_file_and_key(tmp_path: Path, change: tuple[str, str], words: list[str]) -> None:
    """The user would not find the line to correct."""
    (tmp_path / "own.toml").write_text(preset_text("chars-cnn").replace(*change, 1))
    with pytest.raises(ConfigurationError) as caught:
        load_character_preset(tmp_path / "own.toml")
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_chars_cnn_has_the_size_that_is_stated() -> None:
    """The table of layers would be wrong, or the network another one."""
    need_mxnet()
    from gluon_htr.networks.summary import summarize

    summary = summarize(load_character_preset("chars-cnn"), 62)
    convolutions = [layer for layer in summary.layers if layer.operator == "Convolution"]
    assert [layer.shape[1] for layer in convolutions] == [64, 64, 64, 128, 128, 128]
    assert convolutions[1].parameters == 64 * 64 * 9
    assert convolutions[1].macs == 64 * 64 * 9 * 16 * 16
    assert 440_000 < summary.parameters < 460_000
    assert summary.steps == 0


@pytest.mark.torch
@pytest.mark.parametrize("name", [*NAMES, str(PROJECT / "examples" / "mlp-8.toml")])
def test_both_engines_train_the_same_network(name: str, tmp_path: Path) -> None:
    """A training would depend on the engine."""
    need_mxnet()
    pytest.importorskip("torch")
    from gluon_htr.graphs.pair import read_pair
    from gluon_htr.networks.characters import build_characters
    from gluon_htr.networks.recognizer import export_pair
    from gluon_htr.training.engines import OptimizerSettings, create_engine
    from gluon_htr.training.objectives.batch import Batch

    without_chance = re.sub("dropout = .*", "dropout = 0.0", preset_text(name))
    (tmp_path / "own.toml").write_text(without_chance)
    preset = load_character_preset(tmp_path / "own.toml")
    height, width = preset.nominal_size
    export_pair(build_characters(preset, 5), tmp_path)
    pair = read_pair(tmp_path)
    random = np.random.default_rng(0)
    batch = Batch(random.integers(0, 256, (6, height, width), np.uint8), np.array([0, 1, 2, 3, 4, 0], np.int32))
    settings = OptimizerSettings(kind="sgd", momentum=0.0)
    engines = [create_engine(kind, pair, settings, objective="cross-entropy", threads=1) for kind in ("mxnet", "torch")]  # type: ignore[arg-type]
    logits = [engine.predict(batch.images) for engine in engines]
    assert logits[0].shape == (6, 5)
    np.testing.assert_allclose(*logits, atol=1e-4)
    before = engines[0].parameters()
    for step in range(3):
        losses = [engine.step(batch, 0.01, step) for engine in engines]
        assert losses[0] == pytest.approx(losses[1], rel=1e-3)
    trained, theirs = (engine.parameters() for engine in engines)
    assert trained.keys() == theirs.keys()
    for key, array in trained.items():
        assert not np.array_equal(array, before[key]), key
        np.testing.assert_allclose(theirs[key], array, atol=1e-3, err_msg=key)
