"""What every engine does, and that both do the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from needs_mxnet import need_mxnet
from small_networks import CLASSES, NETWORKS, images, network, without_dropout
from support import command_environment

pytest.importorskip("torch")
need_mxnet()
from gluon_htr.errors import HtrError, ParametersError, UsageError
from gluon_htr.networks.recognizer import build, export_pair
from gluon_htr.training.engines import OptimizerSettings, create_engine, fastest_precision
from gluon_htr.training.engines.interface import Engine
from gluon_htr.training.objectives.batch import Batch

pytestmark = pytest.mark.torch
ENGINES = ["mxnet", "torch"]
ADAM = OptimizerSettings(weight_decay=1e-4, clip=5.0)
PLAIN_SGD = OptimizerSettings(kind="sgd", momentum=0.0)


def _pair(name: str, folder: Path, seed: int = 0) -> Path:
    export_pair(build(network(name), CLASSES, seed), folder)
    return folder


def _batch(name: str, seed: int = 0, count: int = 3) -> Batch:
    lengths = np.random.default_rng(seed).integers(1, 5, count).astype(np.int32)
    labels = np.random.default_rng(seed + 1).integers(0, CLASSES - 1, (count, lengths.max())).astype(np.int32)
    labels[np.arange(lengths.max()) >= lengths[:, None]] = -1
    return Batch(images(network(name), count, seed), labels, lengths)


def _train(engine: Engine, name: str, first: int, last: int, rate: float = 1e-3) -> list[float]:
    return [engine.step(_batch(name, step), rate, seed=step) for step in range(first, last)]


@pytest.mark.parametrize("settings", [ADAM, OptimizerSettings(kind="sgd", clip=5.0)], ids=["adam", "sgd"])
@pytest.mark.parametrize("kind", ENGINES)
def test_a_resumed_training_ends_with_exactly_the_same_weights(
    kind: str, settings: OptimizerSettings, tmp_path: Path
) -> None:
    """A run that was killed and resumed would be another run."""
    pair = _pair("notebook", tmp_path)  # has dropout
    whole = create_engine(kind, pair, settings)
    _train(whole, "notebook", 0, 6)
    begun = create_engine(kind, pair, settings)
    _train(begun, "notebook", 0, 3)
    resumed = create_engine(kind, pair, settings)
    resumed.restore(begun.parameters(), begun.state())
    _train(resumed, "notebook", 3, 6)
    for ours, theirs in ((resumed.parameters(), whole.parameters()), (resumed.state(), whole.state())):
        assert ours.keys() == theirs.keys()
        assert all(np.array_equal(ours[key], theirs[key]) for key in ours)


@pytest.mark.parametrize("kind", ENGINES)
def test_dropout_depends_on_the_seed_of_the_step_alone(kind: str, tmp_path: Path) -> None:
    """Steps after a resume would drop other units."""
    pair, batch = _pair("notebook", tmp_path), _batch("notebook")
    engine = create_engine(kind, pair, PLAIN_SGD)
    first, same, other = (engine.step(batch, 0.0, seed) for seed in (1, 1, 2))
    assert first == same != other


@pytest.mark.parametrize("name", NETWORKS)
def test_fifty_steps_keep_both_engines_together_and_their_logits_equal(name: str, tmp_path: Path) -> None:
    """The same training would give another model under the other engine, or its scores could not be compared."""
    pair = without_dropout(_pair(name, tmp_path))
    gluon, torch = (create_engine(kind, pair, PLAIN_SGD) for kind in ENGINES)
    batches = [_batch(name, seed, count=8) for seed in range(5)]
    # `lines-conv` is so deep that it learns much faster, and rounding grows with it: here from a loss of 70 to 37.
    rate = 3e-6 if name == "lines-conv" else 1e-4
    for step in range(50):
        theirs, ours = (engine.step(batches[step % 5], rate, step) for engine in (gluon, torch))
        assert ours == pytest.approx(theirs, rel=0.01)
    for trained in (torch, gluon):
        gluon.restore(trained.parameters())
        torch.restore(gluon.parameters())
        held_out = images(network(name), 4, seed=99)
        np.testing.assert_allclose(torch.predict(held_out), gluon.predict(held_out), rtol=1e-4, atol=1e-4)


def test_adam_with_decay_and_clipping_means_the_same_and_states_are_exchanged(tmp_path: Path) -> None:
    """A run could not go on under the other engine, or would learn otherwise there."""
    pair = without_dropout(_pair("residual, two columns", tmp_path))
    gluon, torch = (create_engine(kind, pair, ADAM) for kind in ENGINES)
    for engine in (gluon, torch):
        _train(engine, "residual, two columns", 0, 8)
    swapped = create_engine("torch", pair, ADAM)
    swapped.restore(gluon.parameters(), gluon.state())
    losses = [_train(engine, "residual, two columns", 8, 12) for engine in (gluon, torch, swapped)]
    assert losses[1] == pytest.approx(losses[0], rel=0.01)
    assert losses[2] == pytest.approx(losses[0], rel=0.001)


@pytest.mark.parametrize(("kind", "precision"), [("mxnet", "float32"), ("torch", "float32"), ("torch", "bfloat16")])
def test_an_engine_learns(kind: str, precision: str, tmp_path: Path) -> None:
    """Training would go nowhere."""
    engine = create_engine(kind, _pair("gated convolutions", tmp_path), ADAM, precision=precision)  # type: ignore[arg-type]
    batch = _batch("gated convolutions")
    losses = [engine.step(batch, 3e-3, seed) for seed in range(40)]
    assert losses[-1] < 0.3 * losses[0]


@pytest.mark.parametrize("kind", ENGINES)
def test_the_fastest_precision_is_one_that_the_processor_has(kind: str) -> None:
    """On a processor that emulates bfloat16, a training would take three times as long."""
    flags = Path("/proc/cpuinfo")
    if not flags.is_file():
        pytest.skip("what the processor has is read from /proc/cpuinfo")
    has_it = bool({"avx512_bf16", "amx_bf16"} & set(flags.read_text().split()))
    expected = "bfloat16" if kind == "torch" and has_it else "float32"
    assert fastest_precision(kind, "cpu") == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ENGINES)
def test_weight_decay_spares_biases_and_clipping_bounds_the_step(kind: str, tmp_path: Path) -> None:
    """A user's setting would do nothing, or something else."""
    pair = _pair("gated convolutions", tmp_path)
    clipped = create_engine(kind, pair, OptimizerSettings(kind="sgd", momentum=0.0, clip=0.5))
    before = clipped.parameters()
    clipped.step(_batch("gated convolutions"), 1.0, 0)
    moved = sum(
        float(((clipped.parameters()[key] - before[key]) ** 2).sum()) for key in before if key.startswith("arg:")
    )
    assert moved**0.5 == pytest.approx(0.5, rel=1e-3)
    decayed = create_engine(kind, pair, OptimizerSettings(kind="sgd", momentum=0.0, weight_decay=0.5, clip=1e-6))
    decayed.step(_batch("gated convolutions"), 1.0, 0)
    np.testing.assert_allclose(decayed.parameters()["arg:decoder_weight"], before["arg:decoder_weight"] / 2, atol=1e-5)
    np.testing.assert_allclose(
        decayed.parameters()["arg:stage1_norm_gamma"], before["arg:stage1_norm_gamma"], atol=1e-5
    )


@pytest.mark.parametrize("kind", ENGINES)
def test_frozen_weights_stay_and_the_others_are_trained(kind: str, tmp_path: Path) -> None:
    """An adaptation would lose the featurizer that it was to keep, or begin anew where it goes on."""
    pair, settings = _pair("gated convolutions", tmp_path), OptimizerSettings(weight_decay=0.1, frozen=("stage",))
    whole = create_engine(kind, pair, settings)  # type: ignore[arg-type]
    before, batch = whole.parameters(), _batch("gated convolutions")
    for seed in range(3):
        whole.step(batch, 1e-3, seed)
    after = whole.parameters()
    changed = {key for key in before if key.startswith("arg:") and not np.array_equal(before[key], after[key])}
    assert changed == {key for key in before if key.startswith("arg:") and not key.startswith("arg:stage")}
    resumed = create_engine(kind, pair, settings)  # type: ignore[arg-type]
    resumed.restore(after, whole.state())
    losses = [engine.step(batch, 1e-3, 3) for engine in (whole, resumed)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    for key, value in whole.parameters().items():
        np.testing.assert_allclose(resumed.parameters()[key], value, atol=1e-6, err_msg=key)
    with pytest.raises(UsageError, match="begins with 'featurizer'"):
        create_engine(kind, pair, OptimizerSettings(frozen=("featurizer",)))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ENGINES)
def test_a_loss_that_is_no_number_leaves_the_weights_as_they_were(kind: str, tmp_path: Path) -> None:
    """The last good weights would be lost to one bad batch."""
    engine = create_engine(kind, _pair("gated convolutions", tmp_path), ADAM)
    broken = engine.parameters()
    broken["arg:decoder_bias"][:] = np.nan
    engine.restore(broken)
    before = engine.parameters()["arg:decoder_weight"]
    assert not np.isfinite(engine.step(_batch("gated convolutions"), 1e-3, 0))
    np.testing.assert_array_equal(engine.parameters()["arg:decoder_weight"], before)


@pytest.mark.parametrize("kind", ENGINES)
def test_parameters_of_another_network_are_refused(kind: str, tmp_path: Path) -> None:
    """A wrong checkpoint would be taken up in part."""
    engine = create_engine(kind, _pair("gated convolutions", tmp_path / "a"), ADAM)
    other = create_engine(kind, _pair("residual, two columns", tmp_path / "b"), ADAM)
    with pytest.raises(ParametersError, match="arg:"):
        engine.restore(other.parameters())


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        ("jax", {}, "mxnet and torch"),
        ("mxnet", {"device": "gpu:0"}, "--engine torch"),
        ("mxnet", {"precision": "bfloat16"}, "--engine torch"),
        ("torch", {"device": "gpu:7"}, "--device cpu"),
        ("torch", {"device": "tpu"}, "cpu or gpu:0"),
        ("torch", {"device": "mps"}, "cpu or gpu:0"),
    ],
)
def test_an_engine_or_device_that_is_not_there_is_one_error(
    kind: str, options: dict[str, str], words: str, tmp_path: Path
) -> None:
    """The user would get a traceback from inside torch or mxnet."""
    with pytest.raises(UsageError, match=words):
        create_engine(kind, _pair("gated convolutions", tmp_path), ADAM, **options)  # type: ignore[arg-type]


def test_a_folder_without_a_pair_is_one_error(tmp_path: Path) -> None:
    """The user would get a traceback."""
    with pytest.raises(HtrError, match=r"symbol.json"):
        create_engine("torch", tmp_path, ADAM)


THREADS = """
import sys
from pathlib import Path
from gluon_htr._mxnet import mx
import numpy as np
from gluon_htr.training.engines import OptimizerSettings, create_engine
engine = create_engine("mxnet", Path(sys.argv[1]), OptimizerSettings(), threads=int(sys.argv[2]))
engine.predict(np.zeros((8, 32, 128), np.uint8))
print(len(list(Path("/proc/self/task").iterdir())))
"""


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are counted in Linux's /proc")
def test_mxnet_uses_as_many_threads_as_asked_for(tmp_path: Path) -> None:
    """A training would take the cores that the user keeps for something else."""
    pair = _pair("notebook", tmp_path)
    counts = []
    for number in ("1", "4"):
        command = [sys.executable, "-c", THREADS, str(pair), number]
        counts.append(int(subprocess.run(command, env=command_environment(), capture_output=True, check=True).stdout))
    assert counts[1] == counts[0] + 3


BLOCKED = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "mxnet":
            raise ImportError("mxnet is blocked")
sys.meta_path.insert(0, Blocker())
import numpy as np
from pathlib import Path
from gluon_htr.training.engines.interface import Batch
from gluon_htr.training.engines import OptimizerSettings, create_engine
engine = create_engine("torch", Path(sys.argv[1]), OptimizerSettings())
batch = Batch(np.zeros((2, 32, 128), np.uint8), np.array([[1, 2], [3, -1]], np.int32), np.array([2, 1], np.int32))
print(engine.step(batch, 1e-3, 0) > 0, "mxnet" in sys.modules)
"""


def test_torch_trains_where_mxnet_cannot_be_imported(tmp_path: Path) -> None:
    """Nobody could train on a current GPU, whose numpy mxnet refuses."""
    command = [sys.executable, "-c", BLOCKED, str(_pair("notebook", tmp_path))]
    done = subprocess.run(command, capture_output=True, text=True, env=command_environment())
    assert done.stdout.split() == ["True", "False"], done.stderr
