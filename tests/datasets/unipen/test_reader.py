"""UNIPEN's packs: what is read, drawn and composed, and what is refused."""

from __future__ import annotations

import json
import lzma
import pickle
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from support import prepare

pytest.importorskip("cv2")

from gluon_htr.datasets.spec import open_spec, parse_spec
from gluon_htr.datasets.unipen.composing import COMPOSING, below, side_by_side
from gluon_htr.datasets.unipen.packs import PenSample, evenly_spaced
from gluon_htr.datasets.unipen.reader import UnipenOptions, UnipenReader, open_unipen
from gluon_htr.errors import AnnotationError, MissingToolError, SpecError
from gluon_htr.images.preprocessing import Preprocessing

PREPROCESSING = Preprocessing(mode="height", height=32, width=512)
STROKES = [[0, 0, 50, 0, 0, 50, 100, 100], [20, 180]]  # a line with two corners and a dot
ANY = {"quality": "", "size": None, "category": "7", "strokes": STROKES}


def item(number: int, label: str, writer: str = "cec/w001", **changes: object) -> dict[str, object]:
    return ANY | {"id": f"7/{writer}#{number}", "writer": writer, "split": "train", "label": label} | changes


def pack(root: Path, part: str, items: Iterable[dict[str, object] | str]) -> Path:
    """A pack as it is published."""
    rows = (row if isinstance(row, str) else json.dumps(row) for row in items)
    root.mkdir(parents=True, exist_ok=True)
    with lzma.open(root / f"unipen-{part}.jsonl.xz", "wt", encoding="utf-8") as file:
        file.write("\n".join(rows) + "\n")
    return root


def read(root: Path, **options: object) -> UnipenReader:
    reader = open_unipen(root, UnipenOptions(**options))  # type: ignore[arg-type]
    assert isinstance(reader, UnipenReader)
    return reader


def test_a_pack_is_drawn_line_by_line(tmp_path: Path) -> None:
    """Strokes would be another label's, or a writer be in training and validation."""
    rows = [item(0, "Boston"), item(1, "zum  Beispiel", "atu/w002", split="validation")]
    root = pack(tmp_path, "text", rows)
    (train,) = read(root, split="train")
    assert (train.id, train.text, train.group) == ("7/cec/w001#0", "Boston", "cec/w001")
    (validation,) = read(root, split="validation")
    assert (validation.text, validation.group) == ("zum Beispiel", "atu/w002")
    image = pickle.loads(pickle.dumps(train.image))()  # noqa: S301  worker processes draw
    assert image.dtype == np.uint8
    assert image.min() < 40
    assert image.max() == 255
    assert len(prepare(read(root), PREPROCESSING, workers=0)) == 2


def test_every_variant_is_another_hand(tmp_path: Path) -> None:
    """Several drawings of a line would teach no more than one."""
    root = pack(tmp_path, "words", [item(0, "on")])
    reader = read(root, part="words", variants=3)
    samples = list(reader)
    assert len(reader) == len({sample.id for sample in samples}) == 3
    images = [sample.image() for sample in samples]
    assert len({image.tobytes() for image in images}) == 3
    assert all(np.array_equal(a, s.image()) for a, s in zip(images, read(root, part="words", variants=3)))


def test_repeated_labels_are_thinned_out_over_their_writers(tmp_path: Path) -> None:
    """A model would learn the word lists of a few contributors by heart, in the first writer's hand."""
    rows = [item(k, "the", f"cec/w{k:03}") for k in range(30)] + [item(30, "rare")]
    root = pack(tmp_path, "words", rows)
    found = list(read(root, part="words", most=5))
    assert Counter(sample.text for sample in found) == {"the": 5, "rare": 1}
    assert [s.id for s in found] == [s.id for s in read(root, part="words", most=5)]
    assert {s.group for s in found} != {f"cec/w{k:03}" for k in range(5)} | {"cec/w001"}


def test_labels_of_doubtful_case_can_be_left_out(tmp_path: Path) -> None:
    """A model would learn to write names in small letters."""
    root = pack(tmp_path, "words", [item(0, "boston", "kar/w001"), item(1, "Boston")])
    assert len(read(root, part="words")) == 2
    assert [sample.text for sample in read(root, part="words", case="reliable")] == ["Boston"]


def test_what_is_broken_is_left_out_and_named(tmp_path: Path) -> None:
    """One bad row would end the reading of a hundred thousand, or be skipped in silence."""
    broken = [
        "{",
        item(1, " "),
        item(2, "a", strokes=[[1, 2, 3]]),
        item(3, "a", strokes=[]),
        item(4, "a", strokes=[[]]),
    ]
    broken += [item(5, "a", strokes=[[0, 10**9]]), {"id": "6"}]
    reader = read(pack(tmp_path, "text", [item(0, "on"), *broken]))
    assert [sample.text for sample in reader] == ["on"]
    assert [problem.id for problem in reader.problems] == [f"unipen-text.jsonl.xz line {k}" for k in range(2, 9)]


@pytest.mark.parametrize("query", ["part=text&count=5", "part=words&seed=3", "part=composed&variants=2"])
def test_keys_of_another_part_are_refused(query: str, tmp_path: Path) -> None:
    """Whoever asks for five lines, or for seven pens, would get something else."""
    with pytest.raises(SpecError, match="leave it out"):
        open_spec(parse_spec(f"unipen:{tmp_path}?{query}"))


def test_a_folder_without_packs_or_a_cut_off_pack_is_refused(tmp_path: Path) -> None:
    """A traceback of lzma, or half a data set that passes for the whole."""
    with pytest.raises(AnnotationError, match="download --dataset unipen"):
        open_unipen(tmp_path, UnipenOptions(part="composed"))
    root = pack(tmp_path, "text", [item(0, "on", split="validation")])
    with pytest.raises(AnnotationError, match="split=train"):
        read(root, split="train")
    path = root / "unipen-text.jsonl.xz"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(AnnotationError, match="cannot be read"):
        read(root)
    with pytest.raises(SpecError, match="use one of text, words, characters, composed"):
        parse_spec("unipen:data?part=letters")


def test_without_opencv_the_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader without the training extra would see a traceback."""
    monkeypatch.setitem(sys.modules, "gluon_htr.images.ink", None)
    (sample,) = read(pack(tmp_path, "text", [item(0, "on")]))
    with pytest.raises(MissingToolError, match="OpenCV"):
        sample.image()


def test_points_become_even_and_corners_stay() -> None:
    """Long straight pieces would be drawn as if the pen had been fast, and smoothing would cut corners off."""
    stroke = np.array([(0, 0), (100, 0), (100, 3), (100, 3)], np.float32)
    even = evenly_spaced(stroke, 10)
    steps = np.hypot(*np.diff(even, axis=0).T)
    assert steps[:10] == pytest.approx(10)
    assert (even == (100, 0)).all(axis=1).any()
    np.testing.assert_array_equal(even[[0, -1]], stroke[[0, -1]])
    np.testing.assert_array_equal(evenly_spaced(stroke[:1], 10), stroke[:1])


def test_composed_lines_have_words_of_one_writer(tmp_path: Path) -> None:
    """A line would change its hand in the middle, or its text not be what is drawn."""
    labels = ["Boston", "going", "on", "1994", "the"]
    rows = [item(k, labels[k % 5], writer) for writer in ("cec/w001", "dar/w002") for k in range(25)]
    rows += [item(99, mark, "cec/w001") for mark in (".", ",", "(")] + [item(0, "alone", "ibm/w003")]
    root = pack(tmp_path, "words", rows)
    spec = parse_spec(f"unipen:{root}?part=composed&count=200&seed=3")
    samples = list(open_spec(spec))
    assert len(samples) == 200
    assert {sample.group for sample in samples} == {"cec/w001", "dar/w002"}
    texts = [sample.text for sample in samples]
    assert {word for text in texts for word in text.replace(".", "").replace(",", "").split()} == set(labels)
    assert any(text.endswith(".") for text in texts)
    assert not any(text[0] in ".,(" or " ." in text or ".." in text for text in texts)
    assert 20 < np.mean([len(text) for text in texts]) < 50
    again = list(open_spec(spec))
    assert [s.text for s in again] == texts
    assert np.array_equal(again[7].image(), samples[7].image())
    assert samples[7].image.seed == (3, 7, COMPOSING)  # type: ignore[attr-defined]


def test_words_stand_on_one_baseline_beside_each_other() -> None:
    """Words with descenders would stand too high, and words run into each other."""
    word = np.array([(7, 5), (107, 205)], np.float32)
    line = [PenSample(str(k), label, "w", (word,)) for k, label in enumerate(["Go", "page", "on"])]
    go, page, on = side_by_side(line, np.random.default_rng(0))
    assert go[:, 1].max() == pytest.approx(0)
    assert on[:, 1].max() == pytest.approx(0)
    assert page[:, 1].max() == pytest.approx(0.45 * 200)
    assert go[:, 0].min() == pytest.approx(0)
    assert page[:, 0].min() - go[:, 0].max() > 50
    assert below("Page", 100) < below("page", 100)
    assert below(",", 100) > 50
    assert below("Go", 100) == 0


def test_too_few_words_for_lines_are_told(tmp_path: Path) -> None:
    """The same three words would fill ten thousand lines."""
    root = pack(tmp_path, "words", [item(k, "on") for k in range(5)])
    with pytest.raises(AnnotationError, match="20 words"):
        open_unipen(root, UnipenOptions(part="composed"))
