"""The characters that a network can write, in order; the CTC blank comes last.

Class k < len(alphabet) is the k-th character; class len(alphabet) is the blank (Gluon's convention; see Graves et al.
2006 for the blank itself). An alphabet is one JSON file: `{"characters": ["a", "b", …]}`, with `"normalization":
"NFKC"` if its texts are in that form instead of NFC.

Texts are in logical order. Class indices follow the image from left to right, as time steps do: for alphabets with
letters of Hebrew, Arabic and other right-to-left scripts, the order is converted (`direction`). The conversion mirrors
brackets, so an alphabet made from such texts contains both brackets of a pair if one occurs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
import numpy as np

from .._files import MAX_TEXT, read_bounded
from .._json import decode_json
from ..errors import AlphabetError
from .direction import MIRRORED, is_right_to_left, reordered, reordered_characters
from .normalization import NormalizationForm, normalize

ALPHABET = "alphabet.json"  # its file in a run and beside an exported pair


class _File(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    characters: list[str]
    normalization: NormalizationForm = "NFC"


class Alphabet:
    """Conversion between text and class indices. normalization: the Unicode form of its texts.

    Raises `AlphabetError` if a character occurs twice, or if an entry is not a single character.
    """

    def __init__(self, characters: Iterable[str], normalization: NormalizationForm = "NFC") -> None:
        self.characters, self.normalization = tuple(characters), normalization
        self._index = {character: index for index, character in enumerate(self.characters)}
        if not self.characters:
            raise AlphabetError("an alphabet needs at least one character")
        if len(self._index) != len(self.characters):
            twice = sorted(character for character, count in Counter(self.characters).items() if count > 1)
            raise AlphabetError(f"the alphabet contains characters twice: {' '.join(map(repr, twice))}")
        wrong = [c for c in self.characters if len(c) != 1]
        if wrong:
            raise AlphabetError(f"not single characters: {' '.join(map(repr, wrong[:10]))}")
        self._turns = is_right_to_left(self.characters)

    @classmethod
    def from_texts(cls, texts: Iterable[str], normalization: NormalizationForm = "NFC") -> Alphabet:
        """Make the alphabet of all characters needed to write `texts`, sorted by code point. The texts are in the form
        `normalization`.
        """
        return cls(sorted(_with_partners(set().union(*texts))), normalization)

    @classmethod
    def load(cls, path: str | Path) -> Alphabet:
        """Read an alphabet's JSON file. Raises `AlphabetError`."""
        try:
            content = read_bounded(path, MAX_TEXT)
        except OSError as error:
            raise AlphabetError(f"{path}: {error.strerror}") from None
        file = decode_json(content, _File, f"{path} is not an alphabet", AlphabetError)
        return cls(file.characters, file.normalization)

    def extended(self, texts: Iterable[str]) -> Alphabet:
        """Return this alphabet, followed by the characters that it lacks to write `texts`, sorted by code point."""
        needed = _with_partners(set(self.characters).union(*map(self.normalize, texts)))
        return Alphabet([*self.characters, *sorted(needed - self._index.keys())], self.normalization)

    def normalize(self, text: str) -> str:
        """Normalize a text to the form that this alphabet uses."""
        return normalize(text, self.normalization)

    def to_json(self) -> bytes:
        """Return the content of the alphabet's file."""
        file = _File(list(self.characters), self.normalization)
        return msgspec.json.format(msgspec.json.encode(file), indent=1) + b"\n"

    def __len__(self) -> int:
        return len(self.characters)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alphabet) and (self.characters, self.normalization) == (
            other.characters,
            other.normalization,
        )

    def __hash__(self) -> int:
        return hash((self.characters, self.normalization))

    @property
    def blank(self) -> int:
        """Class index of the blank: the last one."""
        return len(self.characters)

    @property
    def classes(self) -> int:
        """Number of the network's outputs: the characters and the blank."""
        return len(self.characters) + 1

    def shown(self, text: str) -> str:
        """Return the text as an image shows it from left to right: its characters in the order of their classes."""
        return reordered(text) if self._turns else text

    def unknown(self, text: str) -> str:
        """Return the characters that the alphabet lacks to write `text`, each once, sorted."""
        return "".join(sorted(set(self.shown(text)) - self._index.keys()))

    def encode(self, text: str) -> np.ndarray:
        """Convert a text to class indices (len(text),) int32. Raises `AlphabetError`, which names the characters that
        the alphabet lacks.
        """
        if unknown := self.unknown(text):
            raise AlphabetError(f"the alphabet of {len(self)} characters lacks {' '.join(map(repr, unknown))}")
        return np.array([self._index[c] for c in self.shown(text)], np.int32)

    def decode(self, indices: Sequence[int]) -> str:
        """Convert class indices without blanks to text."""
        return self.shown("".join(self.characters[index] for index in indices))  # the conversion is its own inverse

    def ordered(self, indices: Sequence[int]) -> list[tuple[int, str]]:
        """Return the characters of `decode`, each with the position of its class index in `indices`."""
        text = "".join(self.characters[index] for index in indices)
        return reordered_characters(text) if self._turns else list(enumerate(text))


def _with_partners(characters: set[str]) -> set[str]:
    """Add the other bracket of each pair if the characters include right-to-left letters."""
    if not is_right_to_left(characters):
        return characters
    return characters | {MIRRORED[character] for character in characters & MIRRORED.keys()}
