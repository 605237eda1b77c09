#!/usr/bin/env python3
"""Train with several processes on this machine, as they would run on several machines.

    scripts/launch_local.py --kvstore 2 --engine mxnet --data iam: --output runs/iam
    scripts/launch_local.py --torch 2 --engine torch --data iam: --output runs/iam

`--kvstore N` starts a scheduler, a parameter server and N workers of MXNet, with the environment that its launchers
set (`DMLC_ROLE` and others; on several machines, use the launchers of dmlc-core or of your cluster). `--torch N` is
torchrun. All other words are those of `gluon-htr train`. If a process ends early, the others are ended.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time

GRACE = 10.0  # seconds between SIGTERM and SIGKILL
TRAIN = ["-m", "gluon_htr.train"]


def kvstore(workers: int, words: list[str]) -> int:
    """Start the processes of MXNet, and wait for the workers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    shared = {
        **os.environ,
        "DMLC_PS_ROOT_URI": "127.0.0.1",
        "DMLC_PS_ROOT_PORT": str(port),
        "DMLC_NUM_WORKER": str(workers),
        "DMLC_NUM_SERVER": "1",
        "DMLC_NODE_HOST": "127.0.0.1",
    }
    command = [sys.executable, *TRAIN, "--kvstore", "dist_sync", *words]
    roles = ["scheduler", "server", *["worker"] * workers]
    processes = [subprocess.Popen(command, env={**shared, "DMLC_ROLE": role}) for role in roles]
    try:
        return _watched(dict(zip(processes, roles)))
    finally:
        _end(processes)


def _watched(roles: dict[subprocess.Popen[bytes], str]) -> int:
    """Wait until all workers have ended well, or one process has not."""
    while True:
        for process, role in roles.items():
            if status := process.poll():
                why = f"by {signal.Signals(-status).name}" if status < 0 else f"with exit status {status}"
                print(
                    f"error: a {role} of this training has ended {why}; start it again with --resume", file=sys.stderr
                )
                return 1
        if all(process.poll() == 0 for process, role in roles.items() if role == "worker"):
            return 0
        time.sleep(0.1)


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
    end = time.monotonic() + GRACE
    for process in processes:
        try:
            process.wait(max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def main() -> int:
    """Parse the arguments and start the processes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kind = parser.add_mutually_exclusive_group(required=True)
    kind.add_argument("--kvstore", type=int, metavar="N", help="workers of MXNet's parameter server")
    kind.add_argument("--torch", type=int, metavar="N", help="processes of torchrun")
    options, words = parser.parse_known_args()
    if options.kvstore:
        return kvstore(options.kvstore, words)
    start = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={options.torch}"]
    return subprocess.run([sys.executable, *start, *TRAIN, *words], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
