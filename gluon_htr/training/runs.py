"""A run: the folder of a training.

run.toml                  the request, the resolved preset, package versions, the command, the lineage of its initial
                          weights, a digest of its data
alphabet.json
symbol.json model.params  the network and its best averaged weights: the exported pair
checkpoints/last.params   to resume from; best.params is the one with the lowest validation CER
log.jsonl, events…        one JSON object per entry; the same for TensorBoard
curves.png samples.png scores.json
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from .._storage import write_atomically
from ..bundles.run_folder import ALPHABET, RUN, task_of
from ..bundles.schema import TrainingStage
from ..errors import CheckpointError
from ..networks.character_configuration import CharacterPreset
from ..networks.configuration import Preset
from ..text.alphabet import Alphabet
from .lineage import NOTHING, Lineage, known_data, this_machine, training_stage
from .run_files import Environment, RunFiles, read_run, write_run
from .settings import Request, TrainingSettings, training_settings


class _File(msgspec.Struct):
    request: Request
    preset: Preset
    environment: Environment
    start: Lineage = NOTHING
    data_digest: str | None = None


class _CharacterFile(_File):
    preset: CharacterPreset  # type: ignore[assignment]


@dataclass(frozen=True)
class Run(RunFiles):
    """A run's folder and the values that define it."""

    path: Path
    request: Request
    preset: Preset | CharacterPreset
    training: TrainingSettings
    alphabet: Alphabet
    #: Processor and accelerator.
    machine: str
    #: Lineage of the initial weights.
    start: Lineage = NOTHING
    #: Digest of the training and validation samples; runs of older versions have none.
    data_digest: str | None = None

    def training_stage(self) -> TrainingStage:
        """Describe the training done so far."""
        return training_stage(self.path, self.request, self.machine)


def create_run(
    path: Path,
    request: Request,
    preset: Preset | CharacterPreset,
    alphabet: Alphabet,
    data_digest: str,
    start: Lineage = NOTHING,
) -> Run:
    """Create the folder with `run.toml` and `alphabet.json`; `run.toml` comes last and marks it as a run."""
    training = training_settings(preset, request.preset)
    resolved = msgspec.structs.replace(preset, training=msgspec.to_builtins(training))
    machine = this_machine(request.device)
    write_atomically(path / ALPHABET, alphabet.to_json())
    write_run(path, request, resolved, start, machine, data_digest=data_digest)
    return Run(path, request, resolved, training, alphabet, machine, start, data_digest)


def load_run(path: Path) -> Run:
    """Load a run that reads text. Raises `CheckpointError` if `path` is none, `ConfigurationError` if its `run.toml` is
    invalid.
    """
    if task_of(path) == "layout":
        raise CheckpointError(f"{path} finds the lines of pages: here a model that reads is needed")
    content = read_run(path, _CharacterFile if task_of(path) == "characters" else _File)
    training = training_settings(content.preset, str(path / RUN))
    alphabet = Alphabet.load(path / ALPHABET)
    machine = content.environment.machine
    return Run(path, content.request, content.preset, training, alphabet, machine, content.start, content.data_digest)


def lineage_of(run: Run) -> Lineage:
    """Return the lineage of the run's weights."""
    return run.start.joined(Lineage(known_data(run.request), (run.training_stage(),)))
