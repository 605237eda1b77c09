"""Calibration of a bundle that is there already, on other data."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np

from ..bundles.reader import Bundle
from ..bundles.schema import Lines, Words
from ..datasets.loading import Track, load_data
from ..errors import UsageError
from ..runtime.backends import onnx_network
from ..runtime.stores import same_size
from .calibration import fit_calibration


def recalibrated(bundle: Bundle, spec: str, track: Track) -> Bundle:
    """Return a bundle whose words and lines are calibrated on data, for greedy decoding and for beam search.

    Temperature, texts and golden images stay as they are. Raises the errors of reading the data, and `UsageError` if
    the bundle reads no texts, or if the data are too few.
    """
    reader = bundle.description.model
    if not isinstance(reader, Lines | Words):
        raise UsageError(f"{bundle.name} reads no lines or words: there is nothing to calibrate")
    alphabet = bundle.alphabet
    store = load_data([spec], reader.preprocessing.fit, track=track, form=alphabet.normalization, like_inference=True)
    sizes = same_size(store.shapes)
    network = onnx_network(bundle.model)
    with track("read", len(store)) as advance:
        logits = []
        for size in sizes:
            logits.append(network(np.stack([store.image(k) for k in size])))
            advance(len(size))
    texts, groups = ([[own[k] for k in size] for size in sizes] for own in (store.texts, store.groups))
    calibration = fit_calibration(logits, texts, groups, alphabet, reader.temperature)
    if calibration is None:
        raise UsageError(f"{spec} has too few samples to calibrate on, or all are read alike")
    model = msgspec.structs.replace(reader, calibration=calibration)
    return replace(bundle, description=msgspec.structs.replace(bundle.description, model=model))
