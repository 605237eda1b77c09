"""`gluon-htr synthesize`, as a user calls it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from characters import write_emnist
from letters import draw
from support import command_environment, refusal

pytest.importorskip("cv2")
pytest.importorskip("HersheyFonts")

from gluon_htr import synthesize
from gluon_htr.datasets.spec import open_spec, parse_spec
from gluon_htr.datasets.writing.lines import endless
from gluon_htr.errors import DataError, HtrError, UsageError

SPEC = "fonts:hershey?texts=words&count=70"


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def written(labels: Path) -> bool:
    return labels.exists() and labels.stat().st_size > 0


def make(spec: str, output: Path, count: int) -> None:
    assert synthesize.main([spec, "--output", str(output), "--count", str(count), "--workers", "0"]) == 0


def test_what_is_written_is_what_listing_reads(command, tmp_path):
    """Generated lines could be looked at and nothing else, or be trained on with other texts."""
    result = command("synthesize", SPEC, "--output", "lines", "--count", "12", "--workers", "0")
    assert (result.returncode, result.stdout) == (0, "lines: 12 lines, 0 left out\n"), result.stderr
    made = list(islice(open_spec(parse_spec(SPEC)), 12))
    read = open_spec(parse_spec(f"listing:{tmp_path / 'lines' / 'labels.tsv'}?group=group"))
    found = list(read)
    assert not read.problems
    assert [(sample.text, sample.group) for sample in found] == [(sample.text, sample.group) for sample in made]
    assert all(np.array_equal(one.image(), other.image()) for one, other in zip(found, made))


def test_killed_and_repeated_nothing_is_lost_and_nothing_doubled(command, tmp_path):
    """Whoever makes a million lines would have to start anew, or train on some of them twice."""
    arguments = [sys.executable, "-m", "gluon_htr.synthesize", SPEC, "--output", "killed", "--paper", "0.3"]
    labels = tmp_path / "killed" / "labels.tsv"
    with subprocess.Popen([*arguments, "--workers", "1"], cwd=tmp_path, env=command_environment()) as process:
        deadline = time.monotonic() + 50
        while not written(labels) and time.monotonic() < deadline:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    assert written(labels)
    assert len(labels.read_bytes().splitlines()) < 70
    with open(labels, "ab") as file:
        file.write(b"images/000/00000")  # a row that the kill cut off
    for arguments in (["killed", "--workers", "1"], ["whole", "--workers", "0"]):
        result = command("synthesize", SPEC, "--paper", "0.3", "--json", "--output", *arguments)
        assert json.loads(result.stdout)["lines"] == 70, result.stderr
    assert files(tmp_path / "killed") == files(tmp_path / "whole")


def test_more_lines_of_the_same(tmp_path):
    """A set that turns out too small would have to be made anew."""
    for output, count, *more in (("grown", 3), ("grown", 3), ("grown", 5), ("whole", 5), ("other", 5, "--seed", 1)):
        given = ["--output", tmp_path / output, "--count", count, "--workers", 0, *more]
        assert synthesize.main([SPEC, *map(str, given)]) == 0
    grown, whole, other = (files(tmp_path / name) for name in ("grown", "whole", "other"))
    assert grown == whole
    assert other.keys() == whole.keys()
    assert other["labels.tsv"] != whole["labels.tsv"]


def test_rows_may_stand_in_any_order(tmp_path):
    """Whoever sorts the labels by their texts would get some lines twice."""
    make(SPEC, tmp_path / "lines", 12)
    labels = tmp_path / "lines" / "labels.tsv"
    rows = labels.read_bytes().splitlines(keepends=True)
    labels.write_bytes(b"".join(sorted(rows, key=lambda row: row.split(b"\t")[1])))
    make(SPEC, tmp_path / "lines", 15)
    make(SPEC, tmp_path / "whole", 15)
    assert sorted(labels.read_bytes().splitlines()) == (tmp_path / "whole" / "labels.tsv").read_bytes().splitlines()


def test_texts_of_other_data_may_have_tabs(command, tmp_path):
    """Rows would be written that the same command refuses."""
    for name in ("a", "b"):
        draw(name).save(tmp_path / f"{name}.png")
    (tmp_path / "labels.txt").write_text("a.png one\nb.png two\twords\n")
    for count in ("1", "2"):
        result = command("synthesize", "listing:labels.txt", "--output", "lines", "--count", count, "--workers", "0")
        assert (result.returncode, result.stdout) == (0, f"lines: {count} lines, 0 left out\n"), result.stderr
    result = command("synthesize", "listing:labels.txt", "--output", "lines", "--workers", "0")
    assert result.stdout == "lines: 2 lines, 0 left out\n", result.stderr
    assert [sample.text for sample in open_spec(parse_spec(f"listing:{tmp_path / 'lines'}"))] == ["one", "two words"]


@pytest.mark.parametrize(
    ("row", "words"),
    [("mine.png\tmine\n", "line 4 is not a row"), ("images/000/0000001.png\tx\ty\n", "line 4 occurs twice")],
)
def test_a_broken_row_is_told_and_stays(command, tmp_path, row, words):
    """Somebody's own row would be a traceback, or be lost."""
    make(SPEC, tmp_path / "lines", 3)
    labels = tmp_path / "lines" / "labels.tsv"
    with open(labels, "a", encoding="utf-8") as file:
        file.write(row)
    content = labels.read_bytes()
    assert words in refusal(command("synthesize", SPEC, "--output", "lines", "--count", "5"))
    assert labels.read_bytes() == content


def test_one_command_at_a_time(command, tmp_path):
    """The same command given twice would write every line twice."""
    arguments = [sys.executable, "-m", "gluon_htr.synthesize", SPEC.replace("70", "100000"), "--output", "many"]
    with subprocess.Popen([*arguments, "--workers", "1"], cwd=tmp_path, env=command_environment()) as process:
        deadline = time.monotonic() + 50
        while not written(tmp_path / "many" / "labels.tsv") and time.monotonic() < deadline:
            time.sleep(0.01)
        told = refusal(command("synthesize", *arguments[3:]))
        process.kill()
    assert told == "error: many is being written by another command: wait until it ends"


def test_a_corpus_that_has_changed_is_told(tmp_path):
    """A set would be of two halves that do not belong together, and no seed would make it again."""
    book, output = tmp_path / "book.txt", tmp_path / "lines"
    spec = f"fonts:hershey?texts=lines&corpus={book}"
    book.write_text("We were somewhere near the river when the hands took hold, and so we wrote it down. " * 9)
    make(spec, output, 4)
    book.write_text("Nobody had told us that there would be rain, and still it rained for seven long days. " * 9)
    with pytest.raises(UsageError, match=r"line 0 would now be '.*--output"):
        make(spec, output, 6)
    assert len((output / "labels.tsv").read_bytes().splitlines()) == 4


def test_a_mistake_may_be_corrected(tmp_path):
    """The right command would be refused for the sake of lines that were never written."""
    with pytest.raises(DataError, match="nowhere does not exist"):
        make("fonts:nowhere", tmp_path / "lines", 3)
    assert not (tmp_path / "lines").exists()
    (tmp_path / "lines").mkdir()
    (tmp_path / "lines" / "synthesis.json").write_text('{"spec": "fonts:nowhere"}')
    make(SPEC, tmp_path / "lines", 3)
    make(SPEC, tmp_path / "whole", 3)
    assert files(tmp_path / "lines") == files(tmp_path / "whole")


def test_lines_of_another_plan_are_one_line_of_error(command, tmp_path):
    """Two kinds of lines would be mixed in one folder."""
    assert synthesize.main([SPEC, "--output", str(tmp_path / "lines"), "--count", "1", "--workers", "0"]) == 0
    told = refusal(command("synthesize", SPEC, "--output", "lines", "--count", "1", "--seed", "9"))
    assert (
        "holds lines of fonts:hershey?texts=words&count=70 with seed 0, 0% on paper, by the engine own, not lines of"
        in told
    )


def test_what_is_somebody_s_own_stays(tmp_path):
    """A list made by hand would be overwritten, or numbers that make no sense be taken."""
    own = tmp_path / "mine" / "labels.tsv"
    own.parent.mkdir()
    own.write_text("my.png\tmine\n")
    for output, more, words in (
        (own.parent, [], "--output"),
        (own, [], "is a file"),
        (tmp_path / "x", ["--paper", "2"], "--paper 2"),
        (tmp_path / "x", ["--count", "0"], "--count 0"),
        (tmp_path / "x", ["--seed", "-1"], "--seed -1"),
    ):
        with pytest.raises(HtrError, match=words):
            synthesize.main([SPEC, "--output", str(output), "--workers", "0", *more])
    assert own.read_text() == "my.png\tmine\n"
    assert not (tmp_path / "x").exists()


def test_the_other_engine_is_asked_for_by_name(command, tmp_path):
    """Lines by another engine than was asked for, or a traceback where it is not installed."""
    fonts = pytest.importorskip("matplotlib").get_data_path() + "/fonts/ttf/DejaVuSans.ttf"
    arguments = [f"fonts:{fonts}?count=4&seed=3", "--engine", "trdg", "--workers", "0", "--output"]
    result = command("synthesize", *arguments, "one")
    if find_spec("trdg") is None:
        assert result.returncode == 3
        assert result.stderr.startswith("error: --engine trdg needs the package trdg")
        assert len(result.stderr.splitlines()) == 1
        assert not (tmp_path / "one").exists()
        return
    assert (result.returncode, result.stdout) == (0, "one: 4 lines, 0 left out\n"), result.stderr
    command("synthesize", *arguments, "two")
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_the_supply_is_endless():
    """Training that draws its lines on the way would end with the first `count`."""
    spec = parse_spec("fonts:hershey?count=2")
    lines = list(islice(endless(spec), 5))
    assert lines[:2] == list(open_spec(spec))
    assert len({sample.id for sample in lines}) == 5
    assert next(endless(spec, seed=7)).id.endswith("-7-0000000")
    with pytest.raises(UsageError, match="not generated"):
        endless(parse_spec("listing:x"))


def test_lines_of_single_characters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """EMNIST Lines could not be written, or not in the texts that the user gave."""
    root, book = write_emnist(tmp_path, "adehiln"), tmp_path / "book.txt"
    book.write_text("alan and helen hid\n" * 9)
    output = tmp_path / "lines"
    words = ["--characters", f"emnist:{root}?split=train", "--corpus", str(book), "--output", str(output)]
    assert synthesize.main([*words, "--count", "5", "--seed", "3", "--workers", "0"]) == 0
    assert capsys.readouterr().out == f"{output}: 5 lines, 0 left out\n"
    spec = parse_spec(synthesize.with_corpus(f"composed:emnist:{root}?split=train*0.9", str(book)))
    assert (spec.share, spec.options.corpus, spec.source and spec.source.options.split) == (0.9, str(book), "train")
    read = list(open_spec(parse_spec(f"listing:{output / 'labels.tsv'}")))
    assert len(read) == 5
    assert all(set(sample.text) <= set("adehiln ") for sample in read)
    assert any(" " in sample.text for sample in read)


@pytest.mark.parametrize("spec", ["recomposed:data/iam", "fonts:hershey?corpus=books"])
def test_a_corpus_where_none_can_be_used_is_refused(spec: str, tmp_path: Path) -> None:
    """The texts that the user gave would silently not be used."""
    with pytest.raises(UsageError, match="takes no corpus, or has one already"):
        synthesize.main([spec, "--corpus", "mine.txt", "--output", str(tmp_path / "lines")])
