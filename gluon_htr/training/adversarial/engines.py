"""Engines of semi-supervised training, and the sheets of characters that they draw."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from PIL import Image

from ..._storage import write_atomically
from ...errors import UsageError
from ...graphs.pair import read_pair
from ...networks.character_configuration import CharacterPreset
from ..engines.interface import Engine
from ..runs import Run
from ..team import Team

SHEETS = "generated"  # folder in that of a run
COLUMNS = 12  # of a sheet, and rows
GAP = 2  # pixels


@runtime_checkable
class Drawing(Protocol):
    """An engine that draws characters."""

    def draw(self, count: int, seed: int) -> np.ndarray:
        """Draw characters, (N, H, W) uint8."""
        ...


def make_adversarial_engine(run: Run, threads: int | None, team: Team) -> Engine:
    """Create the engine of a run with unlabeled data. Raises `UsageError` for several processes, or momentum."""
    assert isinstance(run.preset, CharacterPreset)
    generator = run.preset.generator
    assert generator is not None, "load_unlabeled comes first"
    request, optimizer = run.request, run.training.optimizer
    if team.size > 1:
        raise UsageError("--unlabeled trains in one process")
    if optimizer.kind != "adam":
        raise UsageError(f"--unlabeled needs the optimizer adam, not {optimizer.kind}")
    pair = read_pair(run.path)
    common = pair.symbol, dict(pair.parameters), optimizer, generator, run.preset.nominal_size, request.seed
    if request.engine == "torch":
        from .torch import TorchAdversarialEngine

        return TorchAdversarialEngine(*common, device=request.device, precision=request.precision, threads=threads)
    if request.device != "cpu" or request.precision != "float32":
        raise UsageError(f"the engine mxnet trains on the cpu in float32, not on {request.device}: use --engine torch")
    from .gluon import GluonAdversarialEngine

    return GluonAdversarialEngine(*common, threads=threads)


def write_sheet(run: Path, engine: Drawing, epoch: int) -> None:
    """Write a picture of characters that the generator draws from the same random numbers after every epoch."""
    drawn = engine.draw(COLUMNS * COLUMNS, seed=0)
    padded = np.pad(drawn, ((0, 0), (GAP, GAP), (GAP, GAP)), constant_values=255)
    height, width = padded.shape[1:]
    sheet = padded.reshape(COLUMNS, COLUMNS, height, width).transpose(0, 2, 1, 3)
    file = io.BytesIO()
    Image.fromarray(sheet.reshape(COLUMNS * height, COLUMNS * width)).save(file, "PNG")
    write_atomically(run / SHEETS / f"epoch-{epoch:05}.png", file.getvalue())
