"""Models of a server: opened when it starts; a request chooses one of them by name."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from .._files import MAX_WEIGHTS, read_bounded
from ..bundles.catalog import find_bundle
from ..bundles.reader import read_bundle
from ..bundles.run_folder import PARAMETERS, is_run
from ..bundles.schema import DOCUMENT
from ..decoding.decoder import Decoder
from ..decoding.greedy import GREEDY
from ..errors import UsageError
from ..runtime.classifier import Classifier
from ..runtime.detector import Detector
from ..runtime.loading import find_model, from_bundle, load
from ..runtime.loading_pages import DEFAULT as DEFAULT_LAYOUT
from ..runtime.loading_pages import load_detector
from ..runtime.recognizer import Recognizer
from .request_errors import RequestRejected


@dataclass(frozen=True)
class ServedModel:
    """Model that a server reads with.

    sha256: of a bundle's `bundle.json`, which holds the hashes of all its other files, or of a run's `model.params`.
    """

    name: str
    sha256: str
    task: str
    description: str
    recognizer: Recognizer


def open_model(model: str | None, decoder: Decoder = GREEDY) -> ServedModel:
    """Open a bundle or run, or the default model, for one thread per batch. Raise `ModelError` if it is not usable."""
    path = find_model(model)
    if is_run(path):
        recognizer = load(path, threads=1, decoder=decoder)
        sha256 = hashlib.sha256(read_bounded(path / PARAMETERS, MAX_WEIGHTS)).hexdigest()
        return ServedModel(recognizer.name, sha256, "unknown", "a training run", recognizer)
    bundle = read_bundle(path)
    about, sha256 = bundle.description, hashlib.sha256(bundle.files[DOCUMENT]).hexdigest()
    return ServedModel(
        about.name, sha256, about.task, about.description, from_bundle(bundle, threads=1, decoder=decoder)
    )


def open_models(models: Sequence[str], decoder: Decoder = GREEDY) -> dict[str, ServedModel]:
    """Open models, or the default one if there are none; return them by name. Requests use the first by default."""
    opened = [open_model(model, decoder) for model in models] or [open_model(None, decoder)]
    names = [model.name for model in opened]
    if duplicates := {name for name in names if names.count(name) > 1}:
        raise UsageError(f"two models have the name {duplicates.pop()}: serve only one of them")
    return dict(zip(names, opened))


def open_detector(layout: str | None) -> Detector | None:
    """Open the model that finds lines, for one thread per page. None: none is named, and none ships or is installed."""
    if layout is None and find_bundle(DEFAULT_LAYOUT) is None:
        return None
    return load_detector(layout, threads=1)


def check_n_best(model: ServedModel, n_best: int | None) -> None:
    """Raise `RequestRejected` for a request for several texts that the server does not offer."""
    if n_best is None or model.recognizer.finds_alternatives:
        return
    if isinstance(model.recognizer, Classifier):
        raise RequestRejected(
            400, f"{model.name} reads single characters, and gives the likeliest as `top`: omit n_best"
        )
    raise RequestRejected(403, "n_best is not offered here: the server's operator must start it with --decoder beam")


def select_model(models: dict[str, ServedModel], name: str | None) -> ServedModel:
    """Select the model of a request. Raise `RequestRejected` if there is none of that name."""
    if name is None:
        return next(iter(models.values()))
    if name not in models:
        raise RequestRejected(404, f"there is no model of that name: choose one of {', '.join(models)}")
    return models[name]
