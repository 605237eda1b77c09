"""Alphabets by name, for texts that are made up."""

from __future__ import annotations

from ..errors import SpecError
from ..text.alphabet import Alphabet
from ..text.sampler import IAM

NAMED: dict[str, frozenset[str] | None] = {"iam": frozenset(IAM), "any": None}


def known_alphabet(name: str) -> frozenset[str] | None:
    """The characters of `iam`, or of an alphabet's JSON file; None for `any`.

    Raises `SpecError` for another name, `AlphabetError` when the file cannot be read.
    """
    if name in NAMED:
        return NAMED[name]
    if not name.endswith(".json"):
        raise SpecError(f"alphabet={name} is unknown: write {', '.join(NAMED)} or the path of an alphabet.json")
    return frozenset(Alphabet.load(name).characters)
