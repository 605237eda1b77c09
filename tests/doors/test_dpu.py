"""dpu as a user runs it: from a bundle to what runs on a board."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support import refusal

pytest.importorskip("onnx")

Door = Callable[..., "subprocess.CompletedProcess[str]"]


def test_a_plan_names_what_stays_on_the_cpu(door: Door) -> None:
    """Nobody would know what a board speeds up before buying it."""
    done = door("dpu", "plan", "words")
    assert done.returncode == 0, done.stderr
    assert "LSTM" in done.stdout
    assert "48.2% of 120,219,648 MACs on the DPU" in done.stdout
    content = json.loads(door("dpu", "plan", "words", "--dpu", "all", "--json").stdout)
    assert {"DPUCZDX8G-B512", "DPUCVDX8G-C32", "DPUCV2DX8G-4x32x32"} <= {one["dpu"] for one in content}


def test_a_plan_that_cannot_be_made_is_one_line(door: Door, tmp_path: Path) -> None:
    """A user would see a traceback."""
    (tmp_path / "x.onnx").write_bytes(b"nothing")
    for arguments, says in (
        (("plan", "words", "--dpu", "B9999"), "DPUCZDX8G-B4096"),
        (("plan", "x.onnx"), "x.onnx"),
        (("plan", "none.onnx"), "none.onnx"),
        (("plan", "words", "--width", "100"), "192"),
    ):
        assert says in refusal(door("dpu", *arguments))
