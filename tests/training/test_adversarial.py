"""Training with characters that have no labels, against a generator."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from characters import save
from msgspec.structs import replace
from needs_mxnet import need_mxnet
from PIL import Image
from support import PROJECT

need_mxnet()
pytest.importorskip("cv2")

import gluon_htr
from gluon_htr import export, predict, train
from gluon_htr.datasets.loading import untracked
from gluon_htr.errors import ConfigurationError, UsageError
from gluon_htr.graphs.pair import read_pair
from gluon_htr.images.augmentation_settings import Augmentation
from gluon_htr.networks.character_configuration import CharacterPreset, Generator
from gluon_htr.networks.presets import load_reading_preset
from gluon_htr.networks.recognizer import build_reading, export_pair
from gluon_htr.text.alphabet import Alphabet
from gluon_htr.training.adversarial.batches import SemiSupervisedBatches
from gluon_htr.training.adversarial.generator import initial_weights
from gluon_htr.training.adversarial.gluon import GluonAdversarialEngine
from gluon_htr.training.adversarial.guesses import Guesses
from gluon_htr.training.adversarial.others import make_others
from gluon_htr.training.batches import CharacterBatches
from gluon_htr.training.objectives.batch import Batch
from gluon_htr.training.ordered import BatchPosition
from gluon_htr.training.settings import Request, training_settings
from gluon_htr.training.setup import load_training_data

TINY = PROJECT / "tests" / "tiny-gan.toml"
LETTERS = "aBe7"
NONE = np.zeros((0, 1, 1), np.uint8)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with images of four characters by class, and a run that was trained on two of each."""
    folder = tmp_path_factory.mktemp("adversarial")
    for letter in LETTERS:
        for k in range(16):
            save(folder / f"images/{letter}/{k:02}.png", letter, side=20 + k, ink=4 * k, shift=k % 3)
    data = f"characters:{folder / 'images'}"
    given = ["--config", TINY, "--data", f"{data}?split=train", "--labels-per-class", 2, "--unlabeled", data]
    given += ["--validation", f"{data}?split=validation&held=6", "--output", folder / "run", "--workers", "0"]
    assert train.main(list(map(str, given))) == 0
    return folder


def preset() -> CharacterPreset:
    found = load_reading_preset(str(TINY))
    assert isinstance(found, CharacterPreset)
    return found


def engine(folder: Path) -> GluonAdversarialEngine:
    chosen = preset()
    assert chosen.generator is not None
    export_pair(build_reading(chosen, Alphabet(LETTERS), 0), folder)
    pair = read_pair(folder)
    optimizer = training_settings(chosen, "tiny").optimizer
    return GluonAdversarialEngine(pair.symbol, dict(pair.parameters), optimizer, chosen.generator, (16, 16), 0)


def batch(seed: int) -> Batch:
    random = np.random.default_rng(seed)
    images, unlabeled, others = (random.integers(0, 256, (n, 16, 16)).astype(np.uint8) for n in (6, 8, 4))
    return Batch(images, random.integers(0, 4, 6).astype(np.int32), unlabeled=unlabeled, plain=unlabeled, others=others)


def test_a_model_tells_whether_a_picture_shows_a_character(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A form reader would take every blot for a letter."""
    assert export.main([str(work / "run"), "--output", str(work / "chars.zip")]) == 0
    letters = [save(work / f"{letter}.png", letter, side=40) for letter in LETTERS]
    random = np.random.default_rng(0)
    for k in range(4):
        Image.fromarray(random.integers(0, 256, (40, 40)).astype(np.uint8)).save(work / f"noise{k}.png")
    capsys.readouterr()
    noise = [work / f"noise{k}.png" for k in range(4)]
    for model in ("run", "chars.zip"):
        assert predict.main([*map(str, [*letters, *noise]), "--model", str(work / model), "--json"]) == 0
        real = [json.loads(row)["real_probability"] for row in capsys.readouterr().out.splitlines()]
        assert min(real[:4]) > max(real[4:])
        assert np.mean(real[:4]) > np.mean(real[4:]) + 0.05
    Image.new("L", (30, 30), 240).save(work / "blank.png")
    assert gluon_htr.load(work / "chars.zip").copy().read(work / "blank.png").real_probability == 0  # type: ignore[attr-defined]


def test_every_validation_leaves_a_sheet_of_generated_characters(work: Path) -> None:
    """Nobody could see whether the generator learns to draw."""
    sheets = sorted((work / "run" / "generated").iterdir())
    assert len(sheets) >= 2
    pictures = [np.asarray(Image.open(sheet)) for sheet in sheets]
    assert pictures[0].shape == (12 * 20, 12 * 20)
    assert (pictures[0] != pictures[-1]).any()
    assert pictures[-1].std() > 10


def test_few_labels_of_each_class_are_used(work: Path) -> None:
    """A comparison by the number of labels would be one of other numbers."""
    request = Request(preset=str(TINY), data=[f"characters:{work / 'images'}"], labels_per_class=3, seed=1)
    stores = [load_training_data(replace(request, seed=seed), untracked) for seed in (1, 1, 2)]
    chosen = [sorted([*train.ids, *held.ids]) for train, held in stores]
    assert len(chosen[0]) == 3 * len(LETTERS)
    assert chosen[0] == chosen[1] != chosen[2]


def test_a_resumed_training_repeats_every_step(tmp_path: Path) -> None:
    """A training that was stopped would end with other weights, or with a generator that begins anew."""
    straight = engine(tmp_path)
    for step in range(3):
        straight.step(batch(step), 0.01, step)
    first = engine(tmp_path)
    first.step(batch(0), 0.01, 0)
    resumed = engine(tmp_path)
    resumed.restore(first.parameters(), first.state())
    for step in (1, 2):
        resumed.step(batch(step), 0.01, step)
    for kept, again in ((straight.parameters(), resumed.parameters()), (straight.state(), resumed.state())):
        assert kept.keys() == again.keys()
        for name, array in kept.items():
            np.testing.assert_allclose(again[name], array, rtol=1e-5, atol=1e-7, err_msg=name)
    assert (straight.draw(3, 5) == resumed.draw(3, 5)).mean() > 0.99


@pytest.mark.torch
def test_the_torch_engine_resumes_after_steps_with_labels_alone(tmp_path: Path) -> None:
    """The first step of its generator would be many times too large."""
    pytest.importorskip("torch")
    from gluon_htr.training.adversarial.torch import TorchAdversarialEngine

    chosen = preset()
    assert chosen.generator is not None
    export_pair(build_reading(chosen, Alphabet(LETTERS), 0), tmp_path)
    pair, optimizer = read_pair(tmp_path), training_settings(chosen, "tiny").optimizer

    def torch_engine() -> TorchAdversarialEngine:
        return TorchAdversarialEngine(pair.symbol, dict(pair.parameters), optimizer, chosen.generator, (16, 16), 0)

    straight, resumed = torch_engine(), torch_engine()
    alone = dataclasses.replace(batch(1), unlabeled=NONE, plain=NONE, others=NONE)
    for step in range(20):
        straight.step(alone, 0.01, step)
    resumed.restore(straight.parameters(), straight.state())
    for trained in (straight, resumed):
        trained.step(batch(2), 0.01, 20)
    kept, again = straight.state(), resumed.state()
    for name, array in kept.items():
        np.testing.assert_allclose(again[name], array, rtol=1e-4, atol=1e-6, err_msg=name)


@pytest.mark.torch
def test_both_engines_learn_the_same_way(tmp_path: Path) -> None:
    """A checkpoint could not be continued by the other engine, or would mean something else there."""
    pytest.importorskip("torch")
    from gluon_htr.training.adversarial.torch import TorchAdversarialEngine

    ours = engine(tmp_path)
    ours.step(batch(0), 0.01, 0)
    pair, chosen = read_pair(tmp_path), preset()
    assert chosen.generator is not None
    optimizer = training_settings(chosen, "tiny").optimizer
    theirs = TorchAdversarialEngine(pair.symbol, dict(pair.parameters), optimizer, chosen.generator, (16, 16), 1)
    theirs.restore(ours.parameters(), ours.state())
    np.testing.assert_allclose(theirs.predict(batch(1).images), ours.predict(batch(1).images), atol=1e-4)
    assert theirs.state().keys() == ours.state().keys()
    for name, array in ours.state().items():
        np.testing.assert_array_equal(theirs.state()[name], array, err_msg=name)
    losses = [each.step(batch(1), 0.01, 1) for each in (ours, theirs)]  # the noise differs, and what is drawn of it
    assert losses[0] == pytest.approx(losses[1], rel=0.1)
    assert theirs.draw(3, 0).shape == ours.draw(3, 0).shape == (3, 16, 16)


@pytest.mark.parametrize("start", [0, 3])
def test_the_first_steps_use_labels_alone(work: Path, start: int) -> None:
    """Guesses of a network that knows nothing would be learned, or a resumed training would see other characters."""
    data = f"characters:{work / 'images'}"
    request = Request(preset=str(TINY), data=[data], unlabeled=[data], seed=1)
    chosen, store = preset(), load_training_data(request, untracked)[0]
    assert chosen.generator is not None

    def batches(first: int) -> list[Batch]:
        labeled = CharacterBatches(store, Alphabet(LETTERS), 16, Augmentation(), 0, 0)
        settings = replace(chosen.generator, alone=2)
        both = SemiSupervisedBatches(labeled, store, settings, Augmentation(), 0, 0, chosen.preprocessing)
        with both:
            where = BatchPosition(*divmod(first, both.per_epoch))
            return [batch for _, (_, _, batch) in zip(range(5 - first), both.stream(where))]

    made = batches(0)
    assert [len(batch.unlabeled) > 0 for batch in made] == [False, False, True, True, True]
    for batch, again in zip(made[start:], batches(start), strict=True):
        np.testing.assert_array_equal(batch.unlabeled, again.unlabeled)
        np.testing.assert_array_equal(batch.others, again.others)


def test_steps_with_labels_alone_leave_the_generator(tmp_path: Path) -> None:
    """It would learn from a network that has not seen what it draws."""
    ours = engine(tmp_path)
    before = {name: array.copy() for name, array in ours.state().items()}
    losses = [
        ours.step(dataclasses.replace(batch(1), unlabeled=NONE, plain=NONE, others=NONE), 0.01, k) for k in range(20)
    ]
    assert losses[-1] < losses[0]
    after = ours.state()
    for name, array in before.items():
        if name.startswith("generator/") and name != "generator/steps":
            np.testing.assert_array_equal(after[name], array, err_msg=name)


def test_a_class_that_is_guessed_too_often_is_guessed_less() -> None:
    """All unlabeled characters would end in a few classes."""
    guesses, often, both = Guesses(), np.array([[0.6, 0.2, 0.2]]), np.array([[0.4, 0.3, 0.3]])
    first = guesses.labels(both)
    for _ in range(300):
        guesses.labels(often)
    later = guesses.labels(both)
    assert first.argmax() == 0 != later.argmax()
    for labels in (first, later):
        assert labels.sum() == pytest.approx(1)
    assert guesses.labels(np.array([[0.5, 0.3, 0.2], [0.2, 0.3, 0.5]]))[0].max() > 0.5  # surer than what was read


def test_others_are_pictures_of_the_right_size() -> None:
    """Noise, halves and pairs would not fit the network, or be all of one kind."""
    random = np.random.default_rng(0)
    characters = random.integers(0, 256, (5, 16, 16)).astype(np.uint8)
    made = make_others(characters, 40, preset().preprocessing, random)
    assert made.shape == (40, 16, 16)
    assert len({picture.tobytes() for picture in made}) > 30
    assert make_others(characters, 0, preset().preprocessing, random).shape == (0, 16, 16)


def test_an_export_is_checked_on_what_the_run_held_out(
    work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run as the documentation begins one, without --validation, would be called one whose data have changed."""
    data = f"characters:{work / 'images'}"
    given = ["--config", TINY, "--data", data, "--unlabeled", data, "--output", tmp_path / "run", "--workers", "0"]
    assert train.main(list(map(str, given))) == 0
    assert export.main([str(tmp_path / "run"), "--output", str(tmp_path / "chars.zip")]) == 0
    told = capsys.readouterr().err
    assert "validation samples: " in told
    assert "have changed" not in told


def test_what_cannot_be_trained_is_told(work: Path) -> None:
    """It would fail deep inside a framework."""
    data = f"characters:{work / 'images'}"
    with pytest.raises(UsageError, match="has no generator to train with --unlabeled data: use chars-gan"):
        train.main(["--preset", "lenet", "--data", data, "--unlabeled", data, "--output", str(work / "none")])
    assert not (work / "none" / "run.toml").exists()
    with pytest.raises(ConfigurationError, match="30 x 32 pixels cannot be reached"):
        initial_weights(Generator(), 30, 32, 0)
