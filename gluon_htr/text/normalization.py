"""One form for equal texts: Unicode NFC (UAX 15) and single spaces, before an alphabet or a metric sees them."""

from __future__ import annotations

import unicodedata


def normalize(text: str) -> str:
    """NFC, every run of white space as one space, none at the ends."""
    return " ".join(unicodedata.normalize("NFC", text).split())
