"""Pieces of a line that are set as one: letters that join, stack or change their order are shaped together, by Raqm."""

from __future__ import annotations

import re
import unicodedata

from PIL import features

from ...errors import MissingToolError
from ...text.direction import is_right_to_left, runs_backwards

#: Scripts of India and South-East Asia, Tibetan, and Mongolian.
SHAPED = re.compile("[\u0900-\u109f\u1780-\u18af]")


def needs_shaping(text: str) -> bool:
    """Test whether letters drawn alone, one behind the other, would misrepresent the text."""
    return is_right_to_left(text) or bool(SHAPED.search(text))


def direction(text: str) -> str | None:
    """Return the direction for Raqm of lines with right-to-left letters: the same as that of their labels."""
    return ("rtl" if runs_backwards(text) else "ltr") if is_right_to_left(text) else None


def pieces(text: str, letters: bool) -> list[str]:
    """Split a line into the pieces that are set as one, and the spaces: words, or single letters if requested and
    possible.

    A line with right-to-left letters is one piece: the order of its parts depends on the whole. Raises
    `MissingToolError` if Pillow cannot shape the text.
    """
    shaped = needs_shaping(text)
    if shaped and not features.check("raqm"):
        raise MissingToolError("letters of this script need Pillow with Raqm: apt-get install libfribidi0")
    if is_right_to_left(text):
        return [text]
    if letters and not shaped and not any(unicodedata.category(character)[0] == "M" for character in text):
        return list(text)
    return [piece for word in text.split(" ") for piece in (" ", word)][1:]
