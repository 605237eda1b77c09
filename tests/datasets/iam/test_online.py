"""IAM-OnDB, from its archives or its folders, whole or damaged."""

from __future__ import annotations

import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
from support import SAMPLE, prepare, write_tar

pytest.importorskip("cv2")

from gluon_htr.datasets.iam.online import IamOnlineOptions, IamOnlineReader, parse_text
from gluon_htr.datasets.iam.online_spacing import naturally_spaced
from gluon_htr.datasets.iam.reader import aachen_forms
from gluon_htr.datasets.iam.strokes import parse_strokes
from gluon_htr.datasets.spec import open_spec, parse_spec
from gluon_htr.errors import AnnotationError, ImageError, MissingToolError
from gluon_htr.images.preprocessing import Preprocessing

PREPROCESSING = Preprocessing(mode="height", height=32, width=512)
ALL = IamOnlineOptions()


def session(*strokes: str) -> bytes:
    """A line's XML; each stroke as `x,y,time x,y,time …`."""
    drawn = ""
    for stroke in strokes:
        points = (point.split(",") for point in stroke.split())
        drawn += "<Stroke>" + "".join(f'<Point x="{x}" y="{y}" time="{t}"/>' for x, y, t in points) + "</Stroke>"
    return f"<WhiteboardCaptureSession><StrokeSet>{drawn}</StrokeSet></WhiteboardCaptureSession>".encode()


HOUSE = session("700,1100,14920920.04 900,800,14920920.07 1100,1100,14920920.11", "800,1100,14920921.04")


def form(root: Path, name: str, text: str, lines: dict[int, bytes]) -> Path:
    """A form in the official layout."""
    number = name.rstrip("uvwxyz")
    for part in ("ascii", "lineStrokes"):
        (root / part / name[:3] / number).mkdir(parents=True, exist_ok=True)
    (root / "ascii" / name[:3] / number / f"{name}.txt").write_bytes(text.encode("latin-1"))
    for line, content in lines.items():
        (root / "lineStrokes" / name[:3] / number / f"{name}-{line:02}.xml").write_bytes(content)
    return root


def official_sample() -> Path:
    if not SAMPLE.is_dir():
        pytest.skip("the official sample, ../shared/data/sample, is not here")
    return SAMPLE / "iam-online"


def test_the_official_archives_are_read_whole(tmp_path: Path) -> None:
    """Lines would be lost, or drawn beside another line's text, or folders would give other data than archives."""
    packed = {s.id: s for s in IamOnlineReader(official_sample(), ALL)}
    assert len(packed) == 29
    assert packed["a01-000u-01"].text == "A MOVE to stop Mr. Gaitskell"
    for name in ("ascii", "lineStrokes"):
        with tarfile.open(official_sample() / f"{name}-all.tar.gz") as tar:
            tar.extractall(tmp_path, filter="data")
    unpacked = {s.id: s for s in IamOnlineReader(tmp_path, ALL)}
    assert {i: (s.text, s.group) for i, s in unpacked.items()} == {i: (s.text, s.group) for i, s in packed.items()}
    assert np.array_equal(packed["a01-000u-01"].image(), unpacked["a01-000u-01"].image())


def test_a_line_s_width_follows_its_text() -> None:
    """Texts that slipped by one line would train nonsense; the images alone cannot show it."""
    lines = list(IamOnlineReader(official_sample(), ALL).lines())
    widths = [np.ptp(np.concatenate(line.strokes)[:, 0]) for line in lines]
    assert np.corrcoef(widths, [len(line.text) for line in lines])[0, 1] > 0.7


def test_worker_processes_draw_the_lines(tmp_path: Path) -> None:
    """Samples that cannot be sent to another process could not be prepared or trained on."""
    root = form(tmp_path, "a01-000u", "CSR:\n\nhouse\n", {1: HOUSE})
    (sample,) = open_spec(parse_spec(f"iam-online:{root}"))
    image = sample.image()
    assert image.dtype == np.uint8
    assert image.min() < 64
    assert np.array_equal(image, sample.image())
    assert prepare(IamOnlineReader(root, ALL), PREPROCESSING, workers=1).texts == ["house"]


def test_times_count_from_the_line_s_beginning() -> None:
    """The clock's ten digits do not fit float32: all points of a stroke would have one time."""
    first, dot = parse_strokes(HOUSE)
    assert first.dtype == np.float32
    assert first.shape == (3, 3)
    assert np.allclose(first[:, 2], [0, 0.03, 0.07], atol=1e-6)
    assert dot.tolist() == [[800, 1100, 1]]


def test_the_corrected_text_is_taken_and_nothing_else() -> None:
    """What a program misread would be learned as the truth."""
    assert parse_text("OCR:\r\n\r\nCafo\r\n\r\nCSR:\r\n\r\nCaf\xe9  noir \r\n\r\nau lait\r\n".encode("latin-1")) == [
        "Café noir",
        "au lait",
    ]
    assert parse_text(b"OCR:\nonly this") == []


def test_two_lines_in_one_are_parted() -> None:
    """Form a08-551z would have eight texts for its nine lines."""
    assert parse_text(b"CSR:\nankle bone %%%%%%%%%%% pinned.\nup 100 %") == ["ankle bone", "pinned.", "up 100 %"]


def test_spacing_is_natural_and_the_transcription_on_demand(tmp_path: Path) -> None:
    """A tenth of the lines would teach blanks before full stops, and cost every score half a point."""
    root = form(tmp_path, "a01-000u", 'CSR:\nMr . Foot said , " I\n', {1: HOUSE})
    assert [s.text for s in IamOnlineReader(root, ALL)] == ['Mr. Foot said, "I']
    transcribed = IamOnlineReader(root, IamOnlineOptions(text="transcribed"))
    assert [s.text for s in transcribed] == ['Mr . Foot said , " I']


@pytest.mark.parametrize(
    ("lines", "natural"),
    [
        (["She 'd go , it ' s late .", "he doesn ' t"], ["She'd go, it's late.", "he doesn't"]),
        (['said , " I', 'won \' t . " " No'], ['said, "I', 'won\'t." "No']),
        (['" Yes, indeed. "', 'a " D " key'], ['"Yes, indeed."', 'a "D" key']),
        (['generations ." he', "( both )", "wait ... ?"], ['generations." he', "(both)", "wait...?"]),
        (
            ['"He is," she said. "Why?"', "the boys' 'best' - 5 x 3"],
            ['"He is," she said. "Why?"', "the boys' 'best' - 5 x 3"],
        ),
        ([""], [""]),
    ],
)
def test_spacing_rule(lines: list[str], natural: list[str]) -> None:
    """Labels would differ from what stands on the whiteboard."""
    assert naturally_spaced(lines) == natural


def test_more_stroke_files_than_texts_are_never_misaligned(tmp_path: Path) -> None:
    """From the line without a text on, every line would get its neighbor's."""
    form(tmp_path, "a01-000u", "CSR:\nfirst\nthird\n", dict.fromkeys((1, 2, 3), HOUSE))
    form(tmp_path, "a01-003", "CSR:\nfirst\nsecond\nthird\n", dict.fromkeys((1, 3), HOUSE))
    reader = IamOnlineReader(tmp_path, ALL)
    assert [(s.id, s.text) for s in reader] == [("a01-003-01", "first"), ("a01-003-03", "third")]
    assert len(reader) == 2
    assert [p.id for p in reader.problems] == ["a01-000u-01", "a01-000u-02", "a01-000u-03", "a01-003-02"]
    assert reader.problems[0].reason == "is of a form with 3 stroke files for 2 lines of text"


def test_splits_are_the_official_lists(tmp_path: Path) -> None:
    """Scores would be of lines that were trained on."""
    for name in ("a01-000u", "a01-003", "b01-000x"):
        form(tmp_path, name, "CSR:\nhouse\n", {1: HOUSE})
    (tmp_path / "trainset.txt").write_text("a01-000u\na01-009z\n")
    (tmp_path / "testset_v.txt").write_text("a01-003\n")
    train = IamOnlineReader(tmp_path, IamOnlineOptions(split="train"))
    assert [s.id for s in train] == ["a01-000u-01"]
    assert [(p.id, p.reason) for p in train.problems] == [("a01-009z", "has no strokes")]
    assert [s.id for s in IamOnlineReader(tmp_path, IamOnlineOptions(split="validation-v"))] == ["a01-003-01"]
    with pytest.raises(AnnotationError, match=r"testset_t\.txt is missing"):
        IamOnlineReader(tmp_path, IamOnlineOptions(split="validation-t"))


def test_writers_are_known_from_whole_recordings(tmp_path: Path) -> None:
    """A split by group would put one writer's forms on both sides."""
    for name in ("a01-000u", "a01-003"):
        form(tmp_path, name, "CSR:\nhouse\n", {1: HOUSE})
    recording = tmp_path / "original" / "a01" / "a01-000" / "strokesu.xml"
    recording.parent.mkdir(parents=True)
    recording.write_text('<WhiteboardCaptureSession><General><Form id="125" writerID="10144"/></General>')
    assert [s.group for s in IamOnlineReader(tmp_path, ALL)] == ["10144", "a01-003"]


BROKEN = {
    "empty": b"",
    "not XML": b"strokes",
    "without strokes": session(),
    "not numbers": session("a,b,c"),
    "not a number": session("1,nan,0"),
    "far away": session("1,1e30,0 0,0,0"),
    "without coordinates": b"<StrokeSet><Stroke><Point time='1'/></Stroke></StrokeSet>",
    "billion laughs": b'<!DOCTYPE f [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><StrokeSet>&b;</StrokeSet>',
    "external entity": b'<!DOCTYPE f [<!ENTITY a SYSTEM "file:///etc/passwd">]><StrokeSet>&a;</StrokeSet>',
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_or_hostile_file_costs_its_line_alone(content: bytes, tmp_path: Path) -> None:
    """One file of 12,000 would stop a training, fill the memory, or read local files."""
    root = form(tmp_path, "a01-000u", "CSR:\nbad\ngood\n", {1: content, 2: HOUSE})
    store = prepare(IamOnlineReader(root, ALL), PREPROCESSING, workers=0)
    assert store.ids == ["a01-000u-02"]
    assert [problem.id for problem in store.problems] == ["a01-000u-01"]
    reader = IamOnlineReader(root, ALL)
    assert [line.id for line in reader.lines()] == ["a01-000u-02"]
    assert [problem.id for problem in reader.problems] == ["a01-000u-01"]


def test_a_file_that_vanished_is_an_error_of_its_line(tmp_path: Path) -> None:
    """A disk that is unmounted would end in a traceback."""
    root = form(tmp_path, "a01-000u", "CSR:\nhouse\n", {1: HOUSE})
    (sample,) = IamOnlineReader(root, ALL)
    next((root / "lineStrokes").rglob("*.xml")).unlink()
    with pytest.raises(ImageError, match="cannot be read"):
        sample.image()


def test_without_opencv_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever only reads has no OpenCV, and would get a traceback for scoring a bundle on pen strokes."""
    (sample,) = IamOnlineReader(form(tmp_path, "a01-000u", "CSR:\nhouse\n", {1: HOUSE}), ALL)
    monkeypatch.setitem(sys.modules, "cv2", None)
    monkeypatch.delitem(sys.modules, "gluon_htr.images.ink", raising=False)
    with pytest.raises(MissingToolError, match="OpenCV"):
        sample.image()


def test_a_folder_without_it_says_what_to_do(tmp_path: Path) -> None:
    """A wrong path would be an empty training set."""
    with pytest.raises(AnnotationError, match="download --dataset iam-online"):
        IamOnlineReader(tmp_path, ALL)
    write_tar(tmp_path / "ascii-all.tar.gz", {"ascii/a01/a01-000/a01-000u.txt": b"CSR:\nhouse\n"})
    with pytest.raises(AnnotationError, match="no lineStrokes"):
        IamOnlineReader(tmp_path, ALL)
    with pytest.raises(
        AnnotationError, match="no usable line of split=all: a01-000u-01 is of a form with 1 stroke files"
    ):
        IamOnlineReader(form(tmp_path, "a01-000u", "CSR:\n", {1: HOUSE}), ALL)


def test_variants_are_other_drawings_of_the_same_line(tmp_path: Path) -> None:
    """A training would see every line in one hand only, or other lines at each packing."""
    root = form(tmp_path, "a01-000u", "CSR:\nhouse\nhut\n", {1: HOUSE, 2: HOUSE})
    varied, again, plain = (
        list(open_spec(parse_spec(f"iam-online:{root}{query}"))) for query in ("?variants=3", "?variants=3", "")
    )
    assert [sample.text for sample in varied] == ["house"] * 3 + ["hut"] * 3
    assert len({sample.id for sample in varied}) == 6
    drawings = [sample.image() for sample in varied]
    assert not any(np.array_equal(drawings[0], other) for other in (*drawings[1:], plain[0].image()))
    assert all(np.array_equal(drawing, sample.image()) for drawing, sample in zip(drawings, again))


def test_prompts_of_the_aachen_forms_can_be_left_out(tmp_path: Path) -> None:
    """A model would have read the texts of the forms that it is scored on."""
    (prompt,) = {name for name in aachen_forms("validation") if name == "d01-024"}
    for name in (f"{prompt}z", "a01-000u"):
        form(tmp_path, name, "CSR:\n\nHouse\n", {1: HOUSE})
    (tmp_path / "trainset.txt").write_text(f"{prompt}z\na01-000u\n")
    found = IamOnlineReader(tmp_path, IamOnlineOptions(prompts="unseen", split="train"))
    assert [sample.id for sample in found] == ["a01-000u-01"]
    assert len(IamOnlineReader(tmp_path, IamOnlineOptions(split="train"))) == 2
