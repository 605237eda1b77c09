"""dpu as a user runs it: from a bundle to what runs on a board."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from letters import LETTERS, draw
from support import Command, refusal

pytest.importorskip("onnx")

from gluon_htr import _command, dpu


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs dpu within this process: as `command` does, but quick."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        given = list(map(str, arguments))
        return subprocess.CompletedProcess(given, _command.main(dpu.main, given), *capsys.readouterr())

    return run


def test_a_plan_names_what_stays_on_the_cpu(command: Command, here: Command) -> None:
    """Nobody would know what a board speeds up before buying it."""
    done = command("dpu", "plan", "words")
    assert done.returncode == 0, done.stderr
    assert "LSTM" in done.stdout
    assert "48.2% of 120,219,648 MACs on the DPU" in done.stdout
    content = json.loads(here("plan", "words", "--dpu", "all", "--json").stdout)
    assert {"DPUCZDX8G-B512", "DPUCVDX8G-C32", "DPUCV2DX8G-4x32x32"} <= {one["dpu"] for one in content}


def test_a_plan_that_cannot_be_made_is_one_line(here: Command, tmp_path: Path) -> None:
    """A user would see a traceback."""
    (tmp_path / "x.onnx").write_bytes(b"nothing")
    for arguments, says in (
        (("plan", "words", "--dpu", "B9999"), "DPUCZDX8G-B4096"),
        (("plan", "x.onnx"), "x.onnx"),
        (("plan", "none.onnx"), "none.onnx"),
        (("plan", "words", "--width", "100"), "192"),
    ):
        assert says in refusal(here(*arguments))


def test_the_steps_one_by_one(here: Command, words: Path, tmp_path: Path) -> None:
    """A user could not follow the documentation: split, quantize, evaluate."""
    spec = f"iam-words:{words}?split=validation"
    done = here("split", LETTERS, "--output", "halves")
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "halves").iterdir()} == {"featurizer.onnx", "tail.onnx"}
    done = here("quantize", LETTERS, "--calibration", spec, "--output", "int8", "--equalization", "--bias-correction")
    assert done.returncode == 0, done.stderr
    assert "32 images; simulator and ONNX Runtime equal" in done.stdout
    done = here("evaluate", LETTERS, "int8", "--data", spec, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["float"]["cer"]["value"] < 0.2
    assert found["points"] < 3
    assert all(layer["decibels"] > 10 for layer in found["layers"])
    assert "CER int8" in here("evaluate", LETTERS, "int8", "--data", spec).stdout


def test_a_quantized_network_is_scored_at_its_own_width(here: Command, words: Path) -> None:
    """Whoever quantizes for another width was told to report a defect."""
    spec = f"iam-words:{words}?split=validation"
    done = here("quantize", "latin-lines-fast", "--width", "256", "--calibration", spec, "--output", "narrow")
    assert done.returncode == 0, done.stderr
    scored = here("evaluate", "latin-lines-fast", "narrow", "--data", spec)
    assert scored.returncode == 0, scored.stderr
    other = here("evaluate", "latin-lines-fast", "narrow", "--data", spec, "--width", "512")
    assert "256 pixels wide, not 512" in refusal(other)


def test_calibration_that_cannot_work_is_one_line(here: Command, words: Path, tmp_path: Path) -> None:
    """A user would see a traceback, or a network of nonsense."""
    for arguments, says in (
        (("quantize", LETTERS, "--calibration", f"iam-words:{words}?split=test", "--output", "x"), "no sample"),
        (("quantize", LETTERS, "--calibration", "iam-words:nowhere", "--output", "x"), "nowhere"),
        (("evaluate", LETTERS, "nowhere", "--data", f"iam-words:{words}"), "nowhere"),
    ):
        assert says in refusal(here(*arguments))
        assert not (tmp_path / "x").exists()


def test_a_bundle_for_ordinary_cpus(command: Command, here: Command, words: Path, tmp_path: Path) -> None:
    """--precision int8 would be an option without a model."""
    spec = f"iam-words:{words}?split=validation"
    done = here("cpu", LETTERS, "--calibration", spec, "--output", "small.zip")
    assert done.returncode == 0, done.stderr
    done = command("evaluate", "--model", "small.zip", "--precision", "int8", "--data", spec, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["engine"] == "onnx"
    assert found["precision"] == "int8"
    assert found["cer"]["value"] < 0.2
    draw("bead").save(tmp_path / "bead.png")
    done = command("predict", "bead.png", "--model", "small.zip", "--precision", "int8")
    assert done.stdout == "bead\n", done.stderr
    assert "quantize letters" in refusal(command("predict", "bead.png", "--model", LETTERS, "--precision", "int8"))


def test_a_package_is_all_steps_in_one(here: Command, words: Path, tmp_path: Path) -> None:
    """A user would have to know what a board needs."""
    spec = f"iam-words:{words}?split=validation"
    done = here("package", LETTERS, "--calibration", spec, "--target", "vek280", "--output", "board")
    assert done.returncode == 0, done.stderr
    assert {"featurizer.int8.onnx", "tail.onnx", "reader.json", "dpu_runner.py", "README.md"} <= {
        path.name for path in (tmp_path / "board").iterdir()
    }
    assert "edge-gen2" in refusal(here("package", LETTERS, "--calibration", spec, "--target", "zcu", "--output", "x"))
