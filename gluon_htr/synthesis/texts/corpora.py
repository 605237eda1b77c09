"""Corpora: books and other plain text as a source of lines to write.

A corpus is a text file in UTF-8 or UTF-16, a folder of them, or a folder with zip archives of them. The parts that
Project Gutenberg adds to its books are left out, and so are tables, and headings if most of a file is running text.
"""

from __future__ import annotations

import re
import unicodedata
import zipfile
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from ..._files import MAX_DATA, check_regular, read_bounded
from ..._folders import files_below
from ..._text_files import decode_text, encoding_of
from ...errors import DataError
from ...text.typography import TYPOGRAPHY, is_lacking, typewritten

MAX_BYTES = 64 << 20  # bytes of one text; the Bible has 4 MB
MIN_CHARACTERS = (
    60  # characters of a paragraph of running text: what is shorter is a heading, a verse or a row of a table
)
#: Proportion of broken characters that is accepted in texts of archives: NLTK's speeches have up to 0.5 %.
MAX_BROKEN = 0.01
ROW = re.compile(r"\S {3,}\S|\*{3}|www\.")  # of a table, or of text that is not handwritten
MAX_TABLE_ROWS = 0.1  # share of such rows that makes a paragraph a table
BROKEN = "\ufffd"  # stands for a broken character until it is removed
START = re.compile(r"\*\*\* ?START OF (?:THE|THIS) PROJECT GUTENBERG.*?\*\*\*[^\n]*\n", re.DOTALL)
END = re.compile(r"\*\*\* ?END OF (?:THE|THIS) PROJECT GUTENBERG|\bEnd of (?:the )?Project Gutenberg")


@dataclass(frozen=True)
class Corpus:
    """Running text in NFC; paragraphs end with a line feed."""

    text: str

    def snippet(self, length: int, random: np.random.Generator) -> str:
        """Draw at most `length` characters of a paragraph, cut between words if the script separates them."""
        start = int(random.integers(len(self.text)))
        begin = self._next_word(start)
        piece, paragraph_end, _ = self.text[begin : begin + length + 1].partition("\n")
        if len(piece) > length and not paragraph_end:
            end = piece.rfind(" ", length // 2)
            piece = piece[: end if end > 0 else length]
        return piece.replace(BROKEN, "").strip()

    def _next_word(self, start: int) -> int:
        """Return the start of a word at or soon after `start`; `start` itself if words are not separated (Chinese)."""
        ahead = self.text[max(0, start - 1) : start + 40]
        match = re.search(r"\s\S", ahead)
        return max(0, start - 1) + match.start() + 1 if match and start else start

    def written(self, alphabet: Collection[str] | None) -> Corpus:
        """Replace typographic characters that the alphabet lacks by those that people write."""
        if alphabet is None:
            return self
        return _written(self, frozenset(sign for sign in self._signs if is_lacking(sign, alphabet)))

    @cached_property
    def _signs(self) -> list[str]:
        return [sign for sign in TYPOGRAPHY if sign in self.text]


@lru_cache(4)  # most fonts lack the same characters, and share the text
def _written(corpus: Corpus, signs: frozenset[str]) -> Corpus:
    if not signs:
        return corpus
    return Corpus("\n".join(" ".join(typewritten(line, signs).split()) for line in corpus.text.split("\n")))


def read_corpus(path: Path) -> Corpus:
    """Read a corpus. Raises `DataError` if there is no text at `path`, or one that is not text or too large."""
    if not path.exists():
        raise DataError(f"{path} does not exist: give corpus=PATH of a text file or of a folder of them")
    text = "".join(paragraph + "\n" for whole in _texts(path) for paragraph in paragraphs(whole))
    if not text.strip():
        raise DataError(
            f"{path} has no running text: it takes .txt files, or .zip archives of them; tables are left out"
        )
    return Corpus(text)


def corpus_files(path: Path) -> list[Path]:
    """Return a file, or the texts and archives below a folder."""
    return [path] if path.is_file() else files_below(path, (".txt", ".zip"))


def _texts(path: Path) -> Iterator[str]:
    for file in corpus_files(path):
        if file.suffix.lower() == ".zip":
            yield from _members(file)
            continue
        try:
            _check_size(str(file), file.stat().st_size)
            yield _decoded(read_bounded(file, MAX_DATA), str(file), 0)
        except OSError as error:
            raise DataError(f"{file} cannot be read: {error.strerror}") from None


def _members(archive: Path) -> Iterator[str]:
    try:
        check_regular(archive)
        with zipfile.ZipFile(archive) as opened:
            for member in opened.infolist():
                if member.filename.lower().endswith(".txt"):
                    name = f"{member.filename} in {archive}"
                    _check_size(name, member.file_size)
                    yield _decoded(opened.read(member), name, MAX_BROKEN)
    except (zipfile.BadZipFile, OSError, RuntimeError, ValueError, zlib.error) as error:
        raise DataError(f"{archive} is not a readable zip archive: {error}") from None


def _check_size(name: str, size: int) -> None:
    if size > MAX_BYTES:
        raise DataError(f"{name} is larger than {MAX_BYTES >> 20} MB: cut it into several")


def _decoded(blob: bytes, name: str, stray: float) -> str:
    """Decode a text. stray: the proportion of characters that may be broken. Raises `DataError` beyond it."""
    if stray:
        mark, codec = encoding_of(blob)
        text = blob[len(mark) :].decode(codec, "replace")
        if 0 < text.count(BROKEN) <= stray * len(text):
            return text
    return decode_text(blob, name, DataError)


def paragraphs(text: str) -> Iterator[str]:
    """Yield the paragraphs of a book, each as one line in NFC.

    Those of less than `MIN_CHARACTERS` characters are left out if they are less than half of the text: they are
    headings. So are rows of tables, and paragraphs that have more than a proportion `MAX_TABLE_ROWS` of them.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = START.split(text, maxsplit=1)[-1]
    text = END.split(text, maxsplit=1)[0]
    parts = re.split(r"\n\s*\n", text)
    short = [part for part in parts if len(part) < MIN_CHARACTERS]
    min_length = MIN_CHARACTERS if 2 * sum(map(len, short)) < sum(map(len, parts)) else 1
    for part in parts:
        rows = part.split("\n")
        kept = [row for row in rows if not ROW.search(row)]
        if len(part) >= min_length and len(rows) - len(kept) <= MAX_TABLE_ROWS * len(rows):
            yield " ".join(unicodedata.normalize("NFC", " ".join(kept)).split())
