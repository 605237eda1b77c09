"""Commands without options: they work on what is in the usual places, or say what is missing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from letters import LETTERS
from support import SAMPLE

from gluon_htr import __main__, evaluate, prepare
from gluon_htr.errors import DataError, UsageError


@pytest.fixture
def iam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which IAM is in its usual place."""
    if not SAMPLE.is_dir():
        pytest.skip("needs ../shared/data/sample")
    shutil.copytree(SAMPLE / "iam", tmp_path / "data" / "iam")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_iam_is_prepared_and_scored_without_options(iam: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A newcomer would have to learn specs before anything works."""
    assert prepare.main(["--preset", "words"]) == 0
    out = capsys.readouterr().out
    assert "runs/packed/iam-words-train-words.rec" in out
    assert (iam / "runs" / "packed" / "iam-words-validation-words.rec").exists()
    for model, kind in (("english-lines", "iam-lines"), (LETTERS, "iam-words")):
        with pytest.raises(DataError, match=rf"no sample in {kind}:data/iam\?split=test"):  # the sample has none
            evaluate.main(["--model", str(model)])


def test_without_iam_it_is_said_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message would be about a missing argument."""
    monkeypatch.chdir(tmp_path)
    for main in (prepare.main, lambda given: evaluate.main(["--model", str(LETTERS), *given])):
        with pytest.raises(UsageError, match=r"there is no data/iam to .*: gluon-htr download --dataset iam-"):
            main([])


def test_a_command_that_is_misspelled_is_suggested(capsys: pytest.CaptureFixture[str]) -> None:
    """The whole help would be printed, without the command that was meant."""
    assert __main__.main(["predikt", "x.png"]) == 2
    assert capsys.readouterr().err == "error: no command 'predikt': did you mean predict?\n"
