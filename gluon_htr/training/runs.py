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

import platform
import shlex
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import msgspec

from .._storage import write_atomically
from ..bundles.run_folder import ALPHABET, PARAMETERS, RUN, SYMBOL
from ..bundles.schema import TrainingStage
from ..errors import CheckpointError, ConfigurationError
from ..networks.configuration import Preset
from ..text.alphabet import Alphabet
from .lineage import NOTHING, Lineage, known_data, this_machine, training_stage
from .settings import Request, TrainingSettings, training_settings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PACKAGES = ("gluon-htr", "mxnet", "torch", "numpy", "opencv-python-headless", "onnxruntime", "Pillow", "rapidfuzz")


class _Environment(msgspec.Struct):
    """The part of the environment that is read back later."""

    machine: str


class _File(msgspec.Struct):
    request: Request
    preset: Preset
    environment: _Environment
    start: Lineage = NOTHING
    data_digest: str | None = None


@dataclass(frozen=True)
class Run:
    """A run's folder and the values that define it."""

    path: Path
    request: Request
    preset: Preset
    training: TrainingSettings
    alphabet: Alphabet
    #: Processor and accelerator.
    machine: str
    #: Lineage of the initial weights.
    start: Lineage = NOTHING
    #: Digest of the training and validation samples; runs of older versions have none.
    data_digest: str | None = None

    @property
    def last(self) -> Path:
        """The checkpoint to resume from."""
        return self.path / "checkpoints" / "last.params"

    @property
    def best(self) -> Path:
        """The checkpoint with the lowest validation CER."""
        return self.path / "checkpoints" / "best.params"

    @property
    def symbol(self) -> Path:
        """The network's graph."""
        return self.path / SYMBOL

    @property
    def parameters(self) -> Path:
        """The best averaged weights, for readers."""
        return self.path / PARAMETERS

    def training_stage(self) -> TrainingStage:
        """Describe the training done so far."""
        return training_stage(self.path, self.request, self.machine)


def create_run(
    path: Path, request: Request, preset: Preset, alphabet: Alphabet, data_digest: str, start: Lineage = NOTHING
) -> Run:
    """Create the folder with `run.toml` and `alphabet.json`; `run.toml` comes last and marks it as a run."""
    training = training_settings(preset, request.preset)
    resolved = msgspec.structs.replace(preset, training=msgspec.to_builtins(training))
    machine = this_machine(request.device)
    content = {
        "command": shlex.join(sys.argv),
        "data_digest": data_digest,
        "environment": {"python": platform.python_version(), "machine": machine, **package_versions()},
        "request": msgspec.to_builtins(request),
        "preset": msgspec.to_builtins(resolved),
        "start": msgspec.to_builtins(start),
    }
    write_atomically(path / ALPHABET, alphabet.to_json())
    write_atomically(path / RUN, _toml(content))
    return Run(path, request, resolved, training, alphabet, machine, start, data_digest)


def load_run(path: Path) -> Run:
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
    training = training_settings(content.preset, str(file))
    alphabet = Alphabet.load(path / ALPHABET)
    machine = content.environment.machine
    return Run(path, content.request, content.preset, training, alphabet, machine, content.start, content.data_digest)


def lineage_of(run: Run) -> Lineage:
    """Return the lineage of the run's weights."""
    return run.start.joined(Lineage(known_data(run.request), (run.training_stage(),)))


def unmark_run(path: Path) -> None:
    """Remove the mark of a run from the folder; its other content stays."""
    (path / RUN).unlink(missing_ok=True)


def package_versions() -> dict[str, str]:
    """Return the versions of the packages that a training depends on."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _toml(content: dict[str, Any]) -> bytes:
    import tomli_w

    return tomli_w.dumps(without_none(content)).encode()


def without_none(value: Any) -> Any:
    """Remove keys without a value: TOML has no null."""
    if isinstance(value, dict):
        return {key: without_none(item) for key, item in value.items() if item is not None}
    return [without_none(item) for item in value] if isinstance(value, (list, tuple)) else value
