"""Text in the encodings that people's programs write."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from gluon_htr._text_files import decode_text, read_text, split_lines
from gluon_htr.bundles.reader import read_bundle
from gluon_htr.datasets.files import archive_members
from gluon_htr.datasets.iam.online import parse_text
from gluon_htr.datasets.labels import labels
from gluon_htr.datasets.listing.rows import read_rows
from gluon_htr.datasets.spec import open_spec, parse_spec
from gluon_htr.errors import AnnotationError, ArchiveError, HtrError
from gluon_htr.graphs.pair import read_files
from gluon_htr.graphs.symbol import load_graph
from gluon_htr.networks.presets import load_preset, preset_text
from gluon_htr.synthesis.texts.corpora import read_corpus
from gluon_htr.text.alphabet import Alphabet

TEXT = "Ångström\tcafé\n"
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]


@pytest.mark.parametrize("codec", ENCODINGS)
def test_texts_are_read_in_every_unicode_encoding(codec: str, tmp_path: Path) -> None:
    """A file saved by a spreadsheet or by PowerShell would be refused, or begin with an invisible character."""
    (tmp_path / "a.txt").write_bytes(TEXT.encode(codec))
    assert read_text(tmp_path / "a.txt") == TEXT


@pytest.mark.parametrize("codec", ENCODINGS)
def test_alphabets_presets_and_texts_are_read_in_every_encoding(codec: str, tmp_path: Path) -> None:
    """One command would take a file that another refuses."""
    (tmp_path / "a.json").write_bytes('{"characters": ["a", "é"]}'.encode(codec))
    (tmp_path / "p.toml").write_bytes(preset_text("words").encode(codec))
    (tmp_path / "t.txt").write_bytes("café\r\nÅ\r\n".encode(codec))
    assert Alphabet.load(tmp_path / "a.json").characters == ("a", "é")
    assert load_preset(tmp_path / "p.toml") == load_preset("words")
    assert [line.strip() for line in labels(f"text:{tmp_path / 't.txt'}")[0]] == ["café", "Å"]
    assert "café" in read_corpus(tmp_path / "t.txt").text


def test_latin_1_is_read_only_where_a_format_specifies_it() -> None:
    """IAM's own accents, or those of users' files in its layout, would be nonsense."""
    for codec in ("latin-1", "utf-8", "utf-8-sig", "utf-16"):
        assert decode_text("café £ Å\n".encode(codec), "x", AnnotationError, latin_1=True) == "café £ Å\n"
    with pytest.raises(AnnotationError, match="x:2 is not UTF-8"):
        decode_text("a\ncafé".encode("latin-1"), "x", AnnotationError)
    assert parse_text("OCR:\nx\nCSR:\n\ncaf\xe9 noir\n".encode("latin-1")) == ["café noir"]


def test_one_broken_byte_does_not_spoil_a_whole_file() -> None:
    """All labels of a UTF-8 file would become nonsense without a message, since one of them is damaged."""
    content = "Ångström\r\ncafé\rüber\nna\xefve".encode().replace(b"na\xc3\xaf", b"na\xef")
    with pytest.raises(AnnotationError, match=r"words.txt:4 is not UTF-8"):
        decode_text(content, "words.txt", AnnotationError, latin_1=True)


def test_lines_end_where_they_end_on_any_system() -> None:
    """Labels with other separators would be cut in two."""
    assert split_lines("a\r\nb\rc\u2028d\x85e\n\nf\n") == ["a", "b", "c\u2028d\x85e", "", "f"]


READERS: dict[str, Callable[[Path], object]] = {
    "alphabet": Alphabet.load,
    "preset": load_preset,
    "symbol": load_graph,
    "pair": lambda path: read_files(path, path),
    "list": lambda path: read_rows(path, []),
    "text": lambda path: list(labels(f"text:{path}")[0]),
    "corpus": read_corpus,
}


@pytest.mark.parametrize("content", [b"\xff\xfea", b'{"characters":["\xff"]}', b"a\xe9\tb\n", b"\0\1\0"])
@pytest.mark.parametrize("reader", READERS.values(), ids=READERS.keys())
def test_what_is_not_text_is_one_line(reader: Callable[[Path], object], content: bytes, tmp_path: Path) -> None:
    """The command would end with a traceback instead of the file's name."""
    (tmp_path / "file.txt").write_bytes(content)
    with pytest.raises(HtrError, match=r"file\.txt"):
        reader(tmp_path / "file.txt")


@pytest.mark.parametrize("kind", ["iam-words", "corpus", "bundle"])
def test_names_in_archives_may_be_damaged(kind: str, tmp_path: Path) -> None:
    """Such an archive ended in a UnicodeDecodeError of Python's own."""
    with zipfile.ZipFile(tmp_path / "words.zip", "w") as archive:
        archive.writestr("words/é.txt", "text")
    content = (tmp_path / "words.zip").read_bytes()
    (tmp_path / "words.zip").write_bytes(content.replace("é".encode(), b"\xc3("))
    (tmp_path / "words.txt").write_text("a01-000u-00-00 ok 154 1 1 9 9 NN A\n")
    readers: dict[str, Callable[[], object]] = {
        "iam-words": lambda: list(open_spec(parse_spec(f"iam-words:{tmp_path}"))),
        "corpus": lambda: read_corpus(tmp_path / "words.zip"),
        "bundle": lambda: read_bundle(tmp_path / "words.zip"),
    }
    with pytest.raises(HtrError, match=r"words\.zip"):
        readers[kind]()


def test_binary_content_is_named_in_plain_words(tmp_path: Path) -> None:
    """`line is not text` would send people to look for a line."""
    (tmp_path / "file.txt").write_bytes(b"a\0b")
    with pytest.raises(OSError, match="it is not text"):
        read_text(tmp_path / "file.txt")
    (tmp_path / "file.txt").write_bytes(b"a\n\xc3(")
    with pytest.raises(OSError, match="line 2 is not UTF-8"):
        read_text(tmp_path / "file.txt")


def test_a_damaged_archive_of_any_compression_is_one_line(tmp_path: Path) -> None:
    """Python's error of LZMA is none of its other errors of archives."""
    with zipfile.ZipFile(tmp_path / "words.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.txt", "text" * 1000)
    content = bytearray((tmp_path / "words.zip").read_bytes())
    content[60:80] = bytes(20)
    (tmp_path / "words.zip").write_bytes(content)
    with pytest.raises(ArchiveError, match=r"words\.zip"):
        list(archive_members(tmp_path / "words.zip", (".txt",)))
