"""A run: the folder that a training leaves behind.

run.toml                  the request, the resolved preset, package versions, the command, where its start came from,
                          a digest of its data
alphabet.json
symbol.json model.params  the network and its best averaged weights: the exported pair
checkpoints/last.params   to go on from; best.params is the one with the lowest validation CER
log.jsonl, events…        one JSON object an entry; the same for TensorBoard
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
    """The part of it that is asked for later."""

    machine: str


class _File(msgspec.Struct):
    request: Request
    preset: Preset
    environment: _Environment
    start: Lineage = NOTHING
    data_digest: str | None = None


@dataclass(frozen=True)
class Run:
    """A run's folder and what defines it."""

    path: Path
    request: Request
    preset: Preset
    training: TrainingSettings
    alphabet: Alphabet
    #: Where it was made.
    machine: str
    #: Of the weights that it started from.
    start: Lineage = NOTHING
    #: Of the samples that it trains on and is scored on; runs of older versions have none.
    data_digest: str | None = None

    @property
    def last(self) -> Path:
        """The checkpoint to go on from."""
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
        """Return what it has done so far."""
        return training_stage(self.path, self.request, self.machine)


def create_run(
    path: Path, request: Request, preset: Preset, alphabet: Alphabet, data_digest: str, start: Lineage = NOTHING
) -> Run:
    """Make the folder with `run.toml` and `alphabet.json`; `run.toml` comes last and marks it as a run."""
    training = training_settings(preset, request.preset)
    resolved = msgspec.structs.replace(preset, training=msgspec.to_builtins(training))
    machine = this_machine(request.device)
    content = {
        "command": shlex.join(sys.argv),
        "data_digest": data_digest,
        "environment": {"python": platform.python_version(), "machine": machine, **_versions()},
        "request": msgspec.to_builtins(request),
        "preset": msgspec.to_builtins(resolved),
        "start": msgspec.to_builtins(start),
    }
    write_atomically(path / ALPHABET, alphabet.to_json())
    write_atomically(path / RUN, _toml(content))
    return Run(path, request, resolved, training, alphabet, machine, start, data_digest)


def load_run(path: Path) -> Run:
    """Raise `CheckpointError` when `path` is no run, `ConfigurationError` when its `run.toml` is not valid."""
    file = path / RUN
    try:
        content = msgspec.convert(tomllib.loads(file.read_text("utf-8")), _File)
    except OSError as error:
        raise CheckpointError(f"{path} is no run: run.toml: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise ConfigurationError(f"{file}: {error}") from None
    training = training_settings(content.preset, str(file))
    alphabet = Alphabet.load(path / ALPHABET)
    machine = content.environment.machine
    return Run(path, content.request, content.preset, training, alphabet, machine, content.start, content.data_digest)


def lineage_of(run: Run) -> Lineage:
    """Of the run's weights."""
    return run.start.joined(Lineage(known_data(run.request), (run.training_stage(),)))


def unmark_run(path: Path) -> None:
    """Make the folder none of a run any more; what it holds stays."""
    (path / RUN).unlink(missing_ok=True)


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _toml(content: dict[str, Any]) -> bytes:
    import tomli_w

    return tomli_w.dumps(_without_none(content)).encode()


def _without_none(value: Any) -> Any:
    """TOML has no null: keys without a value are left out."""
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    return [_without_none(item) for item in value] if isinstance(value, (list, tuple)) else value
