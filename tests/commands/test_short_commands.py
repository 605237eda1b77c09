"""The three short commands of the README, as a newcomer types them, in an empty folder."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from archive_server import ArchiveServer
from needs_mxnet import need_mxnet
from support import SAMPLE, TINY, Command, command_environment, refusal

need_mxnet()

from gluon_htr.training.engines import fastest_precision


@pytest.mark.skipif(
    not (SAMPLE / "iam" / "words.tgz").is_file(), reason="../shared has the real forms that it trains on"
)
def test_download_train_train_predict(command: Command, archive_server: ArchiveServer, tmp_path: Path) -> None:
    """The first hour of a newcomer would end with "arguments are required"."""
    environment = command_environment(GLUON_HTR_PASSWORD=archive_server.password)
    done = command("download", "--user", archive_server.user, "--base-url", archive_server.url, env=environment)
    assert done.returncode == 0, done.stderr
    first = command("train", "--budget", "8s", timeout=300)
    assert first.returncode == 0, first.stderr
    assert "iam-words:data/iam?split=train" in first.stderr  # it says what it chose
    assert "preset words" in first.stderr
    assert first.stdout.startswith("runs/words: CER")
    second = command("train", "--budget", "12s", timeout=300)
    assert second.returncode == 0, second.stderr
    assert "continues at step" in second.stderr
    word = next((tmp_path / "data" / "iam" / "words").rglob("*.png"))
    read = command("predict", word, "--model", "runs/words")
    assert read.returncode in (0, 1), read.stderr  # after twelve seconds a network may still read nothing
    assert "error" not in read.stderr


def test_archives_that_are_there_are_unpacked_where_train_looks(
    command: Command, iam_archives: Path, tmp_path: Path
) -> None:
    """Who has the files already would have to learn the option for the folder."""
    archives = [iam_archives / f"{name}.tgz" for name in ("words", "xml", "ascii")]
    done = command("download", "--archive", *archives)
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "data" / "iam" / "words").rglob("*.png"))


def test_train_without_data_says_how_to_get_them(command: Command) -> None:
    """A newcomer who starts with the second command would not learn of the first."""
    message = refusal(command("train"))
    assert "gluon-htr download" in message
    assert "--data" in message


@pytest.mark.torch
def test_a_run_in_the_default_folder_goes_on_in_its_precision(command: Command, words: Path, tmp_path: Path) -> None:
    """On a machine with other instructions, `--precision auto` would be refused as another run."""
    pytest.importorskip("torch")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "iam").symlink_to(words)
    other = "float32" if fastest_precision("torch", "cpu") == "bfloat16" else "bfloat16"
    arguments = ("--config", TINY, "--engine", "torch")
    data = ("--data", f"iam-words:{words}?split=train")
    for more in ((), (*data, "--resume")):  # IAM in data/iam, then data that are named
        first = command("train", *arguments, *more, "--precision", other, timeout=120)
        assert first.returncode == 0, first.stderr
        again = command("train", *arguments, *more, "--precision", "auto", timeout=120)
        assert again.returncode == 0, again.stderr
        shutil.rmtree(tmp_path / "runs")


def test_train_says_how_long_it_takes(command: Command, words: Path, tmp_path: Path) -> None:
    """Whoever starts a training would not know whether to wait or to come back tomorrow."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "iam").symlink_to(words)
    config = (Path(__file__).parents[1] / "tiny.toml").read_text()
    (tmp_path / "tiny.toml").write_text(config)
    result = command("train", "--config", "tiny.toml", timeout=120)
    assert result.returncode == 0, result.stderr
    assert re.search(r"\d s a step, \d+ samples/s: .*until \d", result.stderr)
    assert (tmp_path / "runs" / "tiny" / "scores.json").is_file()
