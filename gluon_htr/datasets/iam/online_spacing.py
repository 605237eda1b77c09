"""Natural spacing for the texts of IAM-OnDB, of which one line in ten is tokenized like IAM: `Mr . Foot said , " I 'm`.

People wrote `Mr. Foot said, "I'm`. The rule, which keeps lines of natural spacing as they are: closing punctuation and
contractions stick to the word before, an opening bracket to the word after, and a quotation mark that stands alone to
the word inside the quotation.
"""

from __future__ import annotations

import re

_CLOSING = re.compile(r"\s+(?=[.,;:!?)\]]+[\"']?(?:\s|$))")
_CONTRACTION = re.compile(r"(?<=\w)\s*'\s*(?=(?:s|t|d|m|ll|ve|re)\b)")
_OPENING = re.compile(r"([(\[])\s+")


def naturally_spaced(lines: list[str]) -> list[str]:
    """Restore the spacing of the lines of one form, in order: a quotation may span several lines."""
    quoted, spaced = False, []
    for line in lines:
        line = _CONTRACTION.sub("'", _OPENING.sub(r"\1", _CLOSING.sub("", line)))
        line, quoted = _quotations(line, quoted)
        spaced.append(line)
    return spaced


def _quotations(line: str, quoted: bool) -> tuple[str, bool]:
    """Attach the quotation marks of a line to words; also tell whether a quotation is open at its end.

    quoted: whether one is open at its beginning.
    """
    done, rest = "", line
    while '"' in rest:
        before, _, rest = rest.partition('"')
        done += before
        left, right = not done or done[-1].isspace(), not rest or rest[0].isspace()
        if left != right:
            quoted = left  # attached to a word already
        elif left:
            quoted = bool(rest.strip()) and not (quoted and done.strip())  # none opens at a line's end, or closes first
            done, rest = (done, rest.lstrip()) if quoted else (done.rstrip(), rest)
        done += '"'
    return done + rest, quoted
