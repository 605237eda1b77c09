"""Setup of a training from a request: data, alphabet, network, engine."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec
import numpy as np

from .._storage import write_atomically
from ..bundles.run_folder import is_run
from ..datasets.loading import Track, is_generated, load_data
from ..datasets.sample import Problem
from ..datasets.store import Store
from ..errors import CheckpointError, ModelError, UsageError
from ..graphs.pair import write_pair
from ..networks.character_configuration import CharacterPreset
from ..networks.configuration import Preset
from ..networks.presets import load_reading_preset
from ..runtime.loading import find_model
from ..text.alphabet import Alphabet
from .adversarial.batches import SemiSupervisedBatches
from .adversarial.engines import make_adversarial_engine
from .batches import Batches, CharacterBatches
from .engines import create_engine, network_maker
from .engines.interface import Engine
from .engines.taught import TaughtEngine, load_teacher
from .holdout import check_comparable, hold_out
from .initial_weights import InitialWeights, check_network, load_initial, remap_alphabet
from .lineage import NOTHING, Lineage
from .objectives import objective_of
from .run_files import check_digest, check_same_request
from .runs import Run, create_run, load_run
from .settings import Request
from .team import ALONE, Team
from .trainable import refuse_untrainable, split_characters, split_trainable
from .validation import CharacterValidation, TextValidation

Say = Callable[[str], object]


def _silent(message: str) -> None:
    """Discard a message: the default of callers that print none."""


def start_run(
    output: Path, request: Request, data: tuple[Store, Store, Store | None], alphabet: Path | None, say: Say = _silent
) -> Run:
    """Create the folder of a run, with a network that is initialized or takes the weights of `request.init`.

    data: training, validation and unlabeled samples, None without the last. alphabet: a file; by default the characters
    of the training texts, with `request.init` after those of its alphabet. say: receives a message about the initial
    weights. Raises `UsageError` if `output` is a run already, or if `request.init` has another network.
    """
    if is_run(output):
        raise UsageError(f"{output} is a run already: continue it with --resume, or give another --output")
    chosen = Alphabet.load(alphabet) if alphabet else None
    preset = load_reading_preset(request.preset)
    teacher = _teacher_weights(request.teacher) if request.teacher else None
    taught = Lineage(teacher.lineage.data) if teacher else NOTHING  # its terms apply to what it teaches
    texts = [*data[0].texts, *(teacher.alphabet.characters if teacher else ())]
    data_digest = digest(*data)
    if request.init:
        start = load_initial(request.init)
        check_network(start, preset, request.preset)
        characters = chosen or start.alphabet.extended(texts)
        pair, words = remap_alphabet(start, characters, request.seed)
        write_pair(output, pair)
        say(words)
        return create_run(output, request, preset, characters, data_digest, start.lineage.joined(taught))
    characters = chosen or _alphabet_of(preset, texts)
    _initialize(output, request, characters)
    return create_run(output, request, preset, characters, data_digest, taught)


def check_teacher(request: Request) -> None:
    """Raise `UsageError` if a request has a teacher and its preset cannot have one, or the teacher cannot teach it."""
    if request.teacher is None:
        return
    if isinstance(load_reading_preset(request.preset), CharacterPreset):
        raise UsageError(f"{request.preset} reads single characters: --teacher is for networks of lines and words")
    _teacher_weights(request.teacher)


def _teacher_weights(teacher: str) -> InitialWeights:
    try:
        find_model(teacher)
    except ModelError as error:
        raise UsageError(f"--teacher takes a bundle or a run: {error}") from None
    found = load_initial(teacher, "--teacher")
    if not found.has_blank:
        raise UsageError(f"{teacher} reads single characters: --teacher takes a model that reads lines or words")
    return found


def _alphabet_of(preset: Preset | CharacterPreset, texts: Sequence[str]) -> Alphabet:
    """Make the alphabet of texts; of single characters, longer labels do not count: they are left out."""
    single = isinstance(preset, CharacterPreset)
    return Alphabet.from_texts([text for text in texts if len(text) == 1] if single else texts)


def _initialize(output: Path, request: Request, alphabet: Alphabet) -> None:
    from ..networks.recognizer import build_reading, export_pair

    export_pair(build_reading(load_reading_preset(request.preset), alphabet, request.seed), output)


def resumed_run(output: Path, request: Request, alphabet: Path | None = None) -> Run:
    """Load the run in `output`, which must have the same request, except for budget and workers.

    alphabet: a file, as for `start_run`. Raises `CheckpointError` if the requests or the alphabets differ.
    """
    run = load_run(output)
    check_same_request(output, run.request, request)
    if alphabet and Alphabet.load(alphabet) != run.alphabet:
        raise CheckpointError(f"{output} was started with another alphabet than {alphabet}: give another --output")
    return replace(run, request=request)


def check_data(run: Run, data: tuple[Store, Store, Store | None]) -> None:
    """Raise `CheckpointError` if these are not the samples that the run began with, as far as they are known."""
    check_digest(run, digest(*data))


def digest(*stores: Store | None) -> str:
    """Compute the SHA-256 of everything that identifies samples except their pixels: ids, texts, sizes, and their
    order. None counts as nothing.
    """
    found = hashlib.sha256()
    for store in (store for store in stores if store is not None):
        found.update(msgspec.json.encode((store.ids, store.texts)))
        found.update(store.shapes.tobytes())
        found.update(store.sizes.tobytes())
    return found.hexdigest()


def load_training_data(request: Request, track: Track, say: Say = _silent) -> tuple[Store, Store]:
    """Load training and validation samples, preprocessed for the preset. say: receives a message about held-out
    samples.

    Data that adapt a model are normalized as in reading. Generated lines are held out only if there are no others: a
    model must read real handwriting. Raises `UsageError` if the held-out samples are too few to tell whether
    `request.init` improves.
    """
    preprocessing = load_reading_preset(request.preset).preprocessing
    load = partial(
        load_data, preprocessing=preprocessing, seed=request.seed, track=track, like_inference=request.init is not None
    )
    if request.validation is not None:
        train, validation = few_of_each(load(request.data), request), load([request.validation])
        if request.init:
            check_comparable(len(validation))
        return train, validation
    written = [spec for spec in request.data if not is_generated(spec)] or request.data
    train, validation, words = hold_out(few_of_each(load(written), request), request.seed)
    if request.init:
        once = set(zip(train.ids, train.texts, train.groups))
        check_comparable(len(validation), len(validation) + len(once))
    say(words)
    if generated := [spec for spec in request.data if spec not in written]:
        train = Store.join([train, few_of_each(load(generated), request)])
    return train, validation


def few_of_each(store: Store, request: Request) -> Store:
    """Choose `labels_per_class` samples of each label at random, by the seed; all without that number."""
    if request.labels_per_class is None:
        return store
    seen, kept = Counter[str](), []
    for position in np.random.default_rng(request.seed).permutation(len(store)).tolist():
        seen[store.texts[position]] += 1
        if seen[store.texts[position]] <= request.labels_per_class:
            kept.append(position)
    return store.select(sorted(kept))


def load_unlabeled(request: Request, track: Track, say: Say = _silent) -> Store | None:
    """Load the characters of a request whose labels are not used; None without any.

    Raises `UsageError` if the preset has no generator.
    """
    if not request.unlabeled:
        return None
    preset = load_reading_preset(request.preset)
    if not isinstance(preset, CharacterPreset) or preset.generator is None:
        raise UsageError(f"{request.preset} has no generator to train with --unlabeled data: use chars-gan")
    store = load_data(request.unlabeled, preset.preprocessing, seed=request.seed, track=track)
    say(f"{len(store)} characters without labels")
    return store


def trainable_samples(run: Run, train: Store, team: Team = ALONE) -> tuple[Store, list[Problem]]:
    """Return the trainable samples, and the others, which the leader of the team lists in `skipped.tsv`.

    Raises `AlphabetError` or `TrainingError` if there are none, or if the request refuses untrainable ones.
    """
    train = train.normalized(run.alphabet.normalization)
    if isinstance(run.preset, CharacterPreset):
        kept, problems = split_characters(train, run.alphabet)
    else:
        kept, problems = split_trainable(train, run.alphabet, run.preset.network.step_width)
    if run.request.unfit == "refuse" or not len(kept):
        refuse_untrainable(problems, len(kept))
    # Data that are given several times have the same problems several times.
    skipped = list(dict.fromkeys([*problems, *train.problems]))
    if team.is_leader:
        write_atomically(run.path / "skipped.tsv", _table(skipped))
    return kept, skipped


def _table(problems: Sequence[Problem]) -> bytes:
    return "".join(f"{problem.id}\t{problem.reason}\n" for problem in problems).encode()


def make_engine(run: Run, threads: int | None = None, team: Team = ALONE) -> Engine:
    """Create the engine of a run, with the pair in the run's folder."""
    request = run.request
    if request.unlabeled:
        return make_adversarial_engine(run, threads, team)
    engine = create_engine(
        request.engine,
        run.path,
        run.training.optimizer,
        objective=objective_of(run.preset.resolved_task),
        device=request.device,
        precision=request.precision,
        threads=threads,
        team=team,
    )
    if request.teacher is None or isinstance(run.preset, CharacterPreset):
        return engine
    height, step_width = run.preset.preprocessing.height, run.preset.network.step_width
    make = network_maker(request.engine, request.device, request.precision)
    network = make(load_initial(request.teacher, "--teacher").pair) if make else None
    teacher = load_teacher(request.teacher, run.alphabet, height, step_width, threads, network)
    return TaughtEngine(engine, teacher, run.training.teacher_share)


def make_validation(run: Run, store: Store, team: Team = ALONE) -> TextValidation | CharacterValidation:
    """Create the validation of a run."""
    kind = CharacterValidation if isinstance(run.preset, CharacterPreset) else TextValidation
    return kind(store, run.alphabet, team)


def make_batches(
    run: Run, train: Store, team: Team = ALONE, unlabeled: Store | None = None
) -> Batches | SemiSupervisedBatches:
    """Create the batches of a run, a context manager."""
    training, request = run.training, run.request
    common = training.batch_size, training.augmentation, request.seed, request.workers
    if not isinstance(run.preset, CharacterPreset):
        return Batches(train, run.alphabet, *common, team)
    labeled = CharacterBatches(train, run.alphabet, *common, team)
    if unlabeled is None:
        return labeled
    generator = run.preset.generator
    assert generator is not None, "load_unlabeled comes first"
    return SemiSupervisedBatches(
        labeled, unlabeled, generator, training.augmentation, request.seed, request.workers, run.preset.preprocessing
    )
