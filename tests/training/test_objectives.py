"""Every objective is the same under both engines, and is learned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from needs_mxnet import need_mxnet
from small_networks import CLASSES, images, network, without_dropout

pytest.importorskip("torch")
mx = need_mxnet()

from gluon_htr.networks.configuration import Preset
from gluon_htr.networks.presets import load_preset
from gluon_htr.networks.recognizer import build, export_pair
from gluon_htr.training.engines import OptimizerSettings, create_engine
from gluon_htr.training.engines.interface import Engine
from gluon_htr.training.objectives import IGNORED, OBJECTIVES, Objective, objective_of
from gluon_htr.training.objectives.batch import Batch

pytestmark = pytest.mark.torch
SIZE = (16, 24)  # pixels of the images of the small classifiers
PLAIN = OptimizerSettings(kind="sgd", momentum=0.0)


def _classifier(objective: Objective, folder: Path) -> Path:
    """Export a network of one convolution whose output is (N, C), or (N, C, H, W)."""
    nn = mx.gluon.nn
    block = nn.HybridSequential(prefix="")
    block.add(nn.Conv2D(6, 3, padding=1, activation="relu", prefix="stage1_"))
    if objective == "pixels":
        block.add(nn.Conv2D(CLASSES, 1, prefix="decoder_"))
    else:
        block.add(nn.GlobalAvgPool2D(), nn.Flatten(), nn.Dense(CLASSES, prefix="decoder_"))
    mx.random.seed(3)
    block.initialize(mx.init.Xavier())
    block.hybridize()
    block(mx.nd.zeros((1, 1, *SIZE)))
    export_pair(block, folder)
    return folder


def _pair(objective: Objective, folder: Path) -> Path:
    if objective != "ctc":
        return _classifier(objective, folder)
    export_pair(build(network("gated convolutions"), CLASSES), folder)
    return without_dropout(folder)


def _batch(objective: Objective, seed: int = 0, count: int = 4) -> Batch:
    random = np.random.default_rng(seed)
    if objective == "ctc":
        labels = random.integers(0, CLASSES - 1, (count, 2)).astype(np.int32)
        return Batch(images(network("gated convolutions"), count, seed), labels, np.full(count, 2, np.int32))
    pixels = random.integers(0, 256, (count, *SIZE)).astype(np.uint8)
    if objective == "cross-entropy":
        labels = random.integers(0, CLASSES, count).astype(np.int32)
    else:
        labels = (pixels > 127).astype(np.int32)
    labels[0] = IGNORED
    return Batch(pixels, labels)


def _engines(objective: Objective, folder: Path, settings: OptimizerSettings = PLAIN) -> list[Engine]:
    pair = _pair(objective, folder)
    return [create_engine(kind, pair, settings, objective=objective) for kind in ("mxnet", "torch")]


@pytest.mark.parametrize("objective", dict.fromkeys(OBJECTIVES.values()))
def test_both_engines_give_the_same_loss_and_the_same_updates(objective: Objective, tmp_path: Path) -> None:
    """A model of characters or of pages would depend on the framework that trained it."""
    gluon, torch = _engines(objective, tmp_path)
    for step in range(10):
        theirs, ours = (engine.step(_batch(objective, step), 1e-4, step) for engine in (gluon, torch))
        assert ours == pytest.approx(theirs, rel=0.01 if objective == "ctc" else 1e-4)
    for key, array in gluon.parameters().items():
        np.testing.assert_allclose(torch.parameters()[key], array, atol=1e-3)


@pytest.mark.parametrize("kind", [0, 1], ids=["mxnet", "torch"])
@pytest.mark.parametrize("objective", dict.fromkeys(OBJECTIVES.values()))
def test_every_objective_is_learned(objective: Objective, kind: int, tmp_path: Path) -> None:
    """The loss could have the wrong sign, or not reach the weights."""
    engine = _engines(objective, tmp_path, OptimizerSettings())[kind]
    batch, before = _batch(objective), engine.parameters()
    losses = [engine.step(batch, 1e-2, seed) for seed in range(60)]
    assert losses[-1] < 0.95 * losses[0]
    for key, array in engine.parameters().items():
        assert not np.allclose(array, before[key], atol=1e-4), f"{key} has not moved"


def _taught(batch: Batch, steps: int, share: float) -> Batch:
    targets = np.random.default_rng(5).dirichlet(np.full(CLASSES, 1.0), (len(batch.images), steps))
    return replace(batch, targets=targets.astype(np.float32), taught=share)


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_a_teacher_counts_the_same_in_both_engines(share: float, tmp_path: Path) -> None:
    """A distilled model would depend on the framework that trained it."""
    gluon, torch = _engines("ctc", tmp_path)
    batch = _batch("ctc")
    steps = gluon.predict(batch.images).shape[1]
    alone, _ = (engine.step(batch, 0.0, 0) for engine in (gluon, torch))
    for step in range(5):
        taught = _taught(batch, steps, share)
        theirs, ours = (engine.step(taught, 1e-4, step) for engine in (gluon, torch))
        assert ours == pytest.approx(theirs, rel=1e-4)
        assert ours != pytest.approx(alone, rel=0.01)
    for key, array in gluon.parameters().items():
        np.testing.assert_allclose(torch.parameters()[key], array, atol=1e-3)


@pytest.mark.parametrize("kind", [0, 1], ids=["mxnet", "torch"])
def test_a_network_comes_to_give_the_posteriors_of_its_teacher(kind: int, tmp_path: Path) -> None:
    """The teacher's share of the loss could have the wrong sign, or be of other classes or steps."""
    engine = _engines("ctc", tmp_path, OptimizerSettings())[kind]
    batch = _batch("ctc")
    batch = _taught(batch, engine.predict(batch.images).shape[1], 1.0)
    losses = [engine.step(batch, 1e-2, seed) for seed in range(150)]
    assert min(losses) > 0  # a divergence
    assert losses[-1] < 0.7 * losses[0]


@pytest.mark.parametrize("objective", ["cross-entropy", "pixels"])
def test_what_is_ignored_changes_no_loss(objective: Objective, tmp_path: Path) -> None:
    """Samples of unknown class, or the border of a page, would be learned as a class."""
    batch = _batch(objective)
    others = Batch(np.concatenate([batch.images[:1] // 2, batch.images[1:]]), batch.labels)
    for engine in _engines(objective, tmp_path):
        assert engine.step(batch, 0.0, 0) == pytest.approx(engine.step(others, 0.0, 0), rel=1e-5)


@pytest.mark.parametrize("objective", ["cross-entropy", "pixels"])
def test_a_batch_in_which_nothing_counts_has_no_loss(objective: Objective, tmp_path: Path) -> None:
    """A blank page would end a training with a loss that is not a number."""
    batch = _batch(objective)
    empty = Batch(batch.images, np.full_like(batch.labels, IGNORED))
    assert [engine.step(empty, 0.1, 0) for engine in _engines(objective, tmp_path)] == [0.0, 0.0]


def test_the_objective_follows_from_the_task_of_the_preset() -> None:
    """A preset would be trained for another task than it is exported for."""
    words, lines = load_preset("words"), load_preset("lines")
    assert (words.resolved_task, lines.resolved_task) == ("words", "lines")
    assert objective_of(words.resolved_task) == "ctc"
    characters = Preset(words.description, words.preprocessing, words.network, task="characters")
    assert objective_of(characters.resolved_task) == "cross-entropy"
    assert objective_of("layout") == "pixels"
