"""Training with MXNet's parameter server: scheduler, server and workers, started as a user does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from needs_mxnet import need_mxnet
from striped_lines import PRESET, striped_lines, wait_until
from support import PROJECT, command_environment, last_state, refusal

need_mxnet()


LAUNCHER = PROJECT / "scripts" / "launch_local.py"
EPOCHS = 17  # 51 steps


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return striped_lines(tmp_path)


def command_of(data: Path, output: str, workers: int, epochs: int, *more: str) -> list[str]:
    preset = data / "preset.toml"
    without_norms = PRESET.replace("channels =", 'norm = "none"\nchannels =')
    preset.write_text(without_norms.format(epochs=epochs), "utf-8")
    start = [str(LAUNCHER), "--kvstore", str(workers)] if workers > 1 else ["-m", "gluon_htr.train"]
    specs = [f"listing:{data}?split=train", f"listing:{data}?split=validation"]
    words = ["--config", str(preset), "--data", specs[0], "--validation", specs[1], "--output", str(data / output)]
    return [sys.executable, *start, *words, "--workers", "0", *more]


def train(data: Path, output: str, workers: int, epochs: int, *more: str) -> subprocess.CompletedProcess[str]:
    environment = command_environment(OMP_NUM_THREADS="1")
    command = command_of(data, output, workers, epochs, *more)
    return subprocess.run(command, capture_output=True, text=True, timeout=200, env=environment)


def test_two_workers_train_as_one(data: Path) -> None:
    """Each worker would train a network of its own, or wait for the others forever."""
    alone, together = (train(data, f"run{count}", count, EPOCHS) for count in (1, 2))
    assert alone.returncode == 0, alone.stderr
    assert together.returncode == 0, together.stderr
    assert together.stdout.count("CER") == 1, "the first worker speaks for both"
    first, second = (last_state(data / f"run{count}") for count in (1, 2))
    for key in first:
        np.testing.assert_allclose(second[key], first[key], atol=1e-5, err_msg=key)


@pytest.mark.long
def test_the_loss_of_one_worker_loses_no_training(data: Path) -> None:
    """MXNet's workers wait forever for one that has ended."""
    command = command_of(data, "run", 2, 4000)
    environment = command_environment(OMP_NUM_THREADS="1")
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as running:
        wait_until(lambda: (data / "run" / "checkpoints" / "best.params").exists())
        os.kill(_last_child(running.pid), signal.SIGKILL)
        _, errors = running.communicate(timeout=100)
    assert running.returncode == 1
    assert "a worker of this training has ended by SIGKILL; start it again with --resume" in errors
    resumed = train(data, "run", 1, 4000, "--resume", "--budget", "1s")
    assert resumed.returncode == 0, resumed.stderr
    assert "continues at step" in resumed.stderr


def _last_child(parent: int) -> int:
    return int(Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()[-1])


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--kvstore", "dist_async"], "use dist_sync"),
        (["--kvstore", "dist_sync", "--engine", "torch"], "needs --engine mxnet"),
        (["--kvstore", "dist_sync"], "scripts/launch_local.py --kvstore does so on this machine"),
    ],
)
def test_what_cannot_work_is_refused(words: list[str], reason: str, data: Path) -> None:
    """The process would wait for a scheduler that nobody started."""
    done = train(data, "run", 1, 4, *words)
    assert reason in refusal(done)
