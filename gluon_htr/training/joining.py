"""How a process finds out that it trains with others: from the environment that `torchrun` or MXNet's launchers set."""

from __future__ import annotations

import os
from collections.abc import Callable

from ..errors import UsageError
from .team import ALONE, Team, TorchTeam

KVSTORE_ENGINE = "ThreadedEngine"  # of MXNet: its synchronous one cannot send


def join_team(engine: str, device: str, kvstore: str | None, say: Callable[[str], None]) -> Team:
    """Join the processes that `torchrun` started, if it did; with `kvstore`, those of a launcher of MXNet.

    Without a number, `gpu` becomes the device of the process' number on its host. say: prints a message for the user.
    Raises `UsageError` for another engine, and for a KVStore without the variables of a launcher.
    """
    if kvstore is not None:
        return _join_kvstore(engine, kvstore, say)
    if int(os.environ.get("WORLD_SIZE", "1")) < 2 or "RANK" not in os.environ:
        return ALONE
    if engine != "torch":
        raise UsageError("torchrun needs --engine torch")
    return TorchTeam(device)


def serve_kvstore() -> None:
    """Be a parameter server or the scheduler, if a launcher of MXNet started this process as one; never return then."""
    if os.environ.get("DMLC_ROLE") in ("server", "scheduler"):
        os.environ.setdefault("MXNET_ENGINE_TYPE", KVSTORE_ENGINE)
        from .._mxnet import mx  # serves while it is imported, and ends the process

        raise UsageError(f"mxnet {mx.__version__} has no parameter server")


def _join_kvstore(engine: str, kvstore: str, say: Callable[[str], None]) -> Team:
    if kvstore != "dist_sync":
        raise UsageError(f"--kvstore {kvstore} is not known: use dist_sync, whose result does not depend on chance")
    if engine != "mxnet":
        raise UsageError("--kvstore needs --engine mxnet; torch trains on several machines with torchrun")
    if os.environ.get("DMLC_ROLE") != "worker":
        raise UsageError(
            "--kvstore is for processes that a launcher started, with a scheduler and servers: "
            "scripts/launch_local.py --kvstore does so on this machine"
        )
    os.environ.setdefault("MXNET_ENGINE_TYPE", KVSTORE_ENGINE)
    from .kvstore import KVStoreTeam

    return KVStoreTeam(say)
