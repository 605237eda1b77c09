"""Processes that train one network together: a single one, or all that `torchrun` or a launcher of MXNet started.

Every process runs the same loop on its part of each batch. Gradients are averaged over all of them (PyTorch's
DistributedDataParallel, Li et al. 2020), so that the weights stay equal. The first process alone writes files and
messages. All of them must see the run's folder.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from ..errors import TeamError

T = TypeVar("T")


class Team:
    """A training in one process. rank: number of this process. size: number of all."""

    rank, size = 0, 1

    @property
    def is_leader(self) -> bool:
        """Whether this process writes files and messages."""
        return self.rank == 0

    def part(self, positions: np.ndarray) -> tuple[np.ndarray, float]:
        """Choose this process' samples of a batch, and their weight: their number, per mean number of all processes.

        If there are fewer samples than processes, some get one of another process, with the weight 0.
        """
        own = positions[self.rank :: self.size]
        return (own, len(own) * self.size / len(positions)) if len(own) else (positions[:1], 0.0)

    def total(self, values: Sequence[float]) -> list[float]:
        """Sum each value over all processes."""
        return list(values)

    def sum(self, values: Any, name: str) -> Any:
        """Sum an array of the engine (n,) over all processes, where engines do not do so themselves."""
        return values

    def gathered(self, own: T) -> list[T]:
        """Return the values of all processes, in their order."""
        return [own]

    def shared(self, own: Sequence[T]) -> list[T]:
        """Return the results of all processes, which had every `size`-th task each, in the order of the tasks."""
        parts = self.gathered(list(own))
        return [parts[k % self.size][k // self.size] for k in range(sum(map(len, parts)))]

    def wait(self) -> None:
        """Return once all processes have come here."""

    def leave(self) -> None:
        """End the connection to the other processes, once all have come here."""


ALONE = Team()


class TorchTeam(Team):
    """Processes that `torchrun` started. Its operations raise `TeamError` if another process has ended."""

    def __init__(self, device: str) -> None:
        from .._torch import torch

        self._distributed: Any = torch.distributed
        self._device = torch.device(device.replace("gpu", "cuda"))
        if self._device.type == "cuda" and ":" not in device:  # then engines use the current one, too
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
        if not self._distributed.is_initialized():
            self._distributed.init_process_group("gloo" if self._device.type == "cpu" else "nccl")
        self.rank, self.size = self._distributed.get_rank(), self._distributed.get_world_size()
        self._tensor, self._float = torch.tensor, torch.float64

    def total(self, values: Sequence[float]) -> list[float]:
        tensor = self._tensor(list(values), dtype=self._float, device=self._device)
        self._checked(self._distributed.all_reduce, tensor)
        return [float(value) for value in tensor.tolist()]

    def gathered(self, own: T) -> list[T]:
        everyone: list[Any] = [None] * self.size
        self._checked(self._distributed.all_gather_object, everyone, own)
        return everyone

    def wait(self) -> None:
        self._checked(self._distributed.barrier)

    def _checked(self, operation: Any, *arguments: Any) -> None:
        try:
            operation(*arguments)
        except RuntimeError as error:
            raise TeamError(lost(error)) from None


def is_lost(error: RuntimeError) -> bool:
    """Test whether an error comes from the connection to other processes, and not from this one."""
    return type(error).__name__.startswith("Dist") or re.search("gloo|nccl|by peer", str(error), re.I) is not None


def lost(error: Exception) -> str:
    """Explain that processes cannot reach each other any more."""
    reason = " ".join(str(error).split())[:160]
    return f"another process of this training has ended or cannot be reached; continue with --resume ({reason})"
