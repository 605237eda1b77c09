"""Text and names of users' files: UTF-8 or UTF-16 with or without a mark, Latin-1 where a format specifies it.

Every reader of text in this package uses this module, so that a file that one of them accepts is accepted by all, and
`UnicodeDecodeError` reaches nobody.
"""

from __future__ import annotations

import codecs
import errno
import os
import re
from collections.abc import Iterator

from ._files import MAX_TEXT, read_bounded
from .errors import HtrError

#: Marks at the beginning of a file; UTF-32 first, since its mark begins like that of UTF-16.
MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_LINE_END = re.compile(r"\r\n|\n|\r")


def printable(name: str) -> str:
    """Escape the bytes of a file name that are not UTF-8, so that it can be written anywhere."""
    return name.encode("utf-8", "backslashreplace").decode()


def decode_text(content: bytes, where: str, error: type[HtrError], *, latin_1: bool = False) -> str:
    """Decode the content of a text file. Raises `error` with `where` and a line if it is not text.

    latin_1: the format specifies ISO 8859-1. People store their own data in such formats as UTF-8, so what is UTF-8
    is read as that.
    """
    mark, codec = encoding_of(content)
    try:
        text = content[len(mark) :].decode(codec)
    except UnicodeDecodeError as fault:
        if latin_1 and codec == "utf-8" and not mark and not _is_damaged_utf8(content):
            return content.decode("latin-1")
        line = len(_LINE_END.findall(content[len(mark) :][: fault.start].decode(codec, "replace"))) + 1
        name = codec[:6].upper()
        raise error(f"{where}:{line} is not {name}: save the file as UTF-8") from None
    if "\0" in text:
        raise error(f"{where} is not text")
    return text


def read_text(path: str | os.PathLike[str], max_bytes: int = MAX_TEXT) -> str:
    """Read a regular file of text. Raises `OSError` if it cannot be read or is not text, as callers report all such."""
    content = read_bounded(path, max_bytes)
    try:
        return decode_text(content, "it", _NotText)
    except _NotText as fault:
        raise OSError(errno.EILSEQ, str(fault).replace("it:", "line "), os.fspath(path)) from None


def encoding_of(content: bytes) -> tuple[bytes, str]:
    """Return the mark at the beginning of a text, which may be empty, and the codec of what follows."""
    for mark, codec in MARKS.items():
        if content.startswith(mark):
            return mark, codec
    even, odd = content[:256:2], content[1:256:2]  # Latin letters in UTF-16 without a mark: each second byte is zero
    if len(content) % 2 == 0 and len(content) > 1:
        if not any(odd) and all(even):
            return b"", "utf-16-le"
        if not any(even) and all(odd):
            return b"", "utf-16-be"
    return b"", "utf-8"


def split_lines(text: str) -> list[str]:
    """Split a text at line ends of any system, and nowhere else: `str.splitlines` also splits at characters that labels
    may have.
    """
    lines = _LINE_END.split(text)
    return lines[:-1] if lines[-1] == "" else lines


def numbered_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not blank, with their numbers from 1."""
    return ((number, line) for number, line in enumerate(split_lines(text), 1) if line.strip())


class _NotText(HtrError):
    """Content that is not text."""


def _is_damaged_utf8(content: bytes) -> bool:
    """Tell if most letters beyond ASCII are UTF-8: reading the rest as Latin-1 would spoil them all."""
    text = content.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    return sum(not character.isascii() for character in text) > 2 * broken
