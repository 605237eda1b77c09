"""The folder of a run: names of its files, and `run.toml`, whatever the run trains."""

from __future__ import annotations

import platform
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from .._storage import write_atomically
from .._text_files import read_text
from ..bundles.run_folder import PARAMETERS, RUN, SYMBOL
from ..errors import CheckpointError, ConfigurationError
from .lineage import Lineage
from .settings import Request

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

T = TypeVar("T")
PACKAGES = ("gluon-htr", "mxnet", "torch", "numpy", "opencv-python-headless", "onnxruntime", "Pillow", "rapidfuzz")


class Environment(msgspec.Struct):
    """The part of the environment that is read back later."""

    machine: str


class RunFiles:
    """Paths of the files of a run."""

    path: Path
    #: SHA-256 of the data, as far as they are known.
    data_digest: str | None

    @property
    def last(self) -> Path:
        """The checkpoint to resume from."""
        return self.path / "checkpoints" / "last.params"

    @property
    def best(self) -> Path:
        """The checkpoint with the best score."""
        return self.path / "checkpoints" / "best.params"

    @property
    def symbol(self) -> Path:
        """The network's graph."""
        return self.path / SYMBOL

    @property
    def parameters(self) -> Path:
        """The best averaged weights, for readers."""
        return self.path / PARAMETERS


@contextmanager
def unmarked_unless_trained(run: RunFiles) -> Iterator[None]:
    """On an error before the first checkpoint, remove `run.toml`: a corrected command may use the same output."""
    try:
        yield
    except BaseException:
        if not run.last.exists():
            (run.path / RUN).unlink(missing_ok=True)
        raise


def check_digest(run: RunFiles, found: str) -> None:
    """Raise `CheckpointError` if this is not the digest of the data that the run began with, as far as it is known."""
    if run.data_digest not in (None, found):
        raise CheckpointError(f"{run.path}: its data have changed since it began: use another --output")


def write_run(
    path: Path, request: Request, preset: msgspec.Struct, start: Lineage, machine: str, **more: object
) -> None:
    """Write `run.toml`, which marks the folder as a run. more: further keys."""
    import tomli_w

    content = {
        "command": shlex.join(sys.argv),
        **more,
        "environment": {"python": platform.python_version(), "machine": machine, **_versions()},
        "request": msgspec.to_builtins(request),
        "preset": msgspec.to_builtins(preset),
        "start": msgspec.to_builtins(start),
    }
    write_atomically(path / RUN, tomli_w.dumps(_without_none(content)).encode())


def read_run(path: Path, kind: type[T]) -> T:
    """Read `run.toml`. Raises `CheckpointError` if `path` is not a run, `ConfigurationError` if the file is invalid."""
    file = path / RUN
    try:
        return msgspec.convert(tomllib.loads(read_text(file)), kind)
    except OSError as error:
        raise CheckpointError(f"{path} is not a run: run.toml: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigurationError(f"{file}: {error}") from None


class _Requested(msgspec.Struct):
    request: Request


def read_request(path: Path) -> Request:
    """Read the request of a run of any task. Raises as `read_run` does."""
    return read_run(path, _Requested).request


def check_same_request(output: Path, began: Request, request: Request) -> None:
    """Raise `CheckpointError` if a run began with another request; budget and workers may differ."""
    for key in request.__struct_fields__:
        now, then = getattr(request, key), getattr(began, key)
        if now != then and key not in {"budget", "workers"}:
            raise CheckpointError(
                f"{output} was started with {key} {then!r}, not {now!r}: repeat it, or use another --output"
            )


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _without_none(value: Any) -> Any:
    """Remove keys without a value: TOML has no null."""
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    return [_without_none(item) for item in value] if isinstance(value, (list, tuple)) else value
