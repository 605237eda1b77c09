"""Names of files as other systems left them on a disk: in bytes that are no UTF-8."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from letters import LETTERS, draw
from support import Command, command_environment

from gluon_htr import _command, predict

STRICT = command_environment(PYTHONIOENCODING="utf-8:strict")  # as under en_US.UTF-8; C.UTF-8 is lenient


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two words beside their labels, one of them named in Latin-1, and such an image without a label."""
    for name, label in ((b"abc", b"abc"), (b"caf\xe9", b"bead"), (b"na\xefve", b"")):
        path = os.fsdecode(os.path.join(os.fsencode(tmp_path), name))
        try:
            draw(label.decode()).save(path + ".png")
        except OSError:
            pytest.skip("this system has no such names")
        if label:
            Path(path + ".gt.txt").write_bytes(label)
    return tmp_path


def test_they_are_scored_and_packed(folder: Path, command: Command) -> None:
    """One old file in a folder of thousands, and there would be no score, no records and no training."""
    done = command("evaluate", "--model", LETTERS, "--data", f"listing:{folder}", "--report", "report", env=STRICT)
    assert done.returncode == 0, done.stderr
    read = (folder / "report" / "texts.tsv").read_text("utf-8").splitlines()
    assert read == ["abc.png\tabc\tabc", "caf\\udce9.png\tbead\tbead"]
    left_out = (folder / "report" / "left_out.tsv").read_text("utf-8")
    assert left_out == "na\\udcefve.png\thas no na\\udcefve.gt.txt\n"
    done = command("prepare", f"listing:{folder}", "--output", "x.rec", "--workers", "0", env=STRICT)
    assert done.returncode == 0, done.stderr


def test_predict_reads_what_comes_behind_them(folder: Path, command: Command) -> None:
    """The texts of all images behind such a name would be missing."""
    images = sorted(str(path) for path in folder.glob("*.png"))
    done = command("predict", "--model", LETTERS, *images, env=STRICT)
    assert done.returncode == 1, done.stderr  # the last one is blank
    assert [line.split("\t")[1] for line in done.stdout.splitlines()] == ["abc", "bead", ""]
    done = command("predict", "--model", LETTERS, "--json", *images, env=STRICT)
    assert [json.loads(line)["path"] for line in done.stdout.splitlines()] == images


def test_a_frame_is_chosen(tmp_path: Path, command: Command) -> None:
    """A file of several pictures could only be split by hand."""
    pictures = [draw(word).convert("L") for word in ("abc", "bead")]
    pictures[0].save(tmp_path / "two.tif", save_all=True, append_images=pictures[1:])
    done = command("predict", "--model", LETTERS, "two.tif")
    assert done.returncode == 1
    assert "--frame" in done.stderr
    done = command("predict", "--model", LETTERS, "two.tif", "--frame", 2)
    assert (done.returncode, done.stdout) == (0, "bead\n")


def test_predict_expands_patterns_and_folders_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The prompt of Windows leaves patterns to the command; the advice `FOLDER\\*.png` failed there."""
    (tmp_path / "sub").mkdir()
    for name in ("a", "b", "[c]"):
        draw("abc").save(tmp_path / "sub" / f"{name}.png")
    monkeypatch.chdir(tmp_path)
    for arguments, count in ((["sub/*.png"], 3), (["sub"], 3), (["sub/?.png", "sub/a.png"], 3), (["sub/[c].png"], 1)):
        assert _command.main(predict.main, ["--model", str(LETTERS), *arguments]) == 0
        assert capsys.readouterr().out.count("abc") == count
    assert _command.main(predict.main, ["--model", str(LETTERS), "none/*.png"]) == 2
    assert capsys.readouterr().err == "error: no file matches none/*.png\n"
