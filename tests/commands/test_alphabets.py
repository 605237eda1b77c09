"""From labels to an alphabet, and what an alphabet's normalization changes until a text is scored."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from letters import LETTERS, WORDS, draw
from needs_mxnet import need_mxnet
from support import TINY, Command, refusal

FULL_WIDTH = str.maketrans("abcde", "ａｂｃｄｅ")


@pytest.fixture
def labels(tmp_path: Path) -> str:
    """A listing of drawn words whose labels are full-width letters, as from a Chinese keyboard."""
    rows = []
    for k, word in enumerate(WORDS * 4):
        draw(word).save(tmp_path / f"{k}.png")
        rows.append(f"{k}.png\t{word.translate(FULL_WIDTH)}\n")
    (tmp_path / "labels.tsv").write_text("".join(rows), "utf-8")
    return f"listing:{tmp_path / 'labels.tsv'}"


def test_an_alphabet_holds_every_character_of_the_labels_once(labels: str, command: Command, tmp_path: Path) -> None:
    """A network could not write what its users need."""
    made = command("prepare", labels, "--alphabet", "a.json", "--json")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["counts"] == Counter("".join(WORDS * 4).translate(FULL_WIDTH))
    assert json.loads((tmp_path / "a.json").read_text("utf-8")) == {"characters": list("ａｂｃｄｅ")}


def test_an_alphabet_of_thousands_comes_from_a_text(command: Command, tmp_path: Path) -> None:
    """Users have a text in their language long before they have labels."""
    characters = [chr(code) for code in range(0x4E00, 0x4E00 + 6500)]
    (tmp_path / "novel.txt").write_text("\ufeff" + "\r\n\t\u200b".join(characters), "utf-8")  # invisible signs, too
    made = command("prepare", "text:novel.txt", "--alphabet", "a.json")
    assert made.returncode == 0, made.stderr
    assert "6500 characters, 6500 of them seen less than 20 times" in made.stdout
    assert json.loads((tmp_path / "a.json").read_text("utf-8"))["characters"] == characters


def test_labels_that_do_not_count_are_told(labels: str, command: Command, tmp_path: Path) -> None:
    """Characters of a file that is missing would silently be missing in the alphabet."""
    with open(tmp_path / "labels.tsv", "a", encoding="utf-8") as file:
        file.write("missing.png\tQ\n")
    made = command("prepare", labels, "--alphabet", "a.json", "--json")
    assert "missing.png" in made.stderr
    (problem,) = json.loads(made.stdout)["problems"]
    assert "missing.png does not exist" in problem["reason"]
    assert "Q" not in json.loads((tmp_path / "a.json").read_text("utf-8"))["characters"]


def test_brackets_of_one_kind_in_hebrew_can_be_trained(command: Command, tmp_path: Path) -> None:
    """The alphabet had what the text has, and the network must write the other: an error of ours, hours later."""
    need_mxnet()
    text = "א) אחד"
    draw("abc").save(tmp_path / "1.png")
    draw("dad").save(tmp_path / "2.png")
    (tmp_path / "labels.tsv").write_text(f"1.png\t{text}\n2.png\tב) שתיים\n", "utf-8")
    (tmp_path / "he.txt").write_text("א) זהו הסעיף האחד, ב) שתיים", "utf-8")
    made = command("prepare", "text:he.txt", "--alphabet", "he.json")
    assert made.returncode == 0, made.stderr
    assert "(" in json.loads((tmp_path / "he.json").read_text("utf-8"))["characters"]
    data = ["--data", "listing:labels.tsv", "--validation", "listing:labels.tsv"]
    trained = command("train", "--config", TINY, *data, "--alphabet", "he.json", "--output", "run", "--budget", "1s")
    assert trained.returncode == 0, trained.stderr
    assert "0 left out" in trained.stderr


def test_what_has_no_text_makes_no_alphabet(command: Command, tmp_path: Path) -> None:
    """An empty or wrong file would be found hours later."""
    (tmp_path / "empty.txt").write_text("\n\n")
    (tmp_path / "latin.txt").write_bytes("déjà vu".encode("latin-1"))
    assert "no text" in refusal(command("prepare", "text:empty.txt", "--alphabet", "a.json"))
    assert "not UTF-8" in refusal(command("prepare", "text:latin.txt", "--alphabet", "a.json"))
    assert "nowhere.txt" in refusal(command("prepare", "text:nowhere.txt", "--alphabet", "a.json"))
    assert "no images" in refusal(command("prepare", "text:latin.txt", "--output", "x.pkl", "--alphabet", "a.json"))
    assert "--output NAME.rec" in refusal(command("prepare", "text:empty.txt"))
    assert not (tmp_path / "a.json").exists()


def test_a_normalization_holds_from_labels_to_scores(labels: str, command: Command, tmp_path: Path) -> None:
    """The network writes abc; labels that say ａｂｃ would be skipped in training and wrong in every score."""
    need_mxnet()
    made = command("prepare", labels, "--alphabet", "a.json", "--normalization", "NFKC")
    assert made.returncode == 0, made.stderr
    assert json.loads((tmp_path / "a.json").read_text("utf-8"))["characters"] == list("abcde")
    arguments = ["--config", TINY, "--init", LETTERS, "--alphabet", "a.json", "--data", labels, "--validation", labels]
    trained = command("train", *arguments, "--output", "run", "--budget", "1s")
    assert "0 left out" in trained.stderr
    assert json.loads((tmp_path / "run" / "scores.json").read_text())["exact_rate"]["value"] > 0.9
    exported = command("export", "run", "--output", "mine.zip")
    assert exported.returncode == 0, exported.stderr
    scored = command("evaluate", "--model", "mine.zip", "--data", labels, "--json")
    assert json.loads(scored.stdout)["exact_rate"]["value"] > 0.9
