"""Books as a stock of lines."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from gluon_htr.errors import DataError
from gluon_htr.synthesis.texts.corpora import Corpus, paragraphs, read_corpus
from gluon_htr.synthesis.texts.sampler import IAM

BODY = "It was the best of times,\r\nit was the worst of times, it was the age of wisdom …"
BOOK = f"""\ufeffThe Project Gutenberg eBook of a Tale, for the use of anyone anywhere in the United States\r
\r
*** START OF THE PROJECT GUTENBERG EBOOK A TALE ***\r
\r
CHAPTER I\r
\r
{BODY}\r
\r
     Chapter the First        12      and a table of contents whose rows are no text\r
\r
*** END OF THE PROJECT GUTENBERG EBOOK A TALE ***\r
\r
Updated editions will replace the previous one, the old editions will be renamed by Project Gutenberg."""


def test_only_the_book_is_written() -> None:
    """Thousands of lines would be of one license, or of tables of contents."""
    assert list(paragraphs(BOOK)) == ["It was the best of times, it was the worst of times, it was the age of wisdom …"]


def test_an_odd_row_costs_itself_alone_in_a_long_list() -> None:
    """Whoever gives the labels of lines as a corpus, one a row, would be told that there is no text."""
    lines = [f"line number {k} of a page" for k in range(30)]
    odd = [*lines[:7], "read at www.example.org", *lines[7:12], "name    - - -   born", *lines[12:]]
    assert list(paragraphs("\n".join(odd))) == [" ".join(lines)]
    assert list(paragraphs("\n".join([*odd[:3], "A    1", "B    2"]))) == []


def written(text: str, alphabet: str | None) -> str:
    return Corpus(text).written(None if alphabet is None else frozenset(alphabet)).text


def test_print_becomes_handwriting() -> None:
    """Half of a book's quotation marks would be thrown away as characters that nobody can write."""
    assert written("“It’s,” he said—‘no’…", IAM) == "\"It's,\" he said - 'no'..."
    assert written("it -- _never_ --\u200b was", IAM) == "it - never - was"


@pytest.mark.parametrize(
    ("text", "letters", "plain"),
    [
        ("blåbær og «citat» 2×3", "æå«×»", "blåbær og «citat» 2×3"),
        ("blåbær og «citat» 2×3", "å", 'blåbaer og "citat" 2x3'),
        ("cœur", "œ", "cœur"),
        ("他说：“你好……”", "“”…", "他说：“你好……”"),
    ],
)
def test_letters_and_quotes_of_an_alphabet_stay(text: str, letters: str, plain: str) -> None:
    """Danish would never show æ, Chinese no quotation mark, whatever the alphabet says."""
    assert written(text, IAM + letters) == plain
    assert written(text, None) == text


def test_short_paragraphs_stay_where_the_text_consists_of_them(tmp_path: Path) -> None:
    """Poems, lists of words and Chinese stanzas would be lost without a word."""
    poem = "春眠不覺曉，處處聞啼鳥。\n夜來風雨聲，花落知多少。\n\n床前明月光，疑是地上霜。\n"
    (tmp_path / "poem.txt").write_text(poem, encoding="utf-8")
    assert read_corpus(tmp_path / "poem.txt").text.splitlines() == [
        " ".join(part.split()) for part in poem.split("\n\n")
    ]
    assert "CHAPTER" not in "".join(paragraphs(f"CHAPTER I\n\n{BODY}\n\nCHAPTER II\n\n{BODY}"))


def test_folders_files_and_archives_are_read(tmp_path: Path) -> None:
    """Corpora come as single files, in folders, and zipped, as NLTK ships them."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "book.txt").write_text(BOOK, encoding="utf-8", newline="")
    with zipfile.ZipFile(tmp_path / "speeches.zip", "w") as archive:
        archive.writestr("speeches/1999.txt", "Fellow citizens, this paragraph is spoken at length and with hands." * 2)
    (tmp_path / "README.md").write_text("Not a book, although it has one very long line of text in it, as you can see.")
    text = read_corpus(tmp_path).text
    assert "best of times" in text
    assert "Fellow citizens" in text
    assert "Not a book" not in text
    assert "best of times" in read_corpus(tmp_path / "deep" / "book.txt").text


@pytest.mark.parametrize("name", ["nowhere", "empty", "broken"])
def test_a_corpus_that_is_none_is_told(tmp_path: Path, name: str) -> None:
    """An hour later somebody would find lines of made-up words."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "speeches.zip").write_bytes(b"PK nonsense")
    with pytest.raises(DataError, match=name):
        read_corpus(tmp_path / name)


@pytest.mark.parametrize("encoding", ["gb18030", "big5"])
def test_another_encoding_is_told(tmp_path: Path, encoding: str) -> None:
    """Labels would be what is left of a text that was read wrongly: digits, or signs for broken characters."""
    (tmp_path / "poem.txt").write_bytes("床前明月光，疑是地上霜。2010".encode(encoding))
    with pytest.raises(DataError, match=r"poem\.txt:1 is not UTF-8: save the file as UTF-8"):
        read_corpus(tmp_path / "poem.txt")
    with zipfile.ZipFile(tmp_path / "poems.zip", "w") as archive:
        archive.write(tmp_path / "poem.txt", "poem.txt")
    (tmp_path / "poem.txt").unlink()
    with pytest.raises(DataError, match=r"poem\.txt in .*poems\.zip:1 is not UTF-8"):
        read_corpus(tmp_path)


def test_a_stray_byte_in_somebody_s_archive_is_left_out(tmp_path: Path) -> None:
    """NLTK's speeches, which the documentation names, have some: one would end the work."""
    with zipfile.ZipFile(tmp_path / "speeches.zip", "w") as archive:
        told = b"What man\xa1s genius has brought about in these many years of ours is told here, and again. "
        archive.writestr("1970.txt", told * 9 + b"And so it was in all of the years that came before him. " * 9)
    corpus = read_corpus(tmp_path)
    found = "".join(corpus.snippet(40, np.random.default_rng(seed)) for seed in range(50))
    assert "mans genius" in found
    assert "\ufffd" not in found


def test_a_text_that_is_too_large_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of somebody's books would be missing without a word."""
    monkeypatch.setattr("gluon_htr.synthesis.texts.corpora.MAX_BYTES", 1 << 20)
    (tmp_path / "all.txt").write_text("one word " * 200_000)
    with pytest.raises(DataError, match=r"all\.txt is larger than 1 MB"):
        read_corpus(tmp_path)
