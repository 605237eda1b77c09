"""The log of a training tells what went wrong in it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from fakes import ALPHABET
from support import TINY

from gluon_htr import train
from gluon_htr.bundles.run_folder import is_run
from gluon_htr.checks.findings import Finding
from gluon_htr.checks.runs import diagnose_run
from gluon_htr.errors import CheckpointError
from gluon_htr.networks.presets import load_preset
from gluon_htr.training.journal import Journal
from gluon_htr.training.runs import create_run
from gluon_htr.training.settings import Request

Log = Callable[[Sequence[float], Sequence[float]], dict[str, Finding]]
STEPS = 50


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The folder of a run without a log."""
    create_run(tmp_path / "run", Request(str(TINY), ["listing:data"]), load_preset(TINY), ALPHABET, "digest")
    return tmp_path / "run"


@pytest.fixture
def log(run: Path) -> Log:
    """Writes a log of losses, 50 steps apart, and of as many or fewer errors; returns the findings by name."""

    def write(losses: Sequence[float], errors: Sequence[float]) -> dict[str, Finding]:
        journal = Journal(run)
        every = max(1, len(losses) // max(1, len(errors)))
        left = list(errors)
        for number, loss in enumerate(losses, 1):
            journal.write("train", number * STEPS, loss=loss, rate=0.002, samples=800 * number, elapsed=number)
            if number % every == 0 and left:
                done = {"samples": 800 * number, "elapsed": number}
                journal.write("validation", number * STEPS, epoch=number // every, cer=left.pop(0), wer=1.0, **done)
        journal.close()
        return {finding.name: finding for finding in diagnose_run(run).findings}

    return write


def falling(count: int = 80) -> list[float]:
    """A loss as it should be, with the noise that batches have."""
    noise = np.random.default_rng(0).normal(1, 0.08, count)
    return (60 * np.exp(-np.arange(count) / 25) * noise + 3).tolist()


def test_a_good_training_has_no_finding(log: Log) -> None:
    """A user would change a training that is fine."""
    assert log(falling(), [0.9, 0.4, 0.2, 0.15, 0.13, 0.125, 0.124, 0.1241]) == {}


def test_blanks_alone_are_found_late_and_are_normal_early(log: Log, run: Path) -> None:
    """A user would wait for days, or stop in the first minute."""
    early = log([60.0] * 12, [1.0, 1.0])["only-blanks"]
    assert early.severity == "note"
    assert "--resume" in early.fix
    late = log([60.0] * 80, [1.0] * 4)
    assert late["only-blanks"].severity == "stops training"
    assert late["loss-does-not-fall"].severity == "stops training"


def test_the_command_that_goes_on_has_all_that_the_run_began_with(tmp_path: Path) -> None:
    """A user would copy a command that is refused: `was started with validation listing:held, not None`."""
    begun = Request(str(TINY), ["listing:data"], validation="listing:held", seed=3, engine="torch", init="latin-lines")
    create_run(tmp_path / "own", begun, load_preset(TINY), ALPHABET, "digest")
    fix = diagnose_run(tmp_path / "own").findings[0].fix
    given = train.parser().parse_args(shlex.split(fix)[2:])
    assert (given.data, given.output, given.resume) == (["listing:data"], tmp_path / "own", True)
    assert (given.validation, given.seed, given.engine, given.init) == ("listing:held", 3, "torch", "latin-lines")


def test_a_collapse_after_a_good_start_is_found(log: Log) -> None:
    """The best weights would be used, and nobody know why they are so bad."""
    found = log([*falling(20), *[58.0] * 20], [0.9, 0.5, 1.0, 1.0])
    assert found["only-blanks"].severity == "stops training"
    assert found["learning-rate-too-high"].severity == "harms"
    assert "0.001" in found["learning-rate-too-high"].why


def test_overfitting_is_found(log: Log) -> None:
    """A training would go on that gets worse with every epoch."""
    found = log(falling(), [0.9, 0.4, 0.25, 0.27, 0.3, 0.32, 0.34, 0.36])["overfitting"]
    assert found.severity == "harms"
    assert "25.0%" in found.why
    assert "step 1500" in found.why


def test_overfitting_is_found_in_a_few_minutes_of_training(run: Path) -> None:
    """An adaptation to sixty lines logs three losses, and takes its error from 7 to 13 %."""
    journal = Journal(run)
    for epoch, error in enumerate([0.077, 0.071, 0.074, 0.106, 0.115, 0.119, 0.125, 0.131]):
        done = {"samples": 240 * epoch, "elapsed": epoch}
        journal.write("validation", 20 * epoch, epoch=epoch, cer=error, wer=0.4, **done)
        if epoch in (3, 5, 7):
            journal.write("train", 20 * epoch, loss={3: 16.0, 5: 9.0, 7: 6.3}[epoch], rate=0.002, **done)
    journal.close()
    found = {finding.name: finding for finding in diagnose_run(run).findings}
    assert "7.1%" in found["overfitting"].why


def test_noise_of_the_validation_is_not_overfitting(log: Log) -> None:
    """Two errors more among hundreds of lines would be called a trend."""
    assert "overfitting" not in log(falling(), [0.9, 0.4, 0.25, 0.26, 0.255, 0.262, 0.251, 0.258])


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_is_found(log: Log, bad: float) -> None:
    """The log would end, and a user guess why."""
    found = log([*falling(20), bad], [0.9, 0.8])["learning-rate-too-high"]
    assert found.severity == "stops training"
    assert found.examples == ["step 1050"]


def test_a_training_that_ended_too_early_is_told(log: Log, run: Path) -> None:
    """A user would take a network for bad that is only young."""
    found = log(falling(), [0.9, 0.7, 0.5, 0.4, 0.3])["still-improving"]
    assert found.severity == "note"
    options = train.parser().parse_args(shlex.split(found.fix)[2:])
    assert (options.init, options.data) == (str(run), ["listing:data"])


def test_samples_that_were_left_out_are_told(log: Log, run: Path) -> None:
    """Half of the data would be missing, and the score be blamed on the network."""
    rows = [f"line{k}\tthe alphabet lacks '{'ßé'[k % 2]}'\n" for k in range(1000)]
    (run / "skipped.tsv").write_text("".join([*rows, "last\thas no image\n" * 3000]))
    found = log(falling(), [0.9, 0.4, 0.3, 0.3])["samples-left-out"]
    assert found.severity == "harms"
    assert "4000 samples" in found.why
    assert "has no image (3000), the alphabet lacks … (1000)" in found.why
    assert found.examples[0] == "line0: the alphabet lacks 'ß'"


def test_a_run_without_a_log_and_a_folder_that_is_no_run(run: Path, tmp_path: Path) -> None:
    """A command that was stopped at once would end with a traceback."""
    assert is_run(run)
    assert [finding.name for finding in diagnose_run(run).findings] == ["no-log"]
    with pytest.raises(CheckpointError):
        diagnose_run(tmp_path)
