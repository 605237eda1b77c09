#!/usr/bin/env python3
"""What unlabeled characters gain where few have labels: trainings with and without them, for the same time.

    benchmarks/few_labels.py WORK [--seeds 5] [--budget 600s]

A seed draws the labels, for both alike. Its two trainings run side by side with a thread each, so that they have
the same machine. A run that was stopped goes on. The test part is scored in the end only.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
from pathlib import Path

QUANTILES = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365, 9: 2.306, 10: 2.262}  # t, 97.5 %


def main() -> None:
    """Print a table of the seeds, and the mean of the differences with its 95 % interval."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--seeds", type=int, default=5, choices=QUANTILES)
    parser.add_argument("--labels", default="10", help="labeled characters of each class")
    parser.add_argument("--budget", default="600s", help="time of each training")
    parser.add_argument("--engine", default="torch")
    parser.add_argument("--data", default="emnist:data/emnist?split=train")
    parser.add_argument("--test", default="emnist:data/emnist?split=test")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    rows = []
    for seed in range(1, options.seeds + 1):
        trainings = [start(options, seed, unlabeled) for unlabeled in (False, True)]
        for training in trainings:
            if training.wait():
                sys.exit(f"a training failed: see {options.work}")
        rows.append([accuracy(options, run_folder(options, seed, unlabeled)) for unlabeled in (False, True)])
        print(f"seed {seed}: {rows[-1][0]:.1f} % without, {rows[-1][1]:.1f} % with unlabeled characters", flush=True)
    without, unlabeled = (statistics.mean(row[k] for row in rows) for k in (0, 1))
    gains = [row[1] - row[0] for row in rows]
    margin = QUANTILES[len(gains)] * statistics.stdev(gains) / math.sqrt(len(gains))
    print(
        f"mean: {without:.1f} % without, {unlabeled:.1f} % with them: {unlabeled - without:+.1f} ± {margin:.1f} points"
    )


def run_folder(options: argparse.Namespace, seed: int, unlabeled: bool) -> Path:
    """Return the folder of a training."""
    return Path(options.work / f"{'unlabeled' if unlabeled else 'labeled'}-{seed}")


def start(options: argparse.Namespace, seed: int, unlabeled: bool) -> subprocess.Popen[bytes]:
    """Start a training, or continue it."""
    folder = run_folder(options, seed, unlabeled)
    command = [*GLUON_HTR, "train", "--preset", "chars-gan", "--engine", options.engine, "--threads", "1"]
    command += ["--precision", "auto"] if options.engine == "torch" else []
    command += ["--labels-per-class", options.labels, "--data", options.data, "--seed", str(seed)]
    command += ["--unlabeled", options.data] if unlabeled else []
    command += ["--output", str(folder), "--budget", options.budget, "--resume"]
    with folder.with_suffix(".log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, env=ONE_THREAD)


def accuracy(options: argparse.Namespace, run: Path) -> float:
    """Score a trained network on the test part, in percent."""
    command = [
        *GLUON_HTR,
        "evaluate",
        "--model",
        str(run),
        "--data",
        options.test,
        "--engine",
        options.engine,
        "--json",
    ]
    card = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return 100 * float(card["accuracy"]["value"])


GLUON_HTR = [sys.executable, "-m", "gluon_htr"]
ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1"}

if __name__ == "__main__":
    main()
