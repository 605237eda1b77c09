"""A run that trains a network to find lines: the folder of its training.

run.toml                  the request, the resolved preset, package versions, the command, the lineage of its initial
                          weights
symbol.json model.params  the network and its best averaged weights: the exported pair
checkpoints/last.params   to resume from; best.params is the one with the best score
log.jsonl, events…        one JSON object per entry; the same for TensorBoard
scores.json
"""

from __future__ import annotations

import platform
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec
import tomli_w

from ..._storage import write_atomically
from ...bundles.run_folder import PARAMETERS, RUN
from ...bundles.schema import TrainingStage
from ...errors import CheckpointError, ConfigurationError
from ...networks.layout_configuration import LayoutPreset
from ..lineage import NOTHING, Lineage, known_data, this_machine, training_stage
from ..runs import package_versions, without_none
from ..settings import Request
from .settings import LayoutSettings, layout_settings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class _Environment(msgspec.Struct):
    """The part of the environment that is read back later."""

    machine: str


class _File(msgspec.Struct):
    request: Request
    preset: LayoutPreset
    environment: _Environment
    start: Lineage = NOTHING


@dataclass(frozen=True)
class LayoutRun:
    """A run's folder and the values that define it."""

    path: Path
    request: Request
    preset: LayoutPreset
    training: LayoutSettings
    #: Processor and accelerator.
    machine: str
    #: Lineage of the initial weights.
    start: Lineage = NOTHING

    @property
    def last(self) -> Path:
        """The checkpoint to resume from."""
        return self.path / "checkpoints" / "last.params"

    @property
    def best(self) -> Path:
        """The checkpoint with the best score."""
        return self.path / "checkpoints" / "best.params"

    @property
    def parameters(self) -> Path:
        """The best averaged weights, for readers."""
        return self.path / PARAMETERS

    def training_stage(self) -> TrainingStage:
        """Describe the training done so far."""
        return training_stage(self.path, self.request, self.machine)

    def lineage(self) -> Lineage:
        """Return the lineage of the run's weights."""
        return self.start.joined(Lineage(known_data(self.request), (self.training_stage(),)))


def create_layout_run(path: Path, request: Request, preset: LayoutPreset, start: Lineage = NOTHING) -> LayoutRun:
    """Create `run.toml`, which marks a folder with an exported pair as a run."""
    training = layout_settings(preset, request.preset)
    resolved = msgspec.structs.replace(preset, training=msgspec.to_builtins(training))
    machine = this_machine(request.device)
    content = {
        "command": shlex.join(sys.argv),
        "environment": {"python": platform.python_version(), "machine": machine, **package_versions()},
        "request": msgspec.to_builtins(request),
        "preset": msgspec.to_builtins(resolved),
        "start": msgspec.to_builtins(start),
    }
    write_atomically(path / RUN, tomli_w.dumps(without_none(content)).encode())
    return LayoutRun(path, request, resolved, training, machine, start)


def load_layout_run(path: Path) -> LayoutRun:
    """Load a run. Raises `CheckpointError` if `path` is not a run, `ConfigurationError` if its `run.toml` is
    invalid.
    """
    file = path / RUN
    try:
        content = msgspec.convert(tomllib.loads(file.read_text("utf-8")), _File)
    except OSError as error:
        raise CheckpointError(f"{path} is not a run: run.toml: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise ConfigurationError(f"{file}: {error}") from None
    training = layout_settings(content.preset, str(file))
    return LayoutRun(path, content.request, content.preset, training, content.environment.machine, content.start)
