"""Devices that train one run at a time: slots of the CPU, or GPUs.

A run always trains on `cpu` or on `gpu:0`. Which GPU that is, `CUDA_VISIBLE_DEVICES` decides in each process: a run
that was stopped may then continue on any of them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field

from .._processes import cores
from ..errors import UsageError

FREE_MEMORY = 0.1  # share of a free GPU's memory that may be in use: the display, or an idle context
FREE_LOAD = 10  # percent
QUERY = ["--query-gpu=index,uuid,memory.used,memory.total,utilization.gpu", "--format=csv,noheader,nounits"]
MAX_SLOTS = 1024


@dataclass(frozen=True)
class Slot:
    """A device. name: for people. device: as `train` names it. environment: added to that of the process."""

    name: str
    device: str
    threads: int
    environment: Mapping[str, str] = field(default_factory=dict)


def make_slots(devices: str) -> list[Slot]:
    """Make the slots of `gpu:0,gpu:1`, `gpu` (all that are free), `cpu,cpu`, `cpu*2`, or `auto`.

    `auto` is a slot for each free GPU, or else one of the CPU. Raises `UsageError` for what does not exist.
    """
    if devices == "auto":
        devices = "gpu" if free_gpus() else "cpu"
    names: list[str] = []
    for part in devices.split(","):
        if match := re.fullmatch(r"cpu(?:\*([1-9][0-9]{0,3}))?", part.strip()):
            names += ["cpu"] * int(match[1] or 1)
        elif part.strip() == "gpu":
            names += [f"gpu:{number}" for number in _some_free()]
        elif re.fullmatch(r"gpu:[0-9]{1,4}", part.strip()):
            names.append(part.strip())
        else:
            raise UsageError(f"--devices takes auto, cpu, cpu*2, gpu, or gpu:0,gpu:1, not {part!r}")
    if len({name[:3] for name in names}) > 1:
        raise UsageError("--devices takes CPUs or GPUs: results of both are not of one kind")
    names = names if names[0] == "cpu" else list(dict.fromkeys(names))
    if len(names) > MAX_SLOTS:
        raise UsageError(f"--devices takes at most {MAX_SLOTS}")
    asked = os.environ.get("OMP_NUM_THREADS", "")
    threads = int(asked) if asked.isdecimal() and int(asked) else max(1, cores() // len(names))
    if names[0] == "cpu":
        return [Slot(f"cpu {k + 1}" if len(names) > 1 else "cpu", "cpu", threads) for k in range(len(names))]
    return [Slot(name, "gpu:0", threads, _visible(int(name[4:]))) for name in names]


def _some_free() -> list[int]:
    free = free_gpus()
    if not free:
        raise UsageError("there is no free GPU here (nvidia-smi): name those to use, such as --devices gpu:0")
    return free


def _visible(number: int) -> dict[str, str]:
    """Return the environment in which a GPU is the only one."""
    known = visible_devices()
    if known is not None and number >= len(known):
        raise UsageError(f"there is no gpu:{number}: CUDA_VISIBLE_DEVICES has {len(known)} devices")
    order = {} if "CUDA_DEVICE_ORDER" in os.environ and known is not None else {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    return {"CUDA_VISIBLE_DEVICES": str(number) if known is None else known[number], **order}


def visible_devices() -> list[str] | None:
    """Return the devices that `CUDA_VISIBLE_DEVICES` allows, numbers or UUIDs; None if it is not set."""
    text = os.environ.get("CUDA_VISIBLE_DEVICES")
    return None if text is None else [part.strip() for part in text.split(",") if part.strip() not in ("", "-1")]


def free_gpus() -> list[int]:
    """Return the numbers of the GPUs that nobody uses, the emptiest first; none where nvidia-smi is missing."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    try:
        done = subprocess.run([tool, *QUERY], capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    known, found = visible_devices(), []
    for line in done.stdout.splitlines():
        index, uuid, *figures = (part.strip() for part in line.split(","))
        try:
            used, total, load = map(float, figures)
        except ValueError:  # "[N/A]", of a part of a GPU
            continue
        places = [int(index)] if known is None else [k for k, name in enumerate(known) if name in (index, uuid)]
        if used <= FREE_MEMORY * total and load <= FREE_LOAD:
            found += [(used / total, place) for place in places]
    return [place for _, place in sorted(found)]
