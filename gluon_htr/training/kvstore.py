"""Processes that train one network together with MXNet's parameter server, KVStore (Li et al., OSDI 2014).

`dist_sync` without an optimizer on the servers adds up what all workers push, so that a push and a pull are a sum over
all workers. Everything that they exchange is made of this.
"""

from __future__ import annotations

import os
import pickle
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from .._mxnet import mx
from .team import Team

T = TypeVar("T")
PATIENCE = 600.0  # seconds that a worker waits for the others: one that has ended never comes
_LENGTHS = "lengths"


class KVStoreTeam(Team):
    """Processes that have the environment of MXNet's launchers (`DMLC_ROLE`, `DMLC_PS_ROOT_URI`, …).

    A process that waits for the others for ten minutes says so and ends: MXNet itself waits forever. say: prints that.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._store = mx.kv.create("dist_sync")
        self.rank, self.size = self._store.rank, self._store.num_workers
        self._known: set[str] = set()
        self._waiting_since: float | None = None
        threading.Thread(target=self._watch, daemon=True).start()

    def sum(self, values: mx.nd.NDArray, name: str) -> mx.nd.NDArray:
        """Sum an array (n,) over all processes. name: the same in all of them, and always of the same size."""
        self._waiting_since = time.monotonic()
        if name not in self._known:
            self._store.init(name, mx.nd.zeros(values.shape))
            self._known.add(name)
        self._store.push(name, values)
        total = mx.nd.empty(values.shape)
        self._store.pull(name, out=total)
        total.wait_to_read()
        self._waiting_since = None
        return total

    def total(self, values: Sequence[float]) -> list[float]:
        return np.sum(self.gathered(list(values)), axis=0).tolist()  # type: ignore[no-any-return]

    def gathered(self, own: T) -> list[T]:
        content = np.frombuffer(pickle.dumps(own), np.uint8)
        lengths = np.zeros(self.size, np.float32)
        lengths[self.rank] = len(content)
        lengths = self.sum(mx.nd.array(lengths), _LENGTHS).asnumpy()
        room = 1 << int(lengths.max() - 1).bit_length()
        parts = np.zeros((self.size, room), np.float32)
        parts[self.rank, : len(content)] = content
        parts = self.sum(mx.nd.array(parts.ravel()), f"bytes{room}").asnumpy().reshape(self.size, room)
        pieces = (part[: int(length)].astype(np.uint8).tobytes() for part, length in zip(parts, lengths))
        return [pickle.loads(piece) for piece in pieces]  # noqa: S301 - written by processes of this training

    def wait(self) -> None:
        self.sum(mx.nd.zeros(1), "barrier")

    def leave(self) -> None:
        self.wait()
        mx.nd.waitall()
        del self._store  # ends the connection, which MXNet does not at the end of a process

    def _watch(self) -> None:
        while True:
            time.sleep(1)
            since = self._waiting_since
            if since is not None and time.monotonic() - since > PATIENCE:
                self._say(
                    f"error: another process of this training has ended, or has not answered for {PATIENCE:.0f} s; "
                    "start all of them again with --resume"
                )
                os._exit(1)  # the main thread waits inside MXNet
