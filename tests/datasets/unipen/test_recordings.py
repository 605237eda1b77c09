"""UNIPEN's official format: real recordings, and what a file may say wrongly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support import SAMPLE

pytest.importorskip("cv2")

from gluon_htr.datasets.sample import Problem
from gluon_htr.datasets.spec import open_spec, parse_spec
from gluon_htr.datasets.unipen.format import Recording, read_recording
from gluon_htr.datasets.unipen.reader import UnipenOptions, is_held_out, open_unipen
from gluon_htr.datasets.unipen.recordings import read_recordings
from gluon_htr.errors import AnnotationError

DOCUMENT = ".VERSION 1.0\r\n.COORD X Y\n.X_POINTS_PER_INCH 100\n.Y_POINTS_PER_INCH 200\n"
PEN = (
    "words before\n.WRITER_ID  ab\n.PEN_DOWN\n0 0\n10 -40\n.PEN_UP\n"
    ".PEN_DOWN\n20 0\n30 -20\n.PEN_UP\n25 0\n.PEN_DOWN\n5 5\n"
)


def recorded(root: Path, segments: str, pen: str = PEN, category: str = "7") -> Path:
    """A recording in the official layout, with its document and its pen data included."""
    for name, content in (
        (f"data/{category}/abc/one.dat", f".INCLUDE abc/abc.doc\n.INCLUDE abc/data/one.dat\n{segments}"),
        ("include/abc/abc.doc", f".COMMENT latin\xe4\n {DOCUMENT}"),
        ("include/abc/data/one.dat", pen),
    ):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("latin-1"))
    return root


def read(root: Path) -> Recording:
    return read_recording(root / "data/7/abc/one.dat", root / "include")


def official_sample() -> Path:
    if not (SAMPLE / "unipen").is_dir():
        pytest.skip("the official sample, ../shared/data/sample, is not here")
    return SAMPLE / "unipen"


@pytest.mark.parametrize(
    ("part", "count", "texts"),
    [
        ("text", 11, {"He's very quiet and he's never lazy.", "Paul lauft im Zickzack", "pitter-patter"}),
        ("words", 93, {"flying", "German", "D-", "coffee", "about"}),
        ("characters", 261, {"A", "z", "-"}),
    ],
)
def test_the_official_sample_is_read_whole(part: str, count: int, texts: set[str]) -> None:
    """Labels would belong to other strokes, or contributions with a dialect of their own be lost."""
    reader = open_spec(parse_spec(f"unipen:{official_sample()}?part={part}"))
    samples = list(reader)
    assert len(samples) == count
    assert texts <= {sample.text for sample in samples}
    assert all("several lines" in problem.reason for problem in reader.problems)
    for sample in samples[:: max(1, count // 15)]:
        assert sample.image().min() < 60, sample.id


def test_letters_are_as_wide_as_they_were_written() -> None:
    """Strokes of a wrong component would be drawn beside the label: here all of a line's, or those of one letter."""
    by_text = {s.text: s for s in open_spec(parse_spec(f"unipen:{official_sample()}?part=words"))}
    wide = {text: np.divide(*by_text[text].image().shape[::-1]) for text in ("preparations", "to", "about", "in")}
    assert wide["preparations"] > 2 * wide["to"]
    assert 1 < wide["about"] < 5


def test_components_are_counted_as_contributors_do(tmp_path: Path) -> None:
    """Counting empty ones shifts the labels of most contributions."""
    recording = read(recorded(tmp_path, '.SEGMENT WORD 0-1,3 OK "a\\"b"\n.SEGMENT WORD 0:1-1:0 ? "c"\n'))
    assert recording.writer == "ab"
    assert [component.down.all() for component in recording.components] == [True, True, False, True]
    whole, piece = recording.segments
    assert (whole.label, piece.label) == ('a"b', "c")
    strokes = recording.strokes(whole)
    assert [len(stroke) for stroke in strokes] == [2, 2, 1]
    np.testing.assert_allclose(strokes[0], [(0, 0), (10, 20)])  # y points up, in units half as large
    assert [stroke.tolist() for stroke in recording.strokes(piece)] == [[[10, 20]], [[20, 0]]]


def test_a_pressure_of_zero_lifts_the_pen(tmp_path: Path) -> None:
    """Two contributions would have all of a line in one stroke, with the ways between its words."""
    pen = ".COORD X Y T P\n.PEN_DOWN\n0 0 0 5\n1 0 1 5\n2 0 2 0\n3 0 3 0\n4 0 4 7\n"
    recording = read(recorded(tmp_path, '.SEGMENT WORD 0 ? "ab"\n', pen))
    assert [len(stroke) for stroke in recording.strokes(recording.segments[0])] == [2, 1]


@pytest.mark.parametrize(
    ("segments", "pen", "says"),
    [
        ('.SEGMENT WORD 0-9 ? "a"\n', PEN, "names component 9 of 4"),
        ('.SEGMENT WORD 2 ? "a"\n', PEN, "has no strokes"),
        ('.SEGMENT WORD 0-0-1 ? "a"\n', PEN, "not components"),
        ('.SEGMENT WORD 0 ? "  "\n', PEN, "has no text"),
        ('.SEGMENT WORD 0 ? "a"\n', ".PEN_DOWN\n0 x\n", "not numbers"),
        ('.SEGMENT WORD 0 ? "a"\n', ".COORD X T\n.PEN_DOWN\n0 0\n", "without X and Y"),
        ('.INCLUDE ../../etc/passwd\n.SEGMENT WORD 0 ? "a"\n', PEN, "out of its folder"),
        ('.INCLUDE abc/none.dat\n.SEGMENT WORD 0 ? "a"\n', PEN, "none.dat cannot be read"),
        (".INCLUDE abc/abc.doc\n", ".INCLUDE abc/data/one.dat\n", "files deep"),
    ],
)
def test_what_cannot_be_is_named_and_left_out(tmp_path: Path, segments: str, pen: str, says: str) -> None:
    """One bad file of thousands would end the reading, read files outside of its folder, or never end."""
    problems: list[Problem] = []
    assert list(read_recordings(recorded(tmp_path, segments, pen), "words", problems)) == []
    (problem,) = problems
    assert says in problem.reason
    assert problem.id.startswith("7/abc/one")


def test_texts_of_several_lines_are_left_out(tmp_path: Path) -> None:
    """Two lines would be drawn into one image, with the text of both."""
    line = "".join(f".PEN_DOWN\n{x} 0\n{x + 9} 20\n{x + 10} 0\n" for x in range(0, 100, 20))
    below = line.replace(" 0\n", " -60\n").replace(" 20\n", " -40\n")
    segments = '.SEGMENT TEXT 0-4 ? "one line"\n.SEGMENT TEXT 0-9 ? "one line another"\n'
    problems: list[Problem] = []
    root = recorded(tmp_path, segments, line + below, category="8")
    (item,) = read_recordings(root, "text", problems)
    assert (item.label, item.group, item.id) == ("one line", "abc/one", "8/abc/one#0")
    assert [problem.reason for problem in problems] == ["has several lines"]
    assert np.ptp(np.concatenate(item.strokes)[:, 1]) == pytest.approx(200)


def test_writers_are_held_out_whole_and_the_archive_may_be_nested(tmp_path: Path) -> None:
    """A writer would be in training and validation, or the unpacked archive not be found."""
    root = recorded(tmp_path / "CDROM" / "unipen" / "CDROM" / "train_r01_v07", '.SEGMENT WORD 0 ? "a"\n')
    held = is_held_out("abc/ab")
    split, other = ("validation", "train") if held else ("train", "validation")
    assert len(open_unipen(tmp_path, UnipenOptions(part="words", split=split))) == 1  # type: ignore[arg-type]
    with pytest.raises(AnnotationError, match=f"split={other}"):
        open_unipen(root, UnipenOptions(part="words", split=other))  # type: ignore[arg-type]
    writers = [f"w{number}" for number in range(1000)]
    assert 70 < sum(map(is_held_out, writers)) < 130
