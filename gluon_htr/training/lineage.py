"""Where weights come from: all data that they have seen, on which terms, and all trainings, back to the first.

A run that starts from other weights writes down their lineage when it begins, since a bundle made of it is bound by the
terms of what those were trained on, too.
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
    """Data and trainings, the first ones first."""

    data: tuple[DataSource, ...] = ()
    stints: tuple[TrainingStage, ...] = ()

    def joined(self, later: Lineage) -> Lineage:
        """With what came after it; data that were used again are named once."""
        return Lineage(tuple(dict.fromkeys((*self.data, *later.data))), (*self.stints, *later.stints))


NOTHING = Lineage()


def known_data(request: Request) -> tuple[DataSource, ...]:
    """Return the data of a request; of a cache or records that are gone, nobody knows the origin any more."""
    return tuple(dict.fromkeys(map(_source, dict.fromkeys(request.data))))


def _source(spec: str) -> DataSource:
    try:
        name = public_name(spec)
    except CacheError:
        return DataSource("data that are gone", UNKNOWN_TERMS)
    return DataSource(name, known_terms(name))


def training_stage(folder: Path, request: Request, machine: str) -> TrainingStage:
    """Return what the run in `folder` has done so far, by its journal."""
    entries = [entry for entry in read_journal(folder) if "samples" in entry]
    samples, seconds = (entries[-1]["samples"], entries[-1]["elapsed"]) if entries else (0, 0.0)
    engine = f"{request.engine}, {request.precision}, {request.device}"
    return TrainingStage(samples, round(seconds / 3600, 3), engine, machine)


def this_machine(device: str = "cpu") -> str:
    """Processor and cores, after the accelerator where a training is on one."""
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
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
