"""Lineage of weights: all data that they were trained on, with their terms, and all training stages, oldest first.

A run that starts from other weights records their lineage when it begins, since the terms of those training data apply
to its bundle, too.
"""

from __future__ import annotations

import platform
from pathlib import Path

import msgspec

from .._processes import cores
from ..bundles.schema import DataSource, TrainingStage
from ..datasets.kind import UNKNOWN_TERMS
from ..datasets.provenance import known_terms, public_name
from ..errors import CacheError, MissingToolError
from .journal import read_journal
from .settings import Request


class Lineage(msgspec.Struct, frozen=True):
    """Training data and stages, oldest first."""

    data: tuple[DataSource, ...] = ()
    stints: tuple[TrainingStage, ...] = ()

    def joined(self, later: Lineage) -> Lineage:
        """Append a later lineage; data that were used again are listed once."""
        return Lineage(tuple(dict.fromkeys((*self.data, *later.data))), (*self.stints, *later.stints))


NOTHING = Lineage()


def known_data(request: Request) -> tuple[DataSource, ...]:
    """Return the data of a request; the origin of a missing cache or records is unknown."""
    return tuple(dict.fromkeys(map(_source, dict.fromkeys(request.data))))


def _source(spec: str) -> DataSource:
    try:
        name = public_name(spec)
    except CacheError:
        return DataSource("unknown data (deleted)", UNKNOWN_TERMS)
    return DataSource(name, known_terms(name))


def training_stage(folder: Path, request: Request, machine: str) -> TrainingStage:
    """Describe the training of the run in `folder` so far, from its journal."""
    entries = [entry for entry in read_journal(folder) if "samples" in entry]
    samples, seconds = (entries[-1]["samples"], entries[-1]["elapsed"]) if entries else (0, 0.0)
    engine = f"{request.engine}, {request.precision}, {request.device}"
    return TrainingStage(samples, round(seconds / 3600, 3), engine, machine)


def this_machine(device: str = "cpu") -> str:
    """Describe processor and cores, after the accelerator if the training is on one."""
    return f"{_accelerator(device)}{_processor()}, {cores()} cores"


def _accelerator(device: str) -> str:
    if device == "cpu":
        return ""
    try:
        from .._torch import torch
    except MissingToolError:
        return ""
    return f"{torch.cuda.get_device_name()}, " if torch.cuda.is_available() else ""


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
