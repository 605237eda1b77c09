"""The network that data are checked for: its alphabet, its images and its time steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..bundles.reader import read_bundle
from ..bundles.run_folder import is_run
from ..bundles.schema import Characters
from ..datasets.sample import Problem
from ..datasets.store import Store
from ..images.preprocessing import Preprocessing, place
from ..networks.configuration import Preset
from ..networks.presets import load_reading_preset, preset_names
from ..runtime.loading import find_model
from ..text.alphabet import Alphabet
from ..training.runs import load_run
from ..training.trainable import split_characters, split_trainable
from .findings import LOST_SHARE, Finding, Severity, command, finding
from .looking import Look, Looked

LINES, WORDS = "lines", "words"  # presets that suit most data
LINE_RATIO = 6  # times as wide as high: wider images are lines rather than words
SPACED = 0.2  # of the texts
MIN_KEPT = 4  # samples: fewer cannot be trained on, as one is held out


@dataclass(frozen=True)
class Target:
    """A network. alphabet: None if it will be made of the training texts. step_width: None for single characters."""

    name: str
    preprocessing: Preprocessing
    step_width: int | None
    alphabet: Alphabet | None = None


def target_of_preset(name: str) -> Target:
    """Return the network of a preset. Raises `ConfigurationError`."""
    preset = load_reading_preset(name)
    step = preset.network.step_width if isinstance(preset, Preset) else None
    return Target(name, preset.preprocessing, step)


def target_of_model(model: str) -> Target:
    """Return the network of a bundle or a run. Raises the errors of opening it."""
    path = find_model(model)
    if is_run(path):
        run = load_run(path)
        step = run.preset.network.step_width if isinstance(run.preset, Preset) else None
        return Target(model, run.preset.preprocessing, step, run.alphabet)
    bundle = read_bundle(path)
    reader = bundle.image_reader
    step = None if isinstance(reader, Characters) else reader.step_width
    return Target(model, reader.preprocessing.fit, step, bundle.alphabet)


def likely_preset(seen: Looked) -> str:
    """Return the preset that suits the data: that of lines if texts have several words, or images are long."""
    ratios = [look.appearance.width / look.appearance.height for look in seen.looks if look.appearance]
    spaced = sum(" " in look.text for look in seen.looks)
    is_long = bool(ratios) and float(np.median(ratios)) > LINE_RATIO
    return LINES if is_long or spaced > SPACED * len(seen.looks) else WORDS


def untrainable(looks: list[Look], target: Target) -> list[Problem]:
    """List the samples that training would leave out, by its own rule, except for the alphabet.

    The id of a problem is the number of its sample.
    """
    store = _shapes_only(looks, target.preprocessing)
    alphabet = Alphabet.from_texts(store.texts) if any(store.texts) else Alphabet(" ")
    if target.step_width is None:
        return split_characters(store, alphabet)[1]
    return split_trainable(store, alphabet, target.step_width)[1]


def _shapes_only(looks: list[Look], preprocessing: Preprocessing) -> Store:
    """Make a store without pixels, of images as the network would get them."""
    shown = [(look, look.appearance) for look in looks if look.appearance]
    shapes = np.array(
        [(preprocessing.height, place(one.height, one.width, preprocessing).canvas_width) for _, one in shown],
        np.int32,
    ).reshape(-1, 2)
    nothing = np.zeros(len(shown), np.int64)
    ids = [str(look.number) for look, _ in shown]
    texts = [look.text for look, _ in shown]
    return Store(ids, texts, ids, shapes, nothing, nothing, np.zeros(0, np.uint8))


def too_long(seen: Looked, target: Target, fix: str) -> list[Finding]:
    """Find texts that the network has too few time steps for. fix: leaves them out."""
    problems = [problem for problem in untrainable(seen.looks, target) if problem.kind == "length"]
    if not problems:
        return []
    places = [(look := seen.looks[int(problem.id)], f"{look.place}: {problem.reason}") for problem in problems]
    kept = sum(1 for look in seen.looks if look.appearance) - len(problems)
    better = _better_preset(seen.looks, len(problems)) if target.step_width and target.alphabet is None else None
    if better:
        data = [word for spec in seen.specs for word in ("--data", spec)]
        fix = command("train", *data, "--preset", better)
    why = f"Of {target.name}, a CTC network, an image has fewer time steps than its text needs: training leaves it out."
    if target.step_width is None:
        why = f"{target.name} reads single characters: training leaves longer labels out."
    severity: Severity | None = "stops training" if kept < MIN_KEPT else None
    return finding("too-long-text", places, why, fix, seen.total, severity, LOST_SHARE)


def _better_preset(looks: list[Look], left_out: int) -> str | None:
    """Return a preset that leaves at most half as many samples out, if there is one."""
    counts = {
        name: sum(problem.kind == "length" for problem in untrainable(looks, target_of_preset(name)))
        for name in preset_names()
        if name not in ("digits", "notebook")
    }
    best = min(counts, key=counts.__getitem__)
    return best if counts[best] <= left_out / 2 else None
