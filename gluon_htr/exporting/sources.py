"""What is exported: a run, or the exported pair of a Gluon model from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ..bundles.schema import Card, Source
from ..datasets.catalog import IAM_TERMS
from ..datasets.loading import PREPARED
from ..datasets.specs import parse_spec
from ..errors import CacheError, CheckpointError, GraphError, UsageError
from ..graphs.params import load_parameters
from ..networks.configuration import Preset
from ..networks.presets import load_preset
from ..runtime.backends import Pair, read_pair
from ..text.alphabet import Alphabet
from ..text.metrics import ScoreCard
from ..training.runs import load_run

UNKNOWN_TERMS = "not stated by who exported it"


@dataclass(frozen=True)
class Model:
    """A network with what it was trained for. validation: a spec of data to prove the export on, if one is known."""

    pair: Pair
    alphabet: Alphabet
    preset: Preset
    validation: str | None = None
    cards: tuple[Card, ...] = ()
    data: tuple[Source, ...] = ()


def from_run(run: Path, trained_on: Sequence[str] = (), terms: str | None = None) -> Model:
    """trained_on: names of the training data, where the run's own are not to be trusted.

    Raises `CheckpointError` when `run` is no run or has no validated network yet, `UsageError` where nobody knows what
    it was trained on.
    """
    opened = load_run(run)
    if not opened.parameters.is_file():
        raise CheckpointError(f"{run} has no model.params yet: it is written when a validation has been done")
    names = trained_on or [_known(run, spec) for spec in opened.request.data]
    validation = opened.request.validation
    return Model(
        read_pair(run), opened.alphabet, opened.preset, validation, _cards(run, validation), _sources(names, terms)
    )


def _known(run: Path, spec: str) -> str:
    try:
        return public(spec)
    except CacheError as error:
        raise UsageError(
            f"nobody knows what {run} was trained on, for {error}; or name the data with --trained-on, as in "
            "--trained-on 'iam-words?split=train'"
        ) from None


def _sources(names: Sequence[str], terms: str | None) -> tuple[Source, ...]:
    return tuple(Source(name, terms or known_terms(name)) for name in dict.fromkeys(names))


def from_pair(
    symbol: Path,
    parameters: Path,
    alphabet: Path,
    preset: str,
    trained_on: Sequence[str] = (),
    terms: str | None = None,
) -> Model:
    """preset: name or file; it says how images are prepared. Raises `GraphError` and others for files that are none."""
    try:
        text = symbol.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise GraphError(f"{symbol} cannot be read: {error}") from None
    data = _sources(trained_on or (["not stated"] if terms else []), terms)
    return Model(Pair(text, load_parameters(parameters)), Alphabet.load(alphabet), load_preset(preset), data=data)


def public(spec: str) -> str:
    """A spec without its path, which means nothing to others: `iam-words?split=train`; of a cache, its origin's.

    Raises `CacheError` when it is gone or of another version.
    """
    parsed = parse_spec(spec)
    if parsed.kind in PREPARED:
        parsed = parse_spec(PREPARED[parsed.kind](parsed.path)[1].spec)
    query = parsed.text.partition("?")[2]
    return f"{parsed.kind}?{query}" if query else parsed.kind


def known_terms(name: str) -> str:
    """Terms of data sets that we know, by the public name of a spec."""
    return IAM_TERMS if name.startswith("iam-") else UNKNOWN_TERMS


def _cards(run: Path, validation: str | None) -> tuple[Card, ...]:
    path = run / "scores.json"
    if not path.is_file():
        return ()
    try:
        found = msgspec.json.decode(path.read_bytes(), type=ScoreCard)
    except msgspec.MsgspecError as error:
        raise CheckpointError(f"{path} is damaged: {error}") from None
    try:
        name = public(validation) if validation else "a held-out part of the training data"
    except CacheError:
        name = "the run's validation data"
    figures = {key: getattr(found, key) for key in Card.__struct_fields__ if key != "data"}
    return (Card(name, **figures),)
