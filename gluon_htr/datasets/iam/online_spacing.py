"""Natural spacing for IAM-OnDB's texts, of which one line in ten has IAM's tokens: `Mr . Foot said , " I 'm`.

People wrote `Mr. Foot said, "I'm`. The rule, which leaves lines of natural spacing as they are: closing punctuation and
contractions stick to the word before, an opening bracket to the word after, and a quotation mark that stands alone to
the word inside the quotation.
"""

from __future__ import annotations

import re

_CLOSING = re.compile(r"\s+(?=[.,;:!?)\]]+[\"']?(?:\s|$))")
_CONTRACTION = re.compile(r"(?<=\w)\s*'\s*(?=(?:s|t|d|m|ll|ve|re)\b)")
_OPENING = re.compile(r"([(\[])\s+")


def naturally_spaced(lines: list[str]) -> list[str]:
    """Return the lines of one form, in order: a quotation may reach over several."""
    quoted, spaced = False, []
    for line in lines:
        line = _CONTRACTION.sub("'", _OPENING.sub(r"\1", _CLOSING.sub("", line)))
        line, quoted = _quotations(line, quoted)
        spaced.append(line)
    return spaced


def _quotations(line: str, quoted: bool) -> tuple[str, bool]:
    """Return the line with its marks where they belong, and whether a quotation is open at its end.

    quoted: whether one is open at its beginning.
    """
    done, rest = "", line
    while '"' in rest:
        before, _, rest = rest.partition('"')
        done += before
        left, right = not done or done[-1].isspace(), not rest or rest[0].isspace()
        if left != right:
            quoted = left  # it sticks to a word already, which tells
        elif left:
            quoted = bool(rest.strip()) and not (quoted and done.strip())  # none opens at a line's end, or closes first
            done, rest = (done, rest.lstrip()) if quoted else (done.rstrip(), rest)
        done += '"'
    return done + rest, quoted
