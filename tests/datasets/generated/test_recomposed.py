"""New lines of a writer's real words."""

from __future__ import annotations

import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support import SAMPLE

from gluon_htr.datasets.generated.recomposed import Recomposed
from gluon_htr.datasets.generated.recomposed_words import space_before
from gluon_htr.datasets.sample import Sample
from gluon_htr.datasets.spec import open_spec, parse_spec
from gluon_htr.errors import AnnotationError, ImageError, SpecError

FORMS = {"a01-000u": ("000", "ok"), "a01-003u": ("001", "ok"), "b01-000x": ("002", "err")}
WORDS = [
    ("He", 60, 40),
    ("said", 80, 40),
    (",", 8, 20),
    ("good", 90, 60),
    ("day", 70, 60),
    (".", 8, 8),
    ("Then", 90, 40),
]


def iam(root: Path) -> Path:
    """Forms of three lines each on a rising baseline, whose words are filled boxes, one gray a writer."""
    words, lines, forms = [], [], []
    for shade, (form, (writer, status)) in enumerate(FORMS.items()):
        forms.append(f"{form} {writer} 2 prt 7 5 52 36")
        for line in range(3):
            identity = f"{form}-{line:02}"
            lines.append(f"{identity} ok 154 19 100 500 600 80 {'|'.join(word for word, *_ in WORDS)}")
            x = 100
            for number, (text, width, height) in enumerate(WORDS):
                descent = {"good": 20, "day": 20, ",": 12}.get(text, 0)
                x += 4 if text in ",." else 25
                y = 500 + 200 * line - height + descent - x // 50
                words.append(f"{identity}-{number:02} {status} 154 {x} {y} {width} {height} NN {text}")
                path = root / "words" / form[:3] / form / f"{identity}-{number:02}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.new("L", (width, height), 30 * (shade + 1)).save(path)
                x += width
    (root / "ascii").mkdir()
    for name, rows in (("words", words), ("lines", lines), ("forms", forms)):
        (root / "ascii" / f"{name}.txt").write_text("# a table\n" + "\n".join(rows) + "\n", encoding="latin-1")
    return root


def lines(root: Path, query: str = "count=40") -> list[Sample]:
    return list(open_spec(parse_spec(f"recomposed:{root}?split=all&{query}")))


def test_a_line_has_words_of_one_writer(tmp_path: Path) -> None:
    """No hand writes like two; and words that IAM marks as doubtful have another's text."""
    found = lines(iam(tmp_path))
    assert {sample.group for sample in found} == {"000", "001"}
    for sample in found:
        image = sample.image()
        assert set(np.unique(image)) <= {255, 30 if sample.group == "000" else 60}
        assert set(sample.text.replace(",", "").replace(".", "").split()) <= {text for text, *_ in WORDS}
        assert sample.text[0] not in ",."
        assert 1 <= len(sample.text) <= 70


def test_words_stand_on_one_baseline_as_far_apart_as_they_were(tmp_path: Path) -> None:
    """Words that jump up and down, or touch, would be lines that nobody writes."""
    for sample in lines(iam(tmp_path)):
        image = sample.image()
        assert isinstance(sample.image, Recomposed)
        assert set(sample.image.gaps[1:]) <= {25, 4}
        texts = [text for path in sample.image.paths for text, *_ in [WORDS[int(path[-6:-4])]]]
        for text, below in zip(texts, sample.image.below):
            assert abs(below - {"good": 20, "day": 20, ",": 12}.get(text, 0)) <= 4
        widths = [WORDS[int(path[-6:-4])][1] for path in sample.image.paths]
        assert image.shape[1] == sum(widths) + sum(sample.image.gaps)
        assert sample.image.gaps.count(25) == sample.text.count(" ")


def test_the_same_line_whoever_makes_it(tmp_path: Path) -> None:
    """Workers that share the work, or a set that is made larger, would have other lines."""
    root = iam(tmp_path)
    few, many, other = lines(root, "count=5"), lines(root, "count=9"), lines(root, "count=5&seed=1")
    assert few == many[:5]
    assert few != other
    again = pickle.loads(pickle.dumps(few[3].image))  # noqa: S301
    assert np.array_equal(again(), few[3].image())


def test_splits_are_kept(tmp_path: Path) -> None:
    """Words of validation writers would be trained on."""
    root = iam(tmp_path)
    found = list(open_spec(parse_spec(f"recomposed:{root}?split=train&count=20")))
    assert {sample.group for sample in found} == {"000", "001"}
    with pytest.raises(AnnotationError, match="no writer of split=test"):
        open_spec(parse_spec(f"recomposed:{root}?split=test"))


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    """Archives alone would give no word, or an unexplained error."""
    root = iam(tmp_path)
    (root / "words").rename(root / "elsewhere")
    with pytest.raises(AnnotationError, match="has no words/"):
        lines(root)
    (root / "elsewhere").rename(root / "words")
    sample = lines(root)[0]
    assert isinstance(sample.image, Recomposed)
    Path(sample.image.paths[0]).write_bytes(b"")
    with pytest.raises(ImageError, match="is empty"):
        sample.image()
    with pytest.raises(SpecError, match="recomposed knows split, count, seed"):
        parse_spec(f"recomposed:{root}?corpus=x")


def test_spaces_are_those_of_the_text() -> None:
    """Distances and text would contradict each other."""
    assert space_before(["He", "said", ",", '"', "No", "!", '"', "(", "Yes", ")"]) == [
        *(False, True, False, True, False, False, False, True, False, False)
    ]
    assert space_before(["one"]) == [False]


def test_the_official_tables_are_read(tmp_path: Path) -> None:
    """The made-up forms above might not be what IAM is."""
    if not SAMPLE.is_dir():
        pytest.skip("the official sample, ../shared/data/sample, is not here")
    for name in ("ascii", "xml"):
        (tmp_path / f"{name}.tgz").symlink_to(SAMPLE / "iam" / f"{name}.tgz")
    with tarfile.open(SAMPLE / "iam" / "words.tgz") as tar:
        tar.extractall(tmp_path / "words", filter="data")
    for sample in lines(tmp_path, "count=20"):
        height, width = sample.image().shape
        assert 20 < height < 400
        assert 5 * len(sample.text) < width < 90 * len(sample.text) + 200
