"""Real samples on which an export is checked and calibrated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..datasets.loading import Track, load_data
from ..errors import DataError, SpecError
from ..images.preprocessing import Preprocessing
from ..runtime.stores import same_size
from ..text.normalization import NormalizationForm

MAX_SAMPLES = 512


@dataclass(frozen=True)
class Samples:
    """Batches (N, H, W) of images of one size each, and their texts. problem: the reason if there are none."""

    batches: tuple[np.ndarray, ...] = ()
    texts: tuple[tuple[str, ...], ...] = ()
    problem: str = ""


def read_samples(spec: str | None, preprocessing: Preprocessing, track: Track, form: NormalizationForm) -> Samples:
    """Load up to `MAX_SAMPLES` samples, evenly out of all; none, with the reason, if the data no longer exist."""
    if spec is None:
        return Samples(problem="the validation data are unknown: give some with --validation")
    try:
        store = load_data([spec], preprocessing, track=track, form=form)
    except (DataError, SpecError, OSError) as error:
        return Samples(problem=str(error))
    chosen = store.select(np.unique(np.linspace(0, len(store) - 1, MAX_SAMPLES).astype(int)).tolist())
    groups = same_size(chosen.shapes)
    batches = tuple(np.stack([chosen.image(k) for k in group]) for group in groups)
    return Samples(batches, tuple(tuple(chosen.texts[k] for k in group) for group in groups))
