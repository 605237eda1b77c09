"""Sources of an export: a run, or the exported pair of a Gluon model trained elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .._files import MAX_TEXT, read_bounded
from .._json import decode_json
from ..bundles.run_folder import SCORES, has_weights, task_of
from ..bundles.schema import AccuracyCard, Card, DataSource
from ..datasets.loading import Track
from ..datasets.provenance import known_terms, public_name
from ..errors import CacheError, CheckpointError, UsageError
from ..graphs.pair import PARAMETERS, Pair, read_files, read_pair
from ..networks.character_configuration import CharacterPreset
from ..networks.configuration import Preset
from ..networks.presets import load_reading_preset
from ..text.alphabet import Alphabet
from ..text.classification import ClassificationCard
from ..text.metrics import ScoreCard
from ..training.checkpoints import load_checkpoint
from ..training.lineage import NOTHING, Lineage
from ..training.runs import Run, load_run
from .samples import Samples, held_out_samples, read_samples


@dataclass(frozen=True)
class ExportSource:
    """A network with its alphabet and preset.

    validation: a spec of data for the parity check, if one is known. run: the run that it comes from, if any.
    """

    pair: Pair
    alphabet: Alphabet
    preset: Preset | CharacterPreset
    validation: str | None = None
    cards: tuple[Card, ...] | tuple[AccuracyCard, ...] = ()
    lineage: Lineage = NOTHING
    run: Run | None = None

    def samples(self, validation: str | None, track: Track) -> Samples:
        """Load samples on which an export is checked: of a spec, of the run's validation data, or those held out."""
        spec = validation or self.validation
        if spec is not None:
            return read_samples(spec, self.preset.preprocessing, track, self.alphabet.normalization)
        if self.run is None:
            return Samples(problem="a pair has no validation data: give some with --validation")
        return held_out_samples(self.run, track)

    @property
    def text_preset(self) -> Preset:
        """The preset of a network of lines or words. Raises `UsageError` for one of single characters."""
        if isinstance(self.preset, CharacterPreset):
            raise UsageError("the preset is one of single characters: here one of lines or words is needed")
        return self.preset

    @property
    def character_preset(self) -> CharacterPreset:
        """The preset of a network of single characters. Raises `UsageError` for another one."""
        if not isinstance(self.preset, CharacterPreset):
            raise UsageError("the preset is one of lines or words: here one of single characters is needed")
        return self.preset


def from_run(run: Path, trained_on: Sequence[str] = (), terms: str | None = None) -> ExportSource:
    """Open a run. trained_on: names of the training data that replace those of the run.

    Raises `CheckpointError` if `run` is not a run or has no validated network yet, `UsageError` if its training data
    are unknown.
    """
    opened = load_run(run)
    if not has_weights(run):
        raise CheckpointError(f"{run} has no {PARAMETERS} yet: it is written after the first validation")
    validation = opened.request.validation
    lineage = _lineage(opened, trained_on, terms)
    return ExportSource(
        read_pair(run), opened.alphabet, opened.preset, validation, _cards(run, validation), lineage, opened
    )


def kept_start(run: Run) -> bool:
    """Test whether a run has the weights that it started from, since its training improved on nothing."""
    return bool(run.request.init) and run.best.exists() and not load_checkpoint(run.best).progress.best_epoch


def _lineage(run: Run, trained_on: Sequence[str], terms: str | None) -> Lineage:
    """Join the lineage of the weights that the run started from with the run's own data and terms, if it has weights of
    its own.
    """
    if kept_start(run) and not (trained_on or terms):
        return run.start
    try:
        names = trained_on or list(map(public_name, dict.fromkeys(run.request.data)))
    except CacheError as error:
        raise UsageError(
            f"the training data of {run.path} are unknown: {error}; or name the data, as in "
            "--trained-on 'iam-words?split=train'"
        ) from None
    return run.start.joined(Lineage(_sources(names, terms), (run.training_stage(),)))


def _sources(names: Sequence[str], terms: str | None) -> tuple[DataSource, ...]:
    return tuple(DataSource(name, terms or known_terms(name)) for name in dict.fromkeys(names))


def from_pair(
    symbol: Path,
    parameters: Path,
    alphabet: Path,
    preset: str,
    trained_on: Sequence[str] = (),
    terms: str | None = None,
) -> ExportSource:
    """Open a pair. preset: name or file; it defines the preprocessing. Raises `GraphError` and others for invalid
    files.
    """
    data = _sources(trained_on or (["not stated"] if terms else []), terms)
    return ExportSource(
        read_files(symbol, parameters), Alphabet.load(alphabet), load_reading_preset(preset), lineage=Lineage(data)
    )


def _cards(run: Path, validation: str | None) -> tuple[Card, ...] | tuple[AccuracyCard, ...]:
    path = run / SCORES
    if not path.is_file():
        return ()
    content, damaged = read_bounded(path, MAX_TEXT), f"{path} is damaged"
    try:
        name = public_name(validation) if validation else "a held-out part of the training data"
    except CacheError:
        name = "the run's validation data"
    if has_single_characters(run):
        return (accuracy_card(name, decode_json(content, ClassificationCard, damaged, CheckpointError)),)
    return (card(name, decode_json(content, ScoreCard, damaged, CheckpointError)),)


def has_single_characters(run: Path) -> bool:
    """Test whether a run is of the task `characters`."""
    return task_of(run) == "characters"


def card(name: str, found: ScoreCard, digest: str | None = None) -> Card:
    """Convert a score card to that of a bundle. digest: of its samples."""
    figures = {key: getattr(found, key) for key in Card.__struct_fields__ if key not in {"data", "samples_sha256"}}
    return Card(name, samples_sha256=digest, **figures)


def accuracy_card(name: str, found: ClassificationCard, digest: str | None = None) -> AccuracyCard:
    """Convert the scores of single characters to the card of a bundle. digest: of the samples."""
    return AccuracyCard(
        name, found.samples, found.groups, found.accuracy, found.case_insensitive_accuracy, samples_sha256=digest
    )
