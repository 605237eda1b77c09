"""One form for equal texts, before an alphabet or a metric sees them: a Unicode normalization (UAX 15), single spaces.

NFC composes letters and their marks. NFKC also replaces what only looks different: full-width letters and digits of
Chinese typography, ligatures, superscripts, `…` by three dots.
"""

from __future__ import annotations

import unicodedata
from typing import Literal

Form = Literal["NFC", "NFKC"]


def normalize(text: str, form: Form = "NFC") -> str:
    """The text in that form, every run of white space as one space, none at the ends."""
    return " ".join(unicodedata.normalize(form, text).split())
