"""Ends of a command: pipes, signals, full devices; and what it prints then."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from support import command_environment

from gluon_htr import _command


def test_sigterm_ends_a_command_as_ctrl_c_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Docker and Slurm would leave temporary files behind, and a status that says nothing."""
    removed = []

    def work(arguments: Sequence[str] | None) -> int:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
        finally:
            removed.append(True)
        return 0

    before = signal.getsignal(signal.SIGTERM)
    assert _command.main(work) == 143
    assert (removed, capsys.readouterr().err) == ([True], "terminated\n")
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_training_collects_what_asks_it_to_stop(number: signal.Signals) -> None:
    """It would end within a step, or with a status that does not tell by what."""

    def work(arguments: Sequence[str] | None) -> int:
        with _command.stop_requests() as requests:
            os.kill(os.getpid(), number)
            return requests[0]

    assert _command.main(work) == number


def test_a_worker_that_is_ended_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    """Each worker of a pool would print a traceback."""

    def work(arguments: Sequence[str] | None) -> int:
        ready, started = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(started, b".")
            time.sleep(5)
            os._exit(0)
        os.read(ready, 1)
        os.close(ready)
        os.close(started)
        os.kill(child, signal.SIGTERM)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    assert _command.main(work) == -signal.SIGTERM
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("arguments", ["--help", "predict --help", "models"])
def test_a_closed_pipe_is_no_error(arguments: str) -> None:
    """`gluon-htr --help | true` ended with a traceback."""
    program = f"{sys.executable} -m gluon_htr {arguments} | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, env=command_environment())
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_device_is_one_line() -> None:
    """Python would speak of it after the command had reported success."""
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "gluon_htr", "--help"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=command_environment(),
        )
    assert done.returncode == 2
    assert done.stderr.splitlines()[0].startswith("error: the disk is full")


def test_without_shared_memory_the_message_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """`Read-only file system` told nobody what is missing."""
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert "docker run --shm-size" in _command.explain(OSError(30, "Read-only file system"))
    assert _command.explain(OSError(2, "No such file or directory", "a.png")) == "a.png: No such file or directory"
