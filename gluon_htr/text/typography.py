"""Typographic characters that most alphabets lack, and what people write instead."""

from __future__ import annotations

from collections.abc import Collection

#: Replaced in this order. Letters are among them: an alphabet that has one keeps it.
TYPOGRAPHY = {
    "--": " - ",
    "’": "'", "‘": "'", "‚": "'", "‛": "'", "′": "'", "`": "'", "“": '"', "”": '"', "„": '"', "″": '"', "«": '"',
    "»": '"', "–": "-", "‐": "-", "‑": "-", "−": "-", "—": " - ", "―": " - ", "…": "...", "æ": "ae", "œ": "oe",
    "Æ": "Ae", "Œ": "Oe", "×": "x", "\xad": "", "\u200b": "", "\ufeff": "", "_": "",
}  # fmt: skip
DASH = "—"  # what typists mean by two hyphens


def is_lacking(sign: str, alphabet: Collection[str]) -> bool:
    """Test whether a typographic character must be replaced in texts of an alphabet."""
    sign = DASH if sign == "--" else sign
    return sign not in alphabet and sign.swapcase() not in alphabet


def typewritten(text: str, signs: Collection[str]) -> str:
    """Replace these typographic characters in a text; a dash becomes a hyphen between spaces."""
    for sign, plain in TYPOGRAPHY.items():
        if sign in signs:
            text = text.replace(sign, plain)
    return text
