"""Folders of single characters in the layouts of several data sets."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from characters import save

from gluon_htr.datasets.sample import Reader
from gluon_htr.datasets.spec import open_spec, parse_spec
from gluon_htr.errors import AnnotationError


def opened(path: Path, query: str = "") -> Reader:
    """The reader of a spec."""
    return open_spec(parse_spec(f"characters:{path}{f'?{query}' if query else ''}"))


def texts(path: Path, query: str = "") -> str:
    """The characters of a spec, in order."""
    return "".join(sample.text for sample in opened(path, query))


@pytest.mark.parametrize(("number", "text"), [(1, "0"), (10, "9"), (11, "A"), (36, "Z"), (37, "a"), (62, "z")])
def test_the_numbers_of_chars74k_are_characters(tmp_path: Path, number: int, text: str) -> None:
    """Every class would be another one."""
    save(tmp_path / f"English/Hnd/Img/Sample{number:03}/img{number:03}-001.png", text)
    assert texts(tmp_path / "English") == texts(tmp_path / "English/Hnd/Img") == text


def test_chars74k_holds_out_its_last_eight_of_each_class_and_leaves_masks_alone(tmp_path: Path) -> None:
    """Scores would not be those of others, or masks would be trained on as characters."""
    for number in (11, 37):
        for writer in range(1, 13):
            save(tmp_path / f"Hnd/Img/Sample{number:03}/img{number:03}-{writer:03}.png", "A", side=20)
    save(tmp_path / "Img/GoodImg/Msk/Sample011/img011-00001.png", "A")
    held = list(opened(tmp_path, "split=validation"))
    assert Counter(sample.text for sample in held) == {"A": 8, "a": 8}
    assert {sample.group for sample in held} == {f"writer {number:03}" for number in range(5, 13)}
    assert Counter(texts(tmp_path, "split=train")) == {"A": 4, "a": 4}
    assert len(opened(tmp_path)) == 24
    assert Counter(texts(tmp_path, "split=validation&held=2")) == {"A": 2, "a": 2}


def test_a_list_holds_out_the_last_ten_rows_of_each_class(tmp_path: Path) -> None:
    """The held-out rows of chars62 would be trained on."""
    for k in range(24):
        save(tmp_path / f"{k}.png", "ab"[k % 2], side=20)
    (tmp_path / "labels.tsv").write_text("".join(f"{k}.png\t{'ab'[k % 2]}\n" for k in range(24)) + "gone.png\ta\n")
    held = [sample.id for sample in opened(tmp_path, "split=validation")]
    assert held == [f"{k}.png" for k in range(4, 24)]
    reader = opened(tmp_path, "split=train")
    assert [sample.id for sample in reader] == [f"{k}.png" for k in range(4)]
    assert ["gone.png" in problem.reason for problem in reader.problems] == [True]


def test_nists_folders_are_code_points_and_hsf_4_is_its_test(tmp_path: Path) -> None:
    """Writers of the official test would be trained on."""
    for code, text in (("4a", "J"), ("35", "5")):
        save(tmp_path / f"by_class/{code}/hsf_0/hsf_0_00000.png", text)
        save(tmp_path / f"by_class/{code}/hsf_4/hsf_4_00000.png", text)
        save(tmp_path / f"by_class/{code}/train_{code}/train_{code}_00000.png", text)  # the same images again
    assert sorted(texts(tmp_path / "by_class", "split=train")) == ["5", "J"]
    assert [sample.id for sample in opened(tmp_path / "by_class", "split=validation")] == [
        "35/hsf_4/hsf_4_00000.png",
        "4a/hsf_4/hsf_4_00000.png",
    ]


def test_tags_of_icdar_2003_are_read_and_missing_files_are_named(tmp_path: Path) -> None:
    """The competition's characters could not be used."""
    save(tmp_path / "char/1/1.jpg", "s")
    (tmp_path / "char.xml").write_text(
        '<?xml version="1.0"?><imagelist><image file="char/1/1.jpg" tag="s" />\n'
        '<image file="char/1/2.jpg" tag="&quot;" /><image file="char/1/1.jpg" tag="sh" /></imagelist>'
    )
    reader = opened(tmp_path)
    assert [(sample.text, sample.image().shape) for sample in reader] == [("s", (40, 40))]
    assert any("char/1/2.jpg" in problem.reason for problem in reader.problems)
    assert any("'sh'" in problem.reason for problem in reader.problems)
    (tmp_path / "char.xml").write_text("<imagelist><image")
    with pytest.raises(AnnotationError, match=r"char\.xml"):
        opened(tmp_path)


def test_lists_written_on_other_systems_find_their_images(tmp_path: Path) -> None:
    """A list of Windows paths, or of a Mac's decomposed names, would hold nothing."""
    for name in ("a/0.png", "b/\u00e9.png"):
        save(tmp_path / name, "a")
    (tmp_path / "labels.tsv").write_text("a\\0.png\ta\nb/e\u0301.png\tb\n", encoding="utf-8")
    assert [(sample.text, sample.image().shape) for sample in opened(tmp_path)] == [("a", (40, 40)), ("b", (40, 40))]
    (tmp_path / "tags.xml").write_text('<imagelist><image file="a\\0.png" tag="s" /></imagelist>')
    assert [(sample.text, sample.image().shape) for sample in opened(tmp_path / "tags.xml")] == [("s", (40, 40))]


def test_folders_are_named_for_their_class_or_numbered_by_a_list(tmp_path: Path) -> None:
    """The user's own folders could not be used."""
    for name in ("a", "U+002F", "é"):
        save(tmp_path / f"named/{name}/1.png", "a")
    save(tmp_path / "named/others/1.png", "a")
    reader = opened(tmp_path / "named")
    assert sorted(sample.text for sample in reader) == ["/", "a", "é"]
    assert [problem.id for problem in reader.problems] == ["others/1.png"]
    for number in ("0", "10", "11"):
        save(tmp_path / f"numbered/data/{number}/1.png", "a")
    (tmp_path / "numbered/label.txt").write_text("\n".join("0123456789ab"))
    assert sorted(texts(tmp_path / "numbered")) == ["0", "a", "b"]


@pytest.mark.parametrize("place", ["missing", "empty", "words"])
def test_what_has_no_characters_is_refused_in_one_line(tmp_path: Path, place: str) -> None:
    """A training would begin with nothing, or end in a traceback."""
    (tmp_path / "empty").mkdir()
    save(tmp_path / "words/1.png", "a")
    (tmp_path / "words/labels.tsv").write_text("1.png\thouse\n")
    with pytest.raises(AnnotationError) as caught:
        opened(tmp_path / place)
    assert "\n" not in str(caught.value)
    assert place in str(caught.value)
