"""`adapt`: a model learns a hand from lines that nobody has transcribed."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from letters import LETTERS, draw
from needs_mxnet import need_mxnet
from PIL import Image
from support import PROJECT, TINY

need_mxnet()

import gluon_htr
from gluon_htr import _command, adapt, language
from gluon_htr.adaptation.lines import confident, read_lines
from gluon_htr.text.metrics import cer

Run = Callable[..., tuple[int, str, str]]
WORDS = (
    "abed", "babe", "bade", "bead", "cede", "deed", "decade", "added", "cab", "ace", "bad", "dab", "dead", "beaded"
)  # fmt: skip


def slanted(text: str) -> Image.Image:
    """A word in another hand: it leans."""
    return draw(text).transform((64, 16), Image.Transform.AFFINE, (1, 0.25, -2, 0, 1, 0), fillcolor=255)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(main: Callable[..., int], *words: object) -> tuple[int, str, str]:
        return (_command.main(main, [str(word) for word in words]), *capsys.readouterr())

    return run


@pytest.fixture
def model(run: Run, tmp_path: Path) -> Path:
    """A language model of the words."""
    (tmp_path / "words.txt").write_text("\n".join(WORDS * 60), "utf-8")
    assert run(language.main, "words.txt", "--order", 4, "--language", "xx", "--output", "xx.lm")[0] == 0
    return tmp_path / "xx.lm"


@pytest.fixture
def hand(tmp_path: Path) -> Path:
    """Pictures of words in another hand; their texts are in their names."""
    folder = tmp_path / "hand"
    folder.mkdir()
    for number, word in enumerate(random.Random(0).choices(WORDS, k=90)):
        slanted(word).save(folder / f"{number:03d}-{word}.png")
    return folder


def error_rate(model: str | Path) -> float:
    """The CER of a model on words of that hand."""
    reader = gluon_htr.load(model)
    return cer(list(WORDS), [reader.read(np.asarray(slanted(word)), whole=True).text for word in WORDS])


def test_a_model_learns_a_hand_from_pictures_alone(run: Run, hand: Path, model: Path, tmp_path: Path) -> None:
    """Nobody wants to type a hundred lines first."""
    config = TINY.read_text("utf-8").replace("epochs = 3", "epochs = 30").replace("rate = 0.01", "rate = 0.003")
    (tmp_path / "own.toml").write_text(config, "utf-8")
    status, printed, told = run(
        adapt.main, hand, "--lines", "--model", LETTERS, "--config", "own.toml", "--language-model", model,
        "--output", "mine.zip", "--budget", "5m",
    )  # fmt: skip
    assert status == 0, told
    assert printed.startswith("mine.zip: adapted to")
    held = re.findall(r"lines; (\d+) are held out", told)
    assert len(held) == 2
    assert held[0] == held[1]
    before, after = error_rate(LETTERS), error_rate("mine.zip")
    assert after < 0.8 * before, (before, after, told)
    table = (tmp_path / "mine" / "labels.tsv").read_text("utf-8").splitlines()
    assert len(table) == 91, "a row for each picture, for a person who corrects them"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["mine", "mine.zip", "hand", "words.txt", "xx.lm", "own.toml"]
    ), "nothing else is left"
    status, _, told = run(adapt.main, hand, "--lines", "--output", "mine.zip")
    assert status == 2
    assert "mine" in told


def test_a_hand_is_learned_from_whole_pages(run: Run, tmp_path: Path) -> None:
    """The command of the README would be one for pictures of single lines alone."""
    pytest.importorskip("shapely")
    letters = [str(shutil.copy(PROJECT / "examples" / "page.jpg", tmp_path / f"{k}.jpg")) for k in range(4)]
    status, _, told = run(
        adapt.main, *letters, "--model", "latin-lines-fast", "--language", "en", "--output", "mine.zip",
        "--budget", "6s",
    )  # fmt: skip
    assert status in (0, 1), told  # so short a training may be no better beyond chance
    assert re.search(r"learns from its readings of \d+ of 4[4-8] lines; 10 are held out", told), told
    assert "10 held-out lines: perplexity" in told
    assert (tmp_path / "mine.zip").is_file() == (status == 0)


def test_a_hand_that_is_read_well_keeps_its_model(run: Run, model: Path, tmp_path: Path) -> None:
    """What is learned from one's own readings may be worse than what was known before."""
    (tmp_path / "known").mkdir()
    for number, word in enumerate(WORDS * 4):
        draw(word).save(tmp_path / "known" / f"{number:03d}.png")
    status, printed, told = run(
        adapt.main, "known", "--lines", "--model", LETTERS, "--config", TINY, "--language-model", model,
        "--output", "same.zip", "--budget", "3s",
    )  # fmt: skip
    assert status == 1, told
    assert printed == f"nothing is kept: it cannot be told that it reads better than {LETTERS}\n"
    assert not (tmp_path / "same.zip").exists()


@pytest.mark.parametrize(("count", "learned_from"), [(39, 39), (40, 40), (43, 40), (60, 54)])
def test_the_least_confident_are_left_out_where_enough_remain(hand: Path, count: int, learned_from: int) -> None:
    """Who gave the 40 lines that were asked for was asked for 40 lines."""
    files = sorted(hand.iterdir())[:count]
    read = read_lines([(file, "hand") for file in files], gluon_htr.load(LETTERS))
    assert len(confident(read)) == learned_from


def test_a_few_lines_are_refused(run: Run, model: Path, hand: Path, tmp_path: Path) -> None:
    """Of so few, nothing could be held out."""
    few = sorted(hand.iterdir())[:30]
    status, printed, told = run(
        adapt.main, *few, "--lines", "--model", LETTERS, "--language-model", model, "--output", "few.zip"
    )
    assert (status, printed) == (2, "")
    assert "30 lines can be read with some confidence, of 30" in told
    assert not (tmp_path / "few.zip").exists()


def test_a_language_that_is_not_known_is_told(run: Run, hand: Path, tmp_path: Path) -> None:
    """A model of another language would correct right letters."""
    status, _, told = run(adapt.main, hand, "--lines", "--model", LETTERS, "--output", "mine.zip")
    assert status == 2
    assert "like none of the languages en, fr" in told
    assert "--language" in told
    assert not (tmp_path / "mine").exists(), "the command with --language would be refused"


def test_pages_are_cut_into_their_lines(run: Run, tmp_path: Path) -> None:
    """The same lines are learned from that `read` would read."""
    page = Path(__file__).parents[2] / "examples" / "page.jpg"
    status, _, told = run(adapt.main, page, tmp_path / "missing.jpg", "--language", "en", "--output", "mine.zip")
    assert status == 2
    assert "missing.jpg" in told
    lines = gluon_htr.load_reader().read(page).lines
    assert f"of {len(lines)}: too few" in told
    assert not (tmp_path / "mine").exists()
