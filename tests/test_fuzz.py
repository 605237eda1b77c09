"""Hundreds of damaged inputs of every kind: each is one line or a result, in bounded time and memory.

`benchmarks/fuzz.py` tries many more; it makes and tries them in processes of their own.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from needs_mxnet import need_mxnet
from support import PROJECT, command_environment

need_mxnet()  # it trains a run to damage
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="peaks of memory are read from /proc")

COUNT = 30
INPUTS = {"images": 20 * COUNT, "bundles": 2 * COUNT}
KINDS = [
    *INPUTS, "records", "caches", "params", "checkpoints", "runs", "alphabets", "presets", "page", "alto", "iam",
    "listings", "languages",
]  # fmt: skip


def test_whatever_is_damaged_is_an_error_or_a_result(tmp_path: Path) -> None:
    """A stranger's file would crash who tries it, or eat the memory; a server would die of an upload."""
    command = [sys.executable, "-W", "ignore", str(PROJECT / "benchmarks" / "fuzz.py"), "--count", str(COUNT)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=280, env=command_environment(TMPDIR=str(tmp_path))
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    found = {
        line[1]: list(map(int, line.groups()[1:]))
        for line in re.finditer(r"^(\w+) +(\d+) inputs: (\d+) results, (\d+) errors, (\d+) faults", done.stdout, re.M)
    }
    assert list(found) == KINDS
    for kind, (inputs, results, errors, faults) in found.items():
        assert inputs == INPUTS.get(kind, COUNT)
        assert results + errors == inputs
        assert faults == 0
        assert results, kind
        if kind != "iam":  # its readers leave out the line, and go on
            assert errors, kind  # else the damage does no harm, and nothing was tested


def test_what_would_kill_the_process_is_noticed(tmp_path: Path) -> None:
    """A search for faults that finds none may not be able to."""
    command = [sys.executable, "-W", "ignore", str(PROJECT / "benchmarks" / "fuzz.py"), "presets", "--count", "4"]
    broken = tmp_path / "sitecustomize.py"
    broken.write_text(
        "import gluon_htr.networks.presets as presets, os\n"
        "whole = presets.load_preset\n"
        "presets.load_preset = lambda path: os.abort() if str(path).endswith('damaged/preset.toml') else whole(path)\n",
        "utf-8",
    )
    environment = command_environment(TMPDIR=str(tmp_path), PYTHONPATH=str(tmp_path))
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, env=environment)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "4 faults" in done.stdout
    assert "presets 2: the process ended with -6" in done.stdout
