"""Processes that train one network together, started by torchrun as a user does."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from striped_lines import PRESET, striped_lines, wait_until
from support import command_environment, last_state

pytest.importorskip("torch")

from gluon_htr.bundles.run_folder import is_run
from gluon_htr.training.journal import read_journal
from gluon_htr.training.ordered import BatchPosition, OrderedBatches
from gluon_htr.training.team import Team

pytestmark = pytest.mark.torch


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return striped_lines(tmp_path)


def train(data: Path, output: str, processes: int, epochs: int = 4, *more: str) -> subprocess.CompletedProcess[str]:
    command = command_of(data, output, processes, epochs, *more)
    environment = command_environment(OMP_NUM_THREADS="1")
    return subprocess.run(command, capture_output=True, text=True, timeout=200, env=environment)


def command_of(data: Path, output: str, processes: int, epochs: int, *more: str) -> list[str]:
    preset = data / f"preset-{epochs}.toml"
    preset.write_text(PRESET.format(epochs=epochs), "utf-8")
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    started = start if processes > 1 else [sys.executable]
    specs = [f"listing:{data}?split=train", f"listing:{data}?split=validation"]
    words = ["--config", str(preset), "--data", specs[0], "--validation", specs[1], "--output", str(data / output)]
    return [*started, "-m", "gluon_htr.train", *words, "--engine", "torch", "--workers", "0", *more]


def test_two_processes_train_as_one(data: Path) -> None:
    """Several GPUs would give another model than one, and whoever tuned a training on one would start again."""
    alone, together = (train(data, f"run{count}", count) for count in (1, 2))
    assert alone.returncode == 0, alone.stderr
    assert together.returncode == 0, together.stderr
    assert together.stdout.count("CER") == 1, "the first process speaks for both"
    one, two = (last_state(data / f"run{count}") for count in (1, 2))
    assert one.keys() == two.keys()
    for key in one:
        np.testing.assert_allclose(two[key], one[key], rtol=1e-5, atol=1e-5, err_msg=key)
    first, second = ([e for e in read_journal(data / f"run{count}") if e["event"] == "validation"] for count in (1, 2))
    assert [entry["samples"] for entry in first] == [entry["samples"] for entry in second]
    assert [entry["cer"] for entry in first] == [entry["cer"] for entry in second]
    scores = [json.loads((data / f"run{count}" / "scores.json").read_text()) for count in (1, 2)]
    assert scores[0]["cer"] == scores[1]["cer"]


def test_the_loss_of_one_process_loses_no_training(data: Path) -> None:
    """A night on two machines would be lost with one of them."""
    environment = command_environment(OMP_NUM_THREADS="1")
    command = command_of(data, "run", 2, 4000)
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as running:
        follower = _process_of(running.pid, rank=1)
        wait_until(lambda: (data / "run" / "checkpoints" / "best.params").exists())
        os.kill(follower, signal.SIGKILL)
        _, errors = running.communicate(timeout=100)
    assert running.returncode != 0
    assert is_run(data / "run")
    done = read_journal(data / "run")[-1]["step"]
    assert done > 0
    assert "continue with --resume" in errors or "stopping after this step" in errors
    resumed = train(data, "run", 2, 4000, "--resume", "--budget", "1s")
    assert resumed.returncode == 0, resumed.stderr
    step = re.search(r"continues at step (\d+)", resumed.stderr)
    assert step
    assert int(step[1]) > 0


def _process_of(parent: int, rank: int) -> int:
    """The process of a rank below torchrun."""

    def children() -> list[int]:
        path = Path(f"/proc/{parent}/task/{parent}/children")
        return [int(pid) for pid in path.read_text().split()] if path.exists() else []

    def ranks() -> dict[str, int]:
        found = {}
        for pid in children():
            variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            for variable in variables:
                if variable.startswith(b"RANK="):
                    found[variable.decode()] = pid
        return found

    wait_until(lambda: f"RANK={rank}" in ranks())
    return ranks()[f"RANK={rank}"]


class _Recorder:
    """A maker that returns the positions."""

    def __init__(self, pixels: np.ndarray) -> None:
        pass

    def make(self, positions: np.ndarray, epoch: int) -> list[int]:
        return positions.tolist()


@pytest.mark.parametrize(("samples", "size"), [(7, 2), (8, 4), (3, 4), (1, 3)])
def test_the_parts_of_a_batch_make_the_whole(samples: int, size: int) -> None:
    """Samples would be trained on twice, or never; small last batches would stop a process."""

    def of(rank: int) -> tuple[list[int], float]:
        team = Team()
        team.rank, team.size = rank, size
        batches = OrderedBatches(np.zeros(1, np.uint8), _Recorder, lambda epoch: [np.arange(samples)], 0, team)
        _, positions, part = next(batches.stream(BatchPosition()))
        assert positions.tolist() == list(range(samples))
        return part.made, part.weight

    parts = [of(rank) for rank in range(size)]
    weighted = [position for made, weight in parts if weight for position in made]
    assert sorted(weighted) == list(range(samples))
    assert all(made for made, _ in parts), "every process has something to compute"
    assert sum(weight for _, weight in parts) == pytest.approx(size), "the mean over the processes is that of the batch"
