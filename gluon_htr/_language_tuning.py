"""Texts of a language model and its tuning for the command `language`, with messages and progress."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from . import _command, _progress
from .datasets.loading import has_test_data, load_data
from .datasets.running_text import read_lines, runs_within, sharing_lines, word_runs
from .datasets.store import Store
from .errors import UsageError
from .ngrams.files import LanguageModel
from .runtime.recognizer import Recognizer
from .runtime.stores import windows
from .runtime.tuning import TRIALS, Trial, tune
from .text.alphabet import Alphabet

MAX_SHARED = 0.02  # of the lines of validation data may have words that are in the texts, by chance
MAX_LINES = 1500  # of validation data


def text_lines(sources: Sequence[str], excluded: Sequence[str], alphabet: Alphabet) -> list[str]:
    """Read all texts, and leave out what they share with the excluded ones."""
    runs = word_runs(line for source in excluded for line in read_lines(source, alphabet))
    found = []
    for source in sources:
        lines = read_lines(source, alphabet)
        shared = sharing_lines(lines, runs)
        found += [line for k, line in enumerate(lines) if k not in shared]
        _command.say(f"{source}: {len(lines)} lines" + (f", {len(shared)} left out" if shared else ""))
    return found


def try_settings(model: LanguageModel, specs: list[str], recognizer: Recognizer, lines: Sequence[str]) -> list[Trial]:
    """Try settings on validation data; the last trial is the choice.

    lines: texts that the model was built from. Raises `UsageError` for test data, and for data that share text with
    them.
    """
    for spec in specs:
        if has_test_data(spec):
            raise UsageError(f"{spec} has test data in it: tune on validation data, with split=validation")
    alphabet = recognizer.alphabet
    store = load_data(
        specs, recognizer.preprocessing, track=_progress.track, form=alphabet.normalization, like_inference=True
    )
    _check_unseen(store, lines, alphabet)
    chosen = np.sort(np.random.default_rng(0).permutation(len(store))[:MAX_LINES])
    store = store.select(chosen)
    texts, batches = list[str](), list[np.ndarray]()
    for positions, logits in windows(recognizer.network, store):
        texts += [store.texts[k] for k in positions]
        batches += logits
    trials = []
    with _progress.track("tune", TRIALS) as advance:
        for trial in tune(model, batches, texts, alphabet):
            trials.append(trial)
            advance(1)
    return trials


def _check_unseen(store: Store, lines: Sequence[str], alphabet: Alphabet) -> None:
    shown = [alphabet.shown(text) for text in store.texts]
    shared = sharing_lines(shown, runs_within(lines, word_runs(shown)))
    if len(shared) > MAX_SHARED * len(store):
        raise UsageError(
            f"{len(shared)} of the {len(store)} lines to tune on are in the texts ({store.ids[min(shared)]} is one): "
            "name these data with --exclude as well"
        )
