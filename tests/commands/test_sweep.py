"""`sweep` as a user runs it: trainings that are killed, that fail, and whose settings change."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from needs_mxnet import need_mxnet
from support import TINY, Command, command_environment, last_state, same_arrays

need_mxnet()

from gluon_htr import _command, sweep


def _experiments(folder: Path, words: Path, epochs: int = 3) -> Path:
    """A run that trains as the fixture `run`, one without data, and one with an impossible setting."""
    (folder / "e.toml").write_text(f"""
        [base]
        preset = "{TINY}"
        data = "iam-words:{words}?split=train"
        validation = "iam-words:{words}?split=validation"
        workers = 0
        seed = 0
        [variants.impossible]
        training.epochs = -1
        [variants.same]
        training.epochs = {epochs}
        [variants.lost]
        data = "iam-words:{folder}/lost"
    """)
    return folder / "e.toml"


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel ends the training of a killed sweep")
@pytest.mark.long
def test_a_sweep_killed_at_any_moment_ends_as_an_undisturbed_one(
    command: Command,
    run: Path,
    words: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A crash would cost hours of training, or a failed run the others; a changed run would go into the table."""
    file, output = _experiments(tmp_path, words), tmp_path / "runs" / "e"
    arguments = [sys.executable, "-m", "gluon_htr.sweep", str(file)]
    with subprocess.Popen(arguments, stderr=subprocess.DEVNULL, env=command_environment(), cwd=tmp_path) as process:
        log = output / "same" / "log.jsonl"
        while process.poll() is None and not log.exists():
            time.sleep(0.02)
        time.sleep(random.Random().random() * 0.3)  # anywhere in the training
        assert process.poll() is None, "it ended before it could be killed"
        process.send_signal(signal.SIGKILL)

    done = command("sweep", file, "--json", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    result = json.loads(done.stdout)
    assert [one["name"] for one in result["runs"]] == ["same"]
    assert "at `training.epochs`" in result["not_compared"]["impossible"]["message"]
    assert "lost does not exist" in result["not_compared"]["lost"]["message"]
    assert "--retry-failed" in done.stderr
    assert same_arrays(last_state(run), last_state(output / "same"))
    assert result["runs"][0]["cer"]["value"] == json.loads((run / "scores.json").read_text())["cer"]["value"]
    assert (output / "curves.png").stat().st_size > 1000
    assert (output / "results.tsv").read_text().splitlines()[1].startswith("same\t")

    weights = (output / "same" / "model.params").read_bytes()
    monkeypatch.chdir(tmp_path)
    assert _command.main(sweep.main, [str(_experiments(tmp_path, words, epochs=4))]) == 1
    assert "same: refused: began with training.epochs 3, not 4" in capsys.readouterr().err
    assert (output / "same" / "model.params").read_bytes() == weights


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[base]\nvalidation = 3", "[base]: Expected `str`, got `int` - at `validation`"),
        ("[base]\nvalidation = 'mnist:x'\nrate = 1", "[base]: Object contains unknown field `rate`"),
        ("[base]\nvalidation = 'mnist:x'\n[variants.'a/b']\n", "variant 'a/b'"),
        ("[base]\nvalidation = 'mnist:x'\n[grid]\nseed = 1", "[grid] seed must be a list"),
        ("[base]\nvalidation = 'mnist:x'", "has no data"),
        ("[base]\nvalidation = 'mnist:x'\ndata = 'mnist:x'\n[variants.Logs]\n", "cannot be named 'Logs'"),
        ("[base", "is not valid TOML"),
    ],
)
def test_a_wrong_file_is_refused_in_a_line(
    content: str, said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Users would see a traceback, or train for hours with a setting that was ignored."""
    (tmp_path / "e.toml").write_text(content)
    arguments = [str(tmp_path / "e.toml"), "--output", str(tmp_path / "runs")]
    assert _command.main(sweep.main, arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert said in line
    assert not (tmp_path / "runs").exists()
