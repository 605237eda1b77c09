"""A run that trains a network to find lines: the folder of its training.

run.toml                  the request, the resolved preset, package versions, the command, the lineage of its initial
                          weights
symbol.json model.params  the network and its best averaged weights: the exported pair
checkpoints/last.params   to resume from; best.params is the one with the best score
log.jsonl, events…        one JSON object per entry; the same for TensorBoard
scores.json
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from ...bundles.run_folder import RUN
from ...bundles.schema import TrainingStage
from ...networks.layout_configuration import LayoutPreset
from ..lineage import NOTHING, Lineage, known_data, this_machine, training_stage
from ..run_files import Environment, RunFiles, read_run, write_run
from ..settings import Request
from .settings import LayoutSettings, layout_settings


class _File(msgspec.Struct):
    request: Request
    preset: LayoutPreset
    environment: Environment
    start: Lineage = NOTHING
    data_digest: str | None = None


@dataclass(frozen=True)
class LayoutRun(RunFiles):
    """A run's folder and the values that define it."""

    path: Path
    request: Request
    preset: LayoutPreset
    training: LayoutSettings
    #: Processor and accelerator.
    machine: str
    #: Lineage of the initial weights.
    start: Lineage = NOTHING
    #: Digest of the training and validation pages; runs of older versions have none.
    data_digest: str | None = None

    def training_stage(self) -> TrainingStage:
        """Describe the training done so far."""
        return training_stage(self.path, self.request, self.machine)

    def lineage(self) -> Lineage:
        """Return the lineage of the run's weights."""
        return self.start.joined(Lineage(known_data(self.request), (self.training_stage(),)))


def create_layout_run(
    path: Path, request: Request, preset: LayoutPreset, data_digest: str, start: Lineage = NOTHING
) -> LayoutRun:
    """Create `run.toml`, which marks a folder with an exported pair as a run."""
    training = layout_settings(preset, request.preset)
    resolved = msgspec.structs.replace(preset, training=msgspec.to_builtins(training))
    machine = this_machine(request.device)
    write_run(path, request, resolved, start, machine, data_digest=data_digest)
    return LayoutRun(path, request, resolved, training, machine, start, data_digest)


def load_layout_run(path: Path) -> LayoutRun:
    """Load a run. Raises `CheckpointError` if `path` is not a run, `ConfigurationError` if its `run.toml` is
    invalid.
    """
    content = read_run(path, _File)
    training, machine = layout_settings(content.preset, str(path / RUN)), content.environment.machine
    return LayoutRun(path, content.request, content.preset, training, machine, content.start, content.data_digest)
