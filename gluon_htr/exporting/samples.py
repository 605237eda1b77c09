"""Real samples on which an export is checked and calibrated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..datasets.loading import Track, load_data
from ..datasets.store import Store
from ..errors import CheckpointError, DataError, SpecError, UsageError
from ..images.preprocessing import Preprocessing
from ..runtime.stores import same_size
from ..text.normalization import NormalizationForm
from ..training.runs import Run
from ..training.setup import check_data, load_training_data, load_unlabeled

MAX_SAMPLES = 512


@dataclass(frozen=True)
class Samples:
    """Batches (N, H, W) of images of one size each, their texts and groups. problem: the reason if there are none."""

    batches: tuple[np.ndarray, ...] = ()
    texts: tuple[tuple[str, ...], ...] = ()
    groups: tuple[tuple[str, ...], ...] = ()
    problem: str = ""


def read_samples(spec: str, preprocessing: Preprocessing, track: Track, form: NormalizationForm) -> Samples:
    """Load up to `MAX_SAMPLES` samples, evenly out of all; none, with the reason, if the data no longer exist."""
    try:
        return _some(load_data([spec], preprocessing, track=track, form=form, like_inference=True))
    except (DataError, SpecError, OSError) as error:
        return Samples(problem=str(error))


def held_out_samples(run: Run, track: Track) -> Samples:
    """Load up to `MAX_SAMPLES` of the samples that a run without validation data held out; none, with the reason, if
    its data have changed or no longer exist.
    """
    try:
        train, validation = load_training_data(run.request, track)
        check_data(run, (train, validation, load_unlabeled(run.request, track)))
        return _some(validation.normalized(run.alphabet.normalization))
    except (DataError, SpecError, CheckpointError, UsageError, OSError) as error:
        return Samples(problem=f"the samples that the run held out are not there any more: {error}")


def _some(store: Store) -> Samples:
    chosen = store.select(np.unique(np.linspace(0, len(store) - 1, MAX_SAMPLES).astype(int)).tolist())
    sizes = same_size(chosen.shapes)
    batches = tuple(np.stack([chosen.image(k) for k in size]) for size in sizes)
    texts, groups = (tuple(tuple(own[k] for k in size) for size in sizes) for own in (chosen.texts, chosen.groups))
    return Samples(batches, texts, groups)
