"""Books as a stock of lines."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from gluon_htr.errors import DataError
from gluon_htr.text.corpora import paragraphs, read_corpus, typewritten

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
    assert list(paragraphs(BOOK)) == [
        "It was the best of times, it was the worst of times, it was the age of wisdom ..."
    ]


def test_print_becomes_handwriting() -> None:
    """Half of a book's quotation marks would be thrown away as characters that nobody can write."""
    assert typewritten("“It’s,” he said—‘no’…") == "\"It's,\" he said - 'no'..."
    assert typewritten("cafe\u0301") == "café"


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
