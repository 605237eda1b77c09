"""Devices: what can be asked for, and which GPUs are free."""

from __future__ import annotations

from pathlib import Path

import pytest

from gluon_htr.errors import UsageError
from gluon_htr.experiments.devices import make_slots

#: Four GPUs, as nvidia-smi prints them: busy, free, free with an idle context, a part whose load is not known.
GPUS = """0, GPU-a, 70000, 80000, 95
1, GPU-b, 0, 80000, 0
2, GPU-c, 400, 80000, 3
3, GPU-d, 0, 80000, [N/A]
"""


@pytest.fixture
def gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with an nvidia-smi."""
    (tmp_path / "nvidia-smi").write_text(f"#!/bin/sh\ncat <<'END'\n{GPUS}END\n")
    (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


@pytest.mark.usefixtures("gpus")
@pytest.mark.parametrize("devices", ["gpu", "auto"])
def test_free_gpus_are_found(devices: str) -> None:
    """A sweep would begin on the GPU of a colleague, and fail or disturb."""
    slots = make_slots(devices)
    assert [slot.name for slot in slots] == ["gpu:1", "gpu:2"]
    assert {slot.device for slot in slots} == {"gpu:0"}  # whichever it is, so that a run may continue on another one
    assert slots[1].environment == {"CUDA_VISIBLE_DEVICES": "2", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}


@pytest.mark.usefixtures("gpus")
@pytest.mark.parametrize("visible", ["0,2", "GPU-a,GPU-c"])
def test_numbers_count_the_gpus_that_are_visible(visible: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheduler's choice of GPUs would be ignored."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    (slot,) = make_slots("gpu")
    assert (slot.name, slot.environment["CUDA_VISIBLE_DEVICES"]) == ("gpu:1", visible.split(",")[1])
    with pytest.raises(UsageError, match="there is no gpu:2"):
        make_slots("gpu:2")


@pytest.mark.parametrize("devices", ["", "cpu*0", "gpu:x", "tpu", "cpu,gpu:0", "cpu,", "cpu*9999"])
def test_what_cannot_be_is_refused(devices: str) -> None:
    """A misspelled device would train on another one."""
    with pytest.raises(UsageError, match="--devices"):
        make_slots(devices)
