"""`evaluate` scores what `predict` reads, and says what it left out."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from letters import LETTERS, WORDS, draw
from PIL import Image, ImageOps
from support import PROJECT, Command, refusal


@pytest.fixture
def scored(command: Command, tmp_path: Path) -> Callable[[int], subprocess.CompletedProcess[str]]:
    """Scores a list of drawn words, behind which as many images as asked for are missing."""
    for k, word in enumerate(WORDS):
        draw(word).save(tmp_path / f"{k}.png")
    rows = [f"{k}.png\t{word}\n" for k, word in enumerate(WORDS)]

    def score(missing: int) -> subprocess.CompletedProcess[str]:
        (tmp_path / "labels.tsv").write_text("".join([*rows, *(f"lost{k}.png\tabc\n" for k in range(missing))]))
        return command("evaluate", "--model", LETTERS, "--data", "listing:labels.tsv", "--report", "report")

    return score


def test_what_was_left_out_is_told(scored: Callable[[int], subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    """An error rate would be taken for that of all pages when some of them were not read."""
    done = scored(12)
    assert done.returncode == 0, done.stderr
    assert "left out              12\n" in done.stdout
    assert "lost0.png does not exist" in done.stderr
    assert "… and 2 more; --report DIR lists all" in done.stderr
    listed = (tmp_path / "report" / "left_out.tsv").read_text().splitlines()
    assert [line.split("\t")[1] for line in listed] == [f"lost{k}.png does not exist" for k in range(12)]
    assert json.loads((tmp_path / "report" / "scores.json").read_text())["samples"] == len(WORDS)


def test_nothing_is_said_of_nothing(scored: Callable[[int], subprocess.CompletedProcess[str]]) -> None:
    """Warnings that always come are not read."""
    done = scored(0)
    assert done.returncode == 0, done.stderr
    assert "left out" not in done.stdout + done.stderr


def test_what_predict_reads_is_what_is_scored(command: Command, tmp_path: Path) -> None:
    """Photographs of a blackboard, or with paper around the line, would be read well and scored as nonsense."""
    line = Image.open(PROJECT / "examples" / "line.png").convert("L")
    ImageOps.invert(line).save(tmp_path / "negative.png")
    ImageOps.expand(line, border=line.height, fill=250).save(tmp_path / "sheet.png")
    text = "Dear reader, nobody has ever written this line by hand."
    (tmp_path / "labels.tsv").write_text(f"negative.png\t{text}\nsheet.png\t{text}\n")
    done = command("evaluate", "--data", "listing:labels.tsv", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["cer"]["value"] == 0


def test_a_score_of_nothing_says_why_there_is_nothing(command: Command, tmp_path: Path) -> None:
    """Whoever has broken scans would look for the mistake in the command."""
    draw("bead").save(tmp_path / "a.png")
    (tmp_path / "a.png").write_bytes((tmp_path / "a.png").read_bytes()[:60])
    (tmp_path / "labels.tsv").write_text("a.png\tbead\n")
    told = refusal(command("evaluate", "--model", LETTERS, "--data", "listing:labels.tsv"))
    assert told.startswith("error: no sample in listing:labels.tsv: a.png a.png is broken")


def test_a_report_says_what_a_person_should_check(command: Command, tmp_path: Path) -> None:
    """Everything would have to be read again, or nothing."""
    for k, word in enumerate(WORDS):
        draw(word, width=64 if k else 30, ink=20 if k % 2 else 150).save(tmp_path / f"{k}.png")
    draw("").save(tmp_path / "blank.png")
    rows = [f"{k}.png\t{word}\n" for k, word in enumerate(WORDS)]
    (tmp_path / "labels.tsv").write_text("".join([*rows, "blank.png\tcab\n"]))
    data = ("--model", LETTERS, "--data", "listing:labels.tsv")
    done = command("evaluate", *data, "--report", "report", "--target-precision", "0.999", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "report" / "scores.json").read_text())["reliability"]
    assert (found["lines"]["count"], found["words"]["count"]) == (9, 8)
    assert found["words"]["target"]["coverage"] < 1
    checked = [row.split("\t") for row in (tmp_path / "report" / "check.tsv").read_text().splitlines()]
    words = [row for row in checked if row[1] != "0"]
    assert len(words) == round((1 - found["words"]["target"]["coverage"]) * 8)
    assert all(float(row[3]) <= found["words"]["target"]["threshold"] for row in words)
    assert ["blank.png", "0", "", "0.0000"] in checked
    with Image.open(tmp_path / "report" / "reliability.png") as picture:
        assert picture.format == "PNG"
    assert "needs --report" in refusal(command("evaluate", *data, "--target-precision", "0.98"))
