"""Worker processes that never outlive their parent, and how many are worth starting."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing.connection import wait


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def quick_start() -> str:
    """How short-lived workers should start: forked, with all that is imported already, where that is safe.

    Forking a process with threads of its own, or with a system library that does not expect it (macOS), is not.
    """
    return "fork" if sys.platform == "linux" and threading.active_count() == 1 else "spawn"


def leave_with_parent() -> None:
    """Initialize a worker process: it ignores Ctrl-C, which is the parent's business, and ends when the parent does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_watch, args=(parent.sentinel,), daemon=True).start()


def _watch(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
