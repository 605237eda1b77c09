"""Checkpoints: one file each, written completely or not at all.

A checkpoint is a `.params` file, as in MXNet, of four groups of arrays: `parameters/…`, `average/…`, `optimizer/…` and
`progress`, the JSON of `Progress` as bytes. Dropout and augmentation draw from generators seeded by (seed, position),
so the position is the whole random state.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from .._json import decode_json
from .._storage import write_atomically
from ..errors import CheckpointError, ParametersError
from ..graphs.params import load_parameters, pack_parameters
from .engines.interface import Arrays
from .ordered import BatchPosition


class Progress(msgspec.Struct, frozen=True):
    """Progress of a training."""

    next: BatchPosition = BatchPosition()
    #: Updates done.
    step: int = 0
    #: Images seen.
    samples: int = 0
    #: Seconds of work, without pauses.
    elapsed: float = 0.0
    #: The lowest validation CER so far, and the epoch it was reached in.
    best: float | None = None
    best_epoch: int = 0
    #: Edits of each validation sample with the initial weights; None if these were untrained.
    start: list[int] | None = None
    #: Validation error of the initial weights, and the lowest of trained weights, also if these were not kept.
    start_error: float | None = None
    lowest: float | None = None
    #: The step of the last validation.
    validated: int = 0


@dataclass(frozen=True)
class Checkpoint:
    """Everything that a run needs to continue as if it had never stopped."""

    parameters: Arrays
    average: Arrays
    optimizer: Arrays
    progress: Progress


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint. Raises `StorageError` if it cannot be written; the old checkpoint then still exists."""
    arrays = {
        f"{group}/{name}": value
        for group in ("parameters", "average", "optimizer")
        for name, value in getattr(checkpoint, group).items()
    }
    progress = msgspec.json.encode(checkpoint.progress)
    write_atomically(path, pack_parameters({**arrays, "progress": np.frombuffer(progress, np.uint8)}))


def load_checkpoint(path: Path) -> Checkpoint:
    """Load a checkpoint. Raises `CheckpointError` if it is missing or damaged."""
    try:
        arrays = load_parameters(path)
        content = arrays.pop("progress").tobytes()
    except (ParametersError, KeyError) as error:
        raise CheckpointError(f"{path} is not a checkpoint: {error}") from None
    progress = decode_json(content, Progress, f"{path} is not a checkpoint", CheckpointError)
    groups: dict[str, dict[str, np.ndarray]] = {"parameters": {}, "average": {}, "optimizer": {}}
    for key, value in arrays.items():
        group, _, name = key.partition("/")
        groups.setdefault(group, {})[name] = value
    return Checkpoint(groups["parameters"], groups["average"], groups["optimizer"], progress)
