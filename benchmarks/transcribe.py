"""Throughput of `gluon-htr transcribe`: workers against one, Ray against local, and what the parent process costs.

    python benchmarks/transcribe.py scans/ --workers 1 2 --engines local ray

Each figure is a ratio within one run; repeat on an idle machine. Memory is that of the parent process.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from gluon_htr.transcription.journal import Journal
from gluon_htr.transcription.tasks import PageRead, Row, Source


def pages_per_second(pages: Path, output: Path, engine: str, workers: int) -> tuple[float, list[float]]:
    """Return the rate between the first page and the last, and the resident memory of the parent in MB over time."""
    command = [sys.executable, "-m", "gluon_htr", "transcribe", str(pages), "--output", str(output)]
    command += ["--engine", engine, "--workers", str(workers)]
    times: list[tuple[float, int]] = []
    memory: list[float] = []
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            time.sleep(0.1)
            times.append((time.perf_counter(), recorded(output)))
            memory.append(resident(process.pid))
    started = next(k for k, (_, count) in enumerate(times) if count)
    ended = next(k for k, (_, count) in enumerate(times) if count == times[-1][1])
    (began, first), (end, last) = times[started], times[ended]
    return (last - first) / (end - began), memory[:: max(1, len(memory) // 10)]


def recorded(output: Path) -> int:
    """Count the pages in the journal."""
    try:
        with sqlite3.connect(f"file:{output / 'journal.sqlite'}?mode=ro", uri=True) as database:
            return int(database.execute("SELECT COUNT(*) FROM page WHERE state = 'done'").fetchone()[0])
    except sqlite3.Error:
        return 0


def resident(process: int) -> float:
    """Return the resident memory of a process in MB."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) / 1000 for line in status.splitlines() if line.startswith("VmRSS"))
    except (OSError, StopIteration):
        return 0.0


def parent_rate(folder: Path, pages: int = 5000) -> float:
    """Return how many pages per second the parent process records: no cluster is faster than that."""
    rows = tuple(Row("region_1", f"line_{k}", "and nobody came to the house", 0.9, (1, 2) * 12) for k in range(30))
    with Journal(folder / "journal.sqlite") as journal:
        journal.add(Source(f"s3://box/{k:08}.jpg", f"{k:08}") for k in range(pages))
        began = time.perf_counter()
        for task in journal.waiting():
            journal.record_read(task, PageRead(1, rows, 1.0, "0" * 64))
        return pages / (time.perf_counter() - began)


def start_seconds(folder: Path, pages: int = 100_000) -> float:
    """Return how long a listing of that many pages takes until the first page is given to a worker."""
    listing = folder / "listing.txt"
    listing.write_text("".join(f"missing/{k:08}.jpg\n" for k in range(pages)), encoding="utf-8")
    command = [sys.executable, "-m", "gluon_htr", "transcribe", str(listing), "--output", str(folder / "listed")]
    began = time.perf_counter()
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        threading.Timer(120, process.kill).start()
        for line in process.stderr:
            if "does not exist" in line:
                break
        seconds = time.perf_counter() - began
        process.kill()
    return seconds


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", type=Path, help="folder of pages")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--engines", nargs="+", default=["local"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        print(f"the parent process records {parent_rate(folder):,.0f} pages/s")
        print(f"a listing of 100,000 pages starts within {start_seconds(folder):.1f} s")
        first = None
        for engine in options.engines:
            for workers in options.workers:
                rate, memory = pages_per_second(options.pages, folder / f"{engine}{workers}", engine, workers)
                first = first or rate
                flat = f"memory {statistics.median(memory):.0f} MB, at most {max(memory):.0f}"
                print(f"{engine}, {workers} workers: {rate:.2f} pages/s, {rate / first:.2f} times the first; {flat}")


if __name__ == "__main__":
    main()
