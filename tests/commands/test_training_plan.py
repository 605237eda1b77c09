"""`train` tells what it will do, with `--dry-run` without doing it, and at its end what it did."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from needs_mxnet import need_mxnet
from support import TINY, Command, refusal
from written_lines import lines, write_list

from gluon_htr import _command, train
from gluon_htr.training.journal import read_journal

need_mxnet()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Trains in an empty folder, in this process."""
    monkeypatch.chdir(tmp_path)
    write_list(tmp_path / "data", lines(60))

    def run(*words: object) -> subprocess.CompletedProcess[str]:
        given = ["--config", str(TINY), "--workers", "0", *map(str, words)]
        return subprocess.CompletedProcess(given, _command.main(train.main, given), *capsys.readouterr())

    return run


def test_the_plan_is_what_the_training_does(here: Command, tmp_path: Path) -> None:
    """A user would plan a night for what takes a week, or find a half-made run afterwards."""
    before = sorted(tmp_path.rglob("*"))
    planned = here("--data", "listing:data", "--output", "run", "--dry-run")
    assert planned.returncode == 0, planned.stderr
    assert sorted(tmp_path.rglob("*")) == before
    told = dict(line.split(maxsplit=1) for line in planned.stdout.splitlines())
    done = here("--data", "listing:data", "--output", "run")
    assert done.returncode == 0, done.stderr
    last = [entry for entry in read_journal(tmp_path / "run") if entry["event"] == "validation"][-1]
    assert told["steps"].startswith(f"{last['step']} in {last['epoch']} epochs")
    left_out = (tmp_path / "run" / "skipped.tsv").read_text().count("\n")
    assert told["samples"] == f"{last['samples'] // last['epoch']} to train on, {left_out} left out, 15 to validate"
    assert "s a step" in told["time"]
    assert "is a run already" in refusal(here("--data", "listing:data", "--output", "run", "--dry-run"))


def test_what_cannot_be_planned_is_refused(here: Command) -> None:
    """A plan without data would pack all of IAM."""
    assert "--data" in refusal(here("--dry-run"))


def test_a_training_says_what_it_kept_where_and_what_comes_next(here: Command, tmp_path: Path) -> None:
    """A user would have to search for the model, and for the command that reads with it."""
    done = here("--data", "listing:data", "--output", "my run")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("plan: batches of") == 1
    scored = [entry for entry in read_journal(tmp_path / "my run") if entry["event"] == "validation"]
    best = min(scored, key=lambda entry: entry["cer"])
    kept = re.search(r"15 held-out (\w+): CER ([\d.]+)%.*kept the weights of epoch (\d+)", done.stderr)
    assert kept is not None, done.stderr
    assert (float(kept[2]), int(kept[3])) == (pytest.approx(100 * best["cer"], abs=0.051), best["epoch"])
    named = re.search(r"files in my run: ([^\n]+), checkpoints/", done.stderr)
    assert named is not None, done.stderr
    assert all((tmp_path / "my run" / name).exists() for name in named[1].split(", "))
    assert "predict IMAGE --model 'my run'" in done.stderr
    assert "--budget goes on" not in done.stderr


def test_a_training_that_its_budget_ended_can_go_on(here: Command) -> None:
    """A user with more time would begin again."""
    done = here("--data", "listing:data", "--output", "run", "--budget", "0.05s")
    assert done.returncode == 0, done.stderr
    assert "--resume and a longer --budget goes on" in done.stderr
    more = here("--data", "listing:data", "--output", "run", "--budget", "60s", "--resume")
    assert more.returncode == 0, more.stderr
    assert "continues at step" in more.stderr
    assert "--budget goes on" not in more.stderr
