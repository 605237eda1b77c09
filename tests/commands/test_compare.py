"""`compare` tells which of two models reads better, from models and from reports."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from letters import LETTERS, draw, members, rehashed, zipped
from PIL import Image
from support import Command, refusal

from gluon_htr import _command, compare, evaluate

TEXTS = ["bead", "cab", "dad", "abc", "decade", "beeb", "ace", "bed"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command in an empty folder, in this process."""
    monkeypatch.chdir(tmp_path)

    def run(name: str, *words: object) -> subprocess.CompletedProcess[str]:
        given = list(map(str, words))
        main = {"compare": compare.main, "evaluate": evaluate.main}[name]
        return subprocess.CompletedProcess(given, _command.main(main, given), *capsys.readouterr())

    return run


@pytest.fixture
def data(tmp_path: Path) -> str:
    """Drawn words of nine writers."""
    rows = ["path\ttext\tgroup\n"]
    for k, text in enumerate(TEXTS * 4):
        draw(text).save(tmp_path / f"{k}.png")
        rows.append(f"{k}.png\t{text}\twriter{k % 9}\n")
    (tmp_path / "labels.tsv").write_text("".join(rows))
    return "listing:labels.tsv"


@pytest.fixture
def swapped(tmp_path: Path) -> Path:
    """The same network with an alphabet in which d and c have changed places."""
    files = members()
    about = json.loads(files["bundle.json"])
    kept = about["alphabet"] if "alphabet" in about else about["model"]["alphabet"]
    at = kept.index("c"), kept.index("d")
    kept[at[0]], kept[at[1]] = "d", "c"
    return zipped(tmp_path / "swapped.zip", rehashed(files | {"bundle.json": json.dumps(about).encode()}))


def test_two_models_are_compared_and_drawn(here: Command, data: str, swapped: Path, tmp_path: Path) -> None:
    """A user would train for a week and not know whether it helped, or with what."""
    done = here("compare", LETTERS, swapped, "--data", data, "--output", "worst.png", "--lines", 3, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["samples"], found["groups"], found["verdict"]) == (32, 9, "A is better")
    wrong = sum(text.count("c") + text.count("d") for text in TEXTS)
    assert found["cer"]["a"] == 0
    assert found["cer"]["b"] == pytest.approx(wrong / sum(map(len, TEXTS)))
    assert {letter["text"] for letter in found["letters"] if letter["real"]} == {"c", "d"}
    assert found["words_right"] == {"both": 4, "only_a": 28, "only_b": 0, "neither": 0}
    with Image.open(tmp_path / "worst.png") as picture:
        assert picture.format == "PNG"
        assert picture.height > 3 * 64


def test_reports_give_what_models_give(here: Command, data: str, swapped: Path) -> None:
    """The networks would have to read again for each comparison, or the result be another one."""
    for model, name in ((LETTERS, "a"), (swapped, "b")):
        assert here("evaluate", "--model", model, "--data", data, "--report", name).returncode == 0
    one, both = here("compare", LETTERS, "b", "--json"), here("compare", "a", "b/scores.json", "--json")
    assert one.returncode == both.returncode == 0, one.stderr + both.stderr
    first, second = json.loads(one.stdout), json.loads(both.stdout)
    assert {key for key in first if first[key] != second[key]} <= {"a", "overlap"}
    words = here("compare", "a", "a").stdout
    assert "no real difference" in words
    assert "--engine, --precision: A and B are reports" in refusal(
        here("compare", "a", "b", "--precision", "int8", "--engine", "torch")
    )
    assert "32 samples" in words


def test_reports_of_other_data_are_refused(here: Command, data: str, tmp_path: Path) -> None:
    """A model on an easier split would win."""
    here("evaluate", "--model", LETTERS, "--data", data, "--report", "a")
    rows = (tmp_path / "labels.tsv").read_text().splitlines(keepends=True)
    (tmp_path / "fewer.tsv").write_text("".join(rows[:-1]))
    here("evaluate", "--model", LETTERS, "--data", "listing:fewer.tsv", "--report", "b")
    told = refusal(here("compare", "a", "b"))
    assert "different samples: 32 of listing:labels.tsv and 31 of listing:fewer.tsv" in told
    assert "leave out --data" in refusal(here("compare", "a", "b", "--data", data))
    assert "--data" in refusal(here("compare", LETTERS, LETTERS))
    assert "no model nothing" in refusal(here("compare", "a", "nothing"))
