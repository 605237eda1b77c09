"""Normalization of texts before an alphabet or a metric sees them: a Unicode form (UAX 15) and single spaces.

NFC composes letters and their marks. NFKC also replaces characters that only look different: full-width letters and
digits of Chinese typography, ligatures, superscripts, and `…`, which becomes three dots.
"""

from __future__ import annotations

import unicodedata
from typing import Literal

NormalizationForm = Literal["NFC", "NFKC"]
#: Invisible characters, which only control layout: soft hyphen, zero-width spaces, direction marks, word joiners,
#: byte order mark. The joiners of letters (U+200C, U+200D) change shapes and are kept.
INVISIBLE = dict.fromkeys([0xAD, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF])


def normalize(text: str, form: NormalizationForm = "NFC") -> str:
    """Normalize a text: the Unicode form, no invisible characters, single spaces, none at the ends."""
    return " ".join(unicodedata.normalize(form, text.translate(INVISIBLE)).split())
