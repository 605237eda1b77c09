"""Kill `gluon-htr transcribe` again and again, and compare its results with those of an undisturbed run.

    python benchmarks/kills.py scans/ work/ --parents 10 --workers 50

The parent process is killed at random moments and started again; so are its worker processes. Linux only.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pyarrow
import pyarrow.parquet

ENVIRONMENT = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}


def start(pages: Path, output: Path) -> subprocess.Popen[bytes]:
    """Start a batch with two workers."""
    command = [sys.executable, "-m", "gluon_htr", "transcribe", str(pages), "--output", str(output), "--workers", "2"]
    return subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.DEVNULL)


def children(process: int) -> list[int]:
    """Return the direct children of a process, whichever of its threads started them."""
    found: list[int] = []
    for thread in Path(f"/proc/{process}/task").glob("*/children"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            found += map(int, thread.read_text("ascii").split())
    return found


def workers_of(process: int) -> list[int]:
    """Return the processes that read pages: those below the server that forks them."""
    return [worker for child in children(process) for worker in children(child)]


def disturbed(pages: Path, output: Path, parents: int, workers: int, random_: random.Random) -> tuple[int, int]:
    """Run a batch to its end, with kills. Return how many parents and workers were killed."""
    killed_parents, killed_workers = 0, 0
    process = start(pages, output)
    due = time.monotonic() + random_.uniform(0.5, 12)
    while process.poll() not in (0, 1):
        time.sleep(random_.uniform(0.3, 3))
        if killed_parents < parents and time.monotonic() > due and process.poll() is None:
            process.kill()
            process.wait()
            killed_parents += 1
            process, due = start(pages, output), time.monotonic() + random_.uniform(0.5, 12)
        elif killed_workers < workers and (found := workers_of(process.pid)):
            try:
                os.kill(random_.choice(found), 9)
                killed_workers += 1
            except ProcessLookupError:
                pass
    return killed_parents, killed_workers


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
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    calm, wild = options.work / "undisturbed", options.work / "disturbed"
    shutil.rmtree(options.work, ignore_errors=True)
    options.work.mkdir(parents=True)
    start(options.pages, calm).wait()
    killed = disturbed(options.pages, wild, options.parents, options.workers, random.Random(options.seed))
    same_files, same_rows = files(calm) == files(wild), table(calm).equals(table(wild))
    print(f"killed: {killed[0]} parents, {killed[1]} workers; {len(files(calm))} files equal: {same_files}")
    print(f"{table(calm).num_rows} rows equal: {same_rows}; left over: {[str(p) for p in wild.rglob('.*')]}")
    return 0 if same_files and same_rows else 1


if __name__ == "__main__":
    sys.exit(main())
