"""Alphabets of generated texts by name."""

from __future__ import annotations

import string
from collections.abc import Callable

from ...errors import SpecError
from ...synthesis.texts.sampler import IAM
from ...text.alphabet import Alphabet

PUNCTUATION = "，。、；：？！“”‘’（）《》…"  # of Chinese


def gb2312() -> frozenset[str]:
    """Return the 3,755 most frequent characters of Chinese (GB 2312-80, level 1: rows 16 to 55), digits and
    punctuation.
    """
    codes = [(0xA0 + row, cell) for row in range(16, 56) for cell in range(0xA1, 0xFF)]
    ideographs = b"".join(map(bytes, codes)).decode("gb2312", "ignore")  # the last row is not full
    return frozenset(ideographs + string.digits + PUNCTUATION)


NAMED: dict[str, Callable[[], frozenset[str] | None]] = {
    "iam": lambda: frozenset(IAM),
    "gb2312": gb2312,
    "any": lambda: None,
}


def known_alphabet(name: str) -> frozenset[str] | None:
    """Return the characters of `iam`, of `gb2312`, or of an alphabet's JSON file; None for `any`.

    Raises `SpecError` for another name, `AlphabetError` if the file cannot be read.
    """
    if name in NAMED:
        return NAMED[name]()
    if not name.endswith(".json"):
        raise SpecError(f"alphabet={name} is unknown: write {', '.join(NAMED)} or the path of an alphabet.json")
    return frozenset(Alphabet.load(name).characters)
