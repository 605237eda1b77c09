"""IAM, and users' own data, in the layouts that people have."""

from __future__ import annotations

import shutil
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from support import BUGS, png

from gluon_htr.datasets.spec import open_spec, parse_spec
from gluon_htr.errors import AnnotationError

PICTURE = png(np.full((20, 60), 200, np.uint8))
TEXTS = {"a01-000u-00-00": "Å", "a01-000u-00-01": "Ångström", "a01-000u-00-02": "|", "a01-000u-01-00": "café"}
TABLE = "#--- words.txt\n" + "".join(f"{name} ok 154 1 1 9 9 NN {text}\n" for name, text in TEXTS.items())


def words(root: Path, table: str = "words.txt", below: str = "", codec: str = "utf-8") -> Path:
    """Words in folders like those of IAM, with a table of their texts."""
    for name in TEXTS:
        path = root / below / "words" / "a01" / "a01-000u" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(PICTURE)
    (root / table).parent.mkdir(parents=True, exist_ok=True)
    (root / table).write_bytes(TABLE.encode(codec))
    return root


def found(path: Path, kind: str = "iam-words") -> dict[str, str]:
    return {sample.id: sample.text for sample in open_spec(parse_spec(f"{kind}:{path}"))}


@pytest.mark.parametrize(
    ("table", "below"),
    [
        ("ascii/words.txt", ""),
        ("words.txt", ""),
        ("words/words.txt", ""),
        ("iam_words/words.txt", "iam_words"),
        ("words_new.txt", "iam_words"),
        ("archive/iam_words/words.txt", "archive/iam_words"),
    ],
)
def test_the_table_is_found_where_people_have_it(table: str, below: str, tmp_path: Path) -> None:
    """Most copies of IAM have words.txt elsewhere than the official archives put it."""
    assert found(words(tmp_path, table, below)) == TEXTS


def test_the_folder_of_words_itself_is_taken(tmp_path: Path) -> None:
    """A user names the folder that has the images."""
    assert found(words(tmp_path / "iam") / "words") == TEXTS


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16"])
def test_tables_are_read_in_other_encodings(codec: str, tmp_path: Path) -> None:
    """The first row would be lost with the mark, or all."""
    assert found(words(tmp_path, codec=codec)) == TEXTS


@pytest.mark.parametrize("inside", [True, False])
def test_a_zip_with_everything_is_read(inside: bool, tmp_path: Path) -> None:
    """Kaggle's archive.zip would have to be unpacked: 115,000 files."""
    root = words(tmp_path / "tree", "iam_words/words.txt", "iam_words")
    (root / "iam_words" / "._words.txt").write_bytes(b"\0\xff of macOS")
    shutil.make_archive(str(tmp_path / "data" / "archive"), "zip", root)
    path = tmp_path / "data"
    assert found(path / "archive.zip" if inside else path) == TEXTS
    with pytest.raises(AnnotationError, match="neither lines/ nor"):
        found(path, "iam-lines")


@pytest.mark.parametrize("level", [True, False])
@pytest.mark.parametrize("named", [True, False])
def test_a_zip_may_have_its_table_within(level: bool, named: bool, tmp_path: Path) -> None:
    """People pack the folder that they have, or what is in it."""
    root = words(tmp_path / "tree", "words/words.txt")
    shutil.make_archive(str(tmp_path / "data" / "words"), "zip", root if level else root / "words")
    assert found(tmp_path / "data" / "words.zip" if named else tmp_path / "data") == TEXTS


def test_parts_may_be_zip_archives(tmp_path: Path) -> None:
    """People repack what they cannot open."""
    root = words(tmp_path / "tree")
    with zipfile.ZipFile(tmp_path / "words.zip", "w") as archive:
        for path in sorted((root / "words").rglob("*.png")):
            archive.write(path, path.relative_to(root))
    with tarfile.open(tmp_path / "ascii.tgz", "w:gz") as tar:
        tar.add(root / "words.txt", "words.txt")
    assert found(tmp_path) == TEXTS


def test_a_truncated_zip_is_told_of(tmp_path: Path) -> None:
    """A download that ended early would be taken for a small data set."""
    shutil.make_archive(str(tmp_path / "words"), "zip", words(tmp_path / "tree"))
    whole = (tmp_path / "words.zip").read_bytes()
    (tmp_path / "words.zip").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "words.txt").write_text(TABLE, "utf-8")
    with pytest.raises(Exception, match=r"words.zip is truncated or not an archive"):
        found(tmp_path)


def test_without_a_table_the_message_says_where_it_belongs(tmp_path: Path) -> None:
    """A user would not know what is missing."""
    (words(tmp_path) / "words.txt").unlink()
    with pytest.raises(AnnotationError, match=r"words\.txt in ascii/, in ascii\.tgz or beside words/"):
        found(tmp_path)


@pytest.mark.skipif(not BUGS.is_dir(), reason="needs ../shared/bugs")
def test_the_reported_folders_are_read() -> None:
    """Labels were nonsense, and the usual copy of IAM was refused."""
    utf8 = ["Å", "Ångström", "café", "über", "A"]
    assert list(found(BUGS / "iam-layout-utf8").values()) == utf8
    assert list(found(BUGS / "iam-words-beside").values()) == ["A", "MOVE"]
