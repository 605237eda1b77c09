"""One form for equal texts, before an alphabet or a metric sees them: a Unicode normalization (UAX 15), single spaces.

NFC composes letters and their marks. NFKC also replaces what only looks different: full-width letters and digits of
Chinese typography, ligatures, superscripts, `…` by three dots.
"""

from __future__ import annotations

import unicodedata
from typing import Literal

NormalizationForm = Literal["NFC", "NFKC"]
#: Signs without a shape, which steer how text is set and which nobody can read: soft hyphen, spaces without width,
#: marks of direction, joiners of words, the byte order's. The joiners of letters (U+200C, U+200D) change shapes.
INVISIBLE = dict.fromkeys([0xAD, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF])


def normalize(text: str, form: NormalizationForm = "NFC") -> str:
    """Return the text in that form without invisible signs, every run of white space as one space, none at the ends."""
    return " ".join(unicodedata.normalize(form, text.translate(INVISIBLE)).split())
