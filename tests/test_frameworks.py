"""Errors of MXNet and torch: one line of our own, without a traceback of their C++ parts."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from needs_mxnet import need_mxnet
from support import command_environment

from gluon_htr import _command
from gluon_htr.errors import HtrError, MemoryLimitError, StorageError, TrainingError

mx = need_mxnet()

from gluon_htr._mxnet import own_errors, translated
from gluon_htr.networks.presets import load_preset
from gluon_htr.networks.recognizer import build, export_pair


def test_a_pair_is_written_as_mxnet_writes_it(tmp_path):
    """Graphs and weights of MXNet Gluon itself would differ from those of our runs."""
    network = build(load_preset("words"), classes=20, seed=1)
    export_pair(network, tmp_path / "ours")
    network.export(str(tmp_path / "model"))
    assert (tmp_path / "ours" / "symbol.json").read_bytes() == (tmp_path / "model-symbol.json").read_bytes()
    assert (tmp_path / "ours" / "model.params").read_bytes() == (tmp_path / "model-0000.params").read_bytes()


def test_what_mxnet_finds_wrong_is_one_line():
    """A traceback of C++ files would be printed, with a request to report a defect."""
    with pytest.raises(TrainingError) as error, own_errors():
        mx.nd.dot(mx.nd.zeros((2, 3)), mx.nd.zeros((4, 5))).asnumpy()
    told = str(error.value)
    assert told.startswith("MXNet failed: ")
    assert "\n" not in told
    assert "Traceback" not in told
    assert "dot" in told.lower() or "shape" in told.lower() or "2" in told


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("std::bad_alloc", MemoryLimitError),
        (
            'Traceback (most recent call last):\n  File "a.cc", line 1\nMXNetError: Memory allocate failed',
            MemoryLimitError,
        ),
        ("[1] src/local.cc:38: Check failed: FileStream.Write incomplete", StorageError),
        ("", TrainingError),
    ],
)
def test_disk_and_memory_are_told_apart(message: str, kind: type[HtrError]) -> None:
    """The user would not know what to free."""
    error = translated(message)
    assert type(error) is kind
    assert "\n" not in str(error)


def test_a_network_too_large_for_the_memory_is_one_line(tmp_path):
    """`ulimit -v` and small containers ended with "unexpected MXNetError: std::bad_alloc"."""
    program = (
        "import resource; from gluon_htr._mxnet import mx, own_errors; from gluon_htr import _command\n"
        "resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))\n"
        "def run(arguments):\n"
        "    with own_errors():\n"
        "        mx.nd.ones((40000, 40000)).wait_to_read()\n"
        "    return 0\n"
        "raise SystemExit(_command.main(run))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, env=command_environment()
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("error: memory ran out in MXNet")
    assert len(done.stderr.splitlines()) == 1


def test_memory_that_runs_out_elsewhere_is_told_as_well(capsys):
    """numpy's message would be taken for a defect."""

    def run(arguments: object) -> int:
        np.zeros((1 << 20, 1 << 20, 1 << 10))
        return 0

    assert _command.main(run, []) == 2
    assert capsys.readouterr().err.startswith("error: memory ran out")


@pytest.mark.torch
def test_memory_that_torch_lacks_is_one_line():
    """torch's message has many lines and advice for developers."""
    torch = pytest.importorskip("torch")
    from gluon_htr._torch import own_errors as of_torch

    with pytest.raises(MemoryLimitError, match="memory ran out in torch"), of_torch():
        torch.empty(1 << 60)
    with pytest.raises(RuntimeError, match="size"), of_torch():
        torch.zeros(2) + torch.zeros(3)
