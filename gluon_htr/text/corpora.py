"""Books and other plain text as a stock of lines to write.

A corpus is a text file, a folder of them, or a folder with zip archives of them. What Project Gutenberg prints
around its books is left out, and so are headings of chapters and tables, whose lines are no running text.
"""

from __future__ import annotations

import re
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import DataError

LARGEST = 64 << 20  # bytes of one text; the Bible has 4 MB
SHORTEST = 60  # characters of a paragraph: what is shorter is a heading, a verse or a row of a table
START = re.compile(r"\*\*\* ?START OF (?:THE|THIS) PROJECT GUTENBERG.*?\*\*\*[^\n]*\n", re.DOTALL)
END = re.compile(r"\*\*\* ?END OF (?:THE|THIS) PROJECT GUTENBERG|\bEnd of (?:the )?Project Gutenberg")

#: What people write with other signs than printers.
TYPOGRAPHY = str.maketrans(
    {
        "’": "'", "‘": "'", "‚": "'", "‛": "'", "′": "'", "`": "'", "“": '"', "”": '"', "„": '"', "″": '"', "«": '"',
        "»": '"', "–": "-", "‐": "-", "‑": "-", "−": "-", "—": " - ", "―": " - ", "…": "...", "æ": "ae", "œ": "oe",
        "Æ": "Ae", "Œ": "Oe", "×": "x", "\xa0": " ", "\xad": "", "\u200b": "", "\ufeff": "", "_": "",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Corpus:
    """Running text; paragraphs end with a line feed."""

    text: str

    def snippet(self, length: int, random: np.random.Generator) -> str:
        """At most `length` characters of a paragraph from anywhere, cut between words where the script parts them."""
        start = int(random.integers(len(self.text)))
        begin = self._next_word(start)
        piece, paragraph_end, _ = self.text[begin : begin + length + 1].partition("\n")
        if len(piece) <= length or paragraph_end:
            return piece.strip()
        end = piece.rfind(" ", length // 2)
        return piece[: end if end > 0 else length].strip()

    def _next_word(self, start: int) -> int:
        """Where a word begins at or soon after `start`; `start` itself where words are not parted (Chinese)."""
        ahead = self.text[max(0, start - 1) : start + 40]
        match = re.search(r"\s\S", ahead)
        return max(0, start - 1) + match.start() + 1 if match and start else start


def read_corpus(path: Path) -> Corpus:
    """Raises `DataError` when there is no text at `path`, or none that is UTF-8."""
    if not path.exists():
        raise DataError(f"{path} does not exist: give corpus=PATH of a text file or of a folder of them")
    text = "".join(
        paragraph + "\n" for blob in _texts(path) for paragraph in paragraphs(blob.decode("utf-8", "replace"))
    )
    if not text.strip():
        raise DataError(f"{path} has no running text: it takes .txt files, or .zip archives of them, in UTF-8")
    return Corpus(text)


def _texts(path: Path) -> Iterator[bytes]:
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.suffix.lower() in {".txt", ".zip"})
    for file in files:
        if file.suffix.lower() == ".zip":
            yield from _members(file)
        elif file.stat().st_size <= LARGEST:
            yield file.read_bytes()


def _members(archive: Path) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(archive) as opened:
            for member in opened.infolist():
                if member.filename.lower().endswith(".txt") and member.file_size <= LARGEST:
                    yield opened.read(member)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError) as error:
        raise DataError(f"{archive} is no zip archive that can be read: {error}") from None


def paragraphs(text: str) -> Iterator[str]:
    """The paragraphs of a book, each as one line in NFC, in the characters of a typewriter."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = START.split(text, maxsplit=1)[-1]
    text = END.split(text, maxsplit=1)[0]
    for paragraph in re.split(r"\n\s*\n", text):
        if len(paragraph) >= SHORTEST and not re.search(r"\S {3,}\S|\*{3}|www\.", paragraph):
            yield " ".join(typewritten(paragraph).split())


def typewritten(text: str) -> str:
    """NFC, with straight quotes, hyphens and dots as hands write them; a dash is a hyphen between spaces."""
    text = text.replace("--", " - ")
    return unicodedata.normalize("NFC", text.translate(TYPOGRAPHY))
