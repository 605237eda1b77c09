"""How MXNet's and torch's threads behave on cores that they share with others; to be called before either is imported.

Both compute with libgomp, whose threads spin while they wait for each other. Beside data workers on the same cores that
made training three (MXNet) to six (torch) times slower on two cores; with hardly any spinning, an idle machine is no
slower. MXNet also takes only half of the cores, for it believes the other half to be hyper-threads. Its asynchronous
engine is set aside: a training step waits for its loss anyway, and the synchronous one, without queues, does a sixth
more steps and always computes in the same order. What the user has set in the environment stands.
"""

from __future__ import annotations

import os


def share_cores() -> None:
    """Set what libgomp and MXNet read when they are loaded."""
    os.environ.setdefault("MXNET_ENGINE_TYPE", "NaiveEngine")
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    if "OMP_NUM_THREADS" not in os.environ:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        os.environ.setdefault("MXNET_OMP_MAX_THREADS", str(cores or 1))
