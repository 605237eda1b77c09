"""One convention for the transcriptions of pages, whose editors follow many: what is trained on and scored.

Texts are in NFC. Raised letters are plain (`M^e` is `Me`), `¬` at the end of a line is a hyphen, quotes and dashes of
print are those of a keyboard, marks of the editor go (`⋎` for an insertion), words that were struck out stay, and so
does ſ. A line with a part that nobody could read, a signature sign or a leader has no such text.
"""

from __future__ import annotations

import html
import re
import unicodedata

_UNREADABLE = re.compile(r"<[^<>]*>|\[\.\.\.\]|⟦|⟧|¥|\.{4,}|…{2,}")  # `<…>` and the like, signatures, leaders
_MARKS = dict.fromkeys(map(ord, "^⋎‸⎀<>~"))  # raised letters, insertions, struck-out words, abbreviation strokes
_SIGNS = str.maketrans({"¬": "-", "’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "\u00a0": " "})


def plain(text: str) -> str | None:
    """Return the text as it is trained on and scored; None for a line that is neither."""
    text = unicodedata.normalize("NFC", html.unescape(html.unescape(text)))  # some exports escape twice
    if _UNREADABLE.search(text):
        return None
    text = "".join(map(_lowered, text.translate(_MARKS).translate(_SIGNS)))
    return " ".join(text.split()) or None


def _lowered(character: str) -> str:
    """Make a raised letter plain; drop a mark that stands on no letter."""
    category = unicodedata.category(character)
    if category == "Lm":
        return unicodedata.normalize("NFKC", character)
    return "" if category == "Mn" else character
