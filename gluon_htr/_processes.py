"""Processes and cores: worker processes that never outlive their parent, and how MXNet and torch use the cores.

Both compute with libgomp, whose threads spin while they wait for each other. Beside data workers on the same cores,
this made training three (MXNet) to six (torch) times slower on two cores; with hardly any spinning, an idle machine is
no slower. MXNet also uses only half of the cores, since it takes the other half for hyper-threads. Its asynchronous
engine is switched off: a training step waits for its loss anyway, and the synchronous engine, without queues, does a
sixth more steps and always computes in the same order. Environment variables that the user has set are kept.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing.connection import wait

#: Advice where memory has run out.
SAVE_MEMORY = "use smaller batches (batch_size in the preset), fewer --workers, or a machine with more memory"


def cores() -> int:
    """Count the processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def share_cores() -> None:
    """Set the environment of libgomp and MXNet. Call it before mxnet or torch is imported."""
    os.environ.setdefault("MXNET_ENGINE_TYPE", "NaiveEngine")
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    if "OMP_NUM_THREADS" not in os.environ:
        os.environ.setdefault("MXNET_OMP_MAX_THREADS", str(cores()))


def quick_start() -> str:
    """Return the start method of short-lived workers: `fork`, with all imports done already, if that is safe.

    Forking is not safe for a process that has threads, also those of MXNet and torch, or on macOS, whose system
    libraries do not expect it.
    """
    is_safe = sys.platform == "linux" and threading.active_count() == 1 and not {"mxnet", "torch"} & sys.modules.keys()
    return "fork" if is_safe else "spawn"


def leave_with_parent() -> None:
    """Initialize a worker process: it ignores Ctrl-C, which the parent handles, and ends when the parent does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_watch, args=(parent.sentinel,), daemon=True).start()


def _watch(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
