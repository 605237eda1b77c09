"""Kill `gluon-htr transcribe` again and again, and compare its results with those of an undisturbed run.

    python benchmarks/kills.py scans/ work/ --parents 10 --workers 50 [--engine ray]

The parent process is killed at random moments and started again; so are its worker processes, with
`--engine ray` the actors. Linux only.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow
import pyarrow.parquet

ENVIRONMENT = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}


class Batch:
    """A folder of pages that is read by two workers of an engine.

    parents, workers: how many have been killed.
    """

    def __init__(self, pages: Path, output: Path, engine: str) -> None:
        self._command = [sys.executable, "-m", "gluon_htr", "transcribe", str(pages), "--output", str(output)]
        self._command += ["--workers", "2", "--engine", engine]
        self._engine = engine
        self._errors = output.with_suffix(".txt").open("ab")
        self.parents = self.workers = 0
        self._process = self._start()

    def ended(self) -> bool:
        """Return whether all pages were read, or given up."""
        return self._process.poll() in (0, 1)

    def wait(self) -> None:
        """Wait for the end."""
        self._process.wait()

    def kill_parent(self) -> None:
        """Kill the parent, and start it again."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
            self.parents += 1
            self._process = self._start()

    def kill_worker(self, random_: random.Random) -> None:
        """Kill a process that reads pages, if there is one."""
        found = [worker for child in children(self._process.pid) for worker in children(child) if self._reads(worker)]
        if found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(random_.choice(found), signal.SIGKILL)
                self.workers += 1

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command, env=ENVIRONMENT, stderr=self._errors)

    def _reads(self, process: int) -> bool:
        """Return whether a process below the server that forks, or below the raylet, is a worker."""
        if self._engine == "local":
            return True
        with contextlib.suppress(OSError):
            return Path(f"/proc/{process}/cmdline").read_bytes().startswith(b"ray::ReaderActor")
        return False


def children(process: int) -> list[int]:
    """Return the direct children of a process, whichever of its threads started them."""
    found: list[int] = []
    for thread in Path(f"/proc/{process}/task").glob("*/children"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            found += map(int, thread.read_text("ascii").split())
    return found


def disturb(batch: Batch, parents: int, workers: int, random_: random.Random) -> None:
    """Kill parents and workers until the batch has ended."""
    due = time.monotonic() + random_.uniform(0.5, 8)
    while not batch.ended():
        time.sleep(random_.uniform(0.2, 1.2))
        if batch.parents < parents and time.monotonic() > due:
            batch.kill_parent()
            due = time.monotonic() + random_.uniform(0.5, 8)
        elif batch.workers < workers:
            batch.kill_worker(random_)


def files(output: Path) -> dict[str, bytes]:
    """Return the results of pages."""
    return {str(path.relative_to(output)): path.read_bytes() for path in output.rglob("*.xml")}


def table(output: Path) -> pyarrow.Table:
    """Return the table without the times."""
    return pyarrow.parquet.read_table(output / "results.parquet").drop_columns(["seconds"])


def main() -> int:
    """Print what was killed, and whether the results are equal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", type=Path)
    parser.add_argument("work", type=Path, help="a new folder for both outputs")
    parser.add_argument("--parents", type=int, default=10)
    parser.add_argument("--workers", type=int, default=50)
    parser.add_argument("--engine", choices=("local", "ray"), default="local")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    calm, wild = options.work / "undisturbed", options.work / "disturbed"
    shutil.rmtree(options.work, ignore_errors=True)
    options.work.mkdir(parents=True)
    Batch(options.pages, calm, options.engine).wait()
    batch = Batch(options.pages, wild, options.engine)
    disturb(batch, options.parents, options.workers, random.Random(options.seed))
    same_files, same_rows = files(calm) == files(wild), table(calm).equals(table(wild))
    print(f"killed: {batch.parents} parents, {batch.workers} workers; {len(files(calm))} files equal: {same_files}")
    print(f"{table(calm).num_rows} rows equal: {same_rows}; left over: {[str(p) for p in wild.rglob('.*')]}")
    return 0 if same_files and same_rows else 1


if __name__ == "__main__":
    sys.exit(main())
