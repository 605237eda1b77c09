"""One convention for transcriptions of pages, whose editors follow many, for training and scoring.

Texts are in NFC. Raised letters are plain (`M^e` becomes `Me`), `¬` at the end of a line becomes a hyphen, printed
quotes and dashes become those of a keyboard, editorial marks are removed (`⋎` for an insertion), struck-out words stay,
and so does ſ. A line with an unreadable part, a signature sign or a leader has no such text.
"""

from __future__ import annotations

import html
import re
import unicodedata

_UNREADABLE = re.compile(r"<[^<>]*>|\[\.\.\.\]|⟦|⟧|¥|\.{4,}|…{2,}")  # `<…>` and the like, signatures, leaders
#: The blocks of combining diacritical marks, with their extension, supplement, marks for symbols, and half marks.
_DIACRITICAL = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")
_MARKS = dict.fromkeys(map(ord, "^⋎‸⎀<>~"))  # raised letters, insertions, struck-out words, abbreviation strokes
_SIGNS = str.maketrans({"¬": "-", "’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "\u00a0": " "})


def plain(text: str) -> str | None:
    """Convert a transcription to the convention; return None for a line that cannot be trained on or scored."""
    text = unicodedata.normalize("NFC", html.unescape(html.unescape(text)))  # some exports escape twice
    if _UNREADABLE.search(text):
        return None
    text = "".join(map(_lowered, text.translate(_MARKS).translate(_SIGNS)))
    return " ".join(text.split()) or None


def _lowered(character: str) -> str:
    """Return a raised letter as a plain one; drop a diacritical mark that NFC cannot join to its letter, as strokes of
    abbreviation are. Vowels and points of other scripts are letters of their own, and stay.
    """
    if unicodedata.category(character) == "Lm":
        return unicodedata.normalize("NFKC", character)
    return "" if _DIACRITICAL.match(character) else character
