"""Simulate `gluon-htr transcribe` on many workers, from the times of pages that a real batch measured.

    python benchmarks/simulate_cluster.py output/journal.sqlite --parent-rate 3000

Every worker takes a page, waits for its image (log-normal latency of an object store), and reads it for a time drawn
from the journal. Machines fail as a Poisson process; a failed worker loses its page, which is read again, and comes
back after a restart. One parent process gives out pages and records answers, at no more than its measured rate. What
limits a batch is then the slowest page at its end, failures, or the parent.
"""

from __future__ import annotations

import argparse
import heapq
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Cluster:
    """What is assumed, and what was measured."""

    #: Of pages, measured.
    seconds: np.ndarray
    #: Answers per second that the parent records, measured.
    parent_rate: float
    #: Seconds until an image arrives: median, and standard deviation of its logarithm.
    latency: float
    spread: float
    #: Mean hours between failures of a worker, and the seconds until it is back.
    hours_between_failures: float
    restart: float


def simulate(cluster: Cluster, pages: int, workers: int, seed: int = 0) -> tuple[float, float, int]:
    """Return the hours that a batch takes, the mean share of workers that read, and how many pages were read again."""
    random = np.random.default_rng(seed)
    failure = cluster.hours_between_failures * 3600
    drawn = iter(())  # of times of pages
    free = [(0.0, worker) for worker in range(workers)]
    fails = random.exponential(failure, workers)
    heapq.heapify(free)
    left, again, busy, parent, end = pages, 0, 0.0, 0.0, 0.0
    while left:
        now, worker = heapq.heappop(free)
        parent = max(parent, now) + 1 / cluster.parent_rate
        took = next(drawn, None)
        if took is None:
            latency = random.lognormal(np.log(cluster.latency), cluster.spread, 100_000)
            drawn = iter((random.choice(cluster.seconds, 100_000) + latency).tolist())
            took = next(drawn)
        done = parent + took
        if done > fails[worker]:
            again += 1
            back = max(fails[worker], parent) + cluster.restart
            fails[worker] = back + random.exponential(failure)
            heapq.heappush(free, (back, worker))
            continue
        left -= 1
        busy += took
        end = max(end, done)
        heapq.heappush(free, (done, worker))
    return end / 3600, busy / (end * workers), again


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("journal", type=Path)
    parser.add_argument("--parent-rate", type=float, required=True, help="as benchmarks/transcribe.py measures it")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 10, 100, 300, 1000])
    parser.add_argument("--pages", type=int, default=1_000_000)
    parser.add_argument("--latency", type=float, default=0.15, help="median seconds until an image arrives")
    parser.add_argument("--price", type=float, default=0.04, help="of a worker's core, per hour")
    options = parser.parse_args()
    with sqlite3.connect(f"file:{options.journal}?mode=ro", uri=True) as database:
        query = "SELECT seconds FROM page WHERE state = 'done'"
        seconds = np.array([row[0] for row in database.execute(query)])
    slowest = np.percentile(seconds, 99)
    print(f"{len(seconds)} pages measured: {seconds.mean():.2f} s on average, {slowest:.2f} s at 99 %")
    cluster = Cluster(seconds, options.parent_rate, options.latency, 0.5, 200.0, 60.0)
    print("| workers | hours for a million | pages/s | workers reading | read again | core hours | price |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for workers in options.workers:
        pages = min(options.pages, 2000 * workers)  # of which the rest follows: the rate is steady long before
        hours, share, again = simulate(cluster, pages, workers)
        whole = hours * options.pages / pages
        cores = whole * workers
        rate = options.pages / whole / 3600
        print(
            f"| {workers:,} | {whole:,.1f} | {rate:,.1f} | {share:.0%} | {again / pages:.3%} | {cores:,.0f} "
            f"| {cores * options.price:,.0f} |"
        )


if __name__ == "__main__":
    main()
