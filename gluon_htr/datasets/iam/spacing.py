"""Natural spacing for tokenized texts: `said , " I am` → `said, "I am`.

The rule, if no transcription with natural spacing exists (IAM's ascii tables): closing punctuation, a possessive and a
contraction stick to the word before; an opening bracket sticks to the word after; double quotation marks open and close
in turn; everything else is separated by one space.
"""

from __future__ import annotations

from collections.abc import Iterable

_CLOSING = frozenset(".,;:!?)]}") | {"...", "'", "'s", "n't", "'re", "'ve", "'ll", "'d", "'m"}
_OPENING = frozenset("([{")


def natural(tokens: Iterable[str]) -> str:
    """Join tokens as a person would write them."""
    text, quoted, glued = "", False, True
    for token in tokens:
        closes = token in _CLOSING or (token == '"' and quoted)
        text += token if glued or closes else " " + token
        glued = token in _OPENING or (token == '"' and not quoted)
        if token == '"':
            quoted = not quoted
    return text
