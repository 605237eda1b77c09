"""Texts that do not fit their images: single ones of the wrong length, and lists whose rows have slipped.

The length of a text and the width of its ink go together. Where they do not, texts belong to other images.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

import numpy as np

from .findings import Finding, finding
from .looking import Look, Looked
from .pictures import TURNED, is_blank

MIN_LETTERS = 4  # of a text: the width of fewer says little
MIN_COMPARED = 20  # samples, before one can be unusual
FACTOR = 2.5  # times as wide a letter as usual, or as narrow
DEVIATIONS = 5.0  # of letter widths, from the usual one
SPREAD = 0.15  # of the logarithm of lengths: texts that are all alike say nothing
UNRELATED = 0.25  # correlation of lengths and widths: less is chance
RELATED = 0.6  # correlation after a shift of rows, which shows that these belong together
MAX_SHIFT = 3  # rows
WINDOW = 40  # samples in which a shift is looked for


@dataclass(frozen=True)
class _Measured:
    """Samples whose widths can be compared, in the order of the data. All figures are logarithms.

    lengths: (N,) characters. widths: (N,) of the ink, in pixels or in heights of the ink, whichever goes better with
    the lengths. measures: (2, N) both.
    """

    looks: list[Look]
    lengths: np.ndarray
    widths: np.ndarray
    measures: np.ndarray


def length_findings(seen: Looked, fix: str, suspects: str, explained: Container[int] = ()) -> list[Finding]:
    """Find texts of the wrong length. fix: leaves them out. suspects: the command that ranks samples by a model.
    explained: numbers of samples whose texts are known to be wrong for another reason.
    """
    measured = _measured([look for look in seen.looks if look.number not in explained])
    slipped = _slipped(measured)
    places = [(look, f"{look.place}: {look.text!r}{told}") for look, told in slipped]
    found = finding(
        "shifted-texts",
        places,
        "Widths of images go with the lengths of other texts than their own: rows or files have slipped, or are mixed.",
        suspects,
        seen.total,
        "harms",
    )
    if len(slipped) > len(measured.looks) / 2:
        return found  # single lengths say nothing then
    chosen = {look.number for look, _ in slipped}
    odd = [(look, told) for look, told in _outliers(measured) if look.number not in chosen]
    return found + finding(
        "wrong-length-text",
        [(look, f"{look.place}: {told}") for look, told in odd],
        "Its letters would be far wider or narrower than those of the other samples: the text may be of another image.",
        fix,
        seen.total,
    )


def _measured(looks: list[Look]) -> _Measured:
    shown = [
        (look, seen)
        for look in looks
        if (seen := look.appearance) and not is_blank(seen) and look.text and seen.height <= TURNED * seen.width
    ]
    lengths = np.log([len(look.text) for look, _ in shown])
    widths = np.log([max(1, seen.ink_width) for _, seen in shown])
    heights = np.log([max(1, seen.ink_height) for _, seen in shown])
    measures = np.array([widths, widths - heights]).reshape(2, -1)
    better = max(measures, key=lambda some: _correlation(lengths, some, 0.0))
    return _Measured([look for look, _ in shown], lengths, better, measures)


def _outliers(measured: _Measured) -> list[tuple[Look, str]]:
    """Return samples with letters of an unusual width by either measure, and what is unusual."""
    long = np.array([len(look.text) >= MIN_LETTERS for look in measured.looks], bool)
    if long.sum() < MIN_COMPARED:
        return []
    far, letters = long, measured.measures - measured.lengths
    usual = np.median(letters[:, long], axis=1)
    for own, middle in zip(letters, usual):
        deviation = 1.4826 * float(np.median(np.abs(own[long] - middle)))
        far = far & (np.abs(own - middle) > max(np.log(FACTOR), DEVIATIONS * deviation))
    return [(measured.looks[k], _told(measured.looks[k], letters[0, k], usual[0])) for k in np.flatnonzero(far)]


def _told(look: Look, letter: float, usual: float) -> str:
    width, normal = np.exp(letter), np.exp(usual)
    return f"{len(look.text)} characters of {width:.0f} pixels, usually {normal:.0f}: {look.text!r}"


def _slipped(measured: _Measured) -> list[tuple[Look, str]]:
    """Return the samples whose widths go with the lengths of other rows, or with none."""
    count = len(measured.looks)
    if count < MIN_COMPARED:
        return []
    shifts: dict[int, int] = {}
    for start in range(0, max(1, count - WINDOW // 2), WINDOW // 2):
        rows = np.arange(start, min(count, start + WINDOW))
        if (shift := _shift(measured, rows)) is not None:
            for row in rows.tolist():
                shifts.setdefault(row, shift)
    found = {
        row: f", whose width goes with the text {_words(shift)}"
        for shift in set(shifts.values())
        for row in _from_start(measured, [row for row in sorted(shifts) if shifts[row] == shift], shift)
    }
    if not found and _correlation(measured.lengths, measured.widths, UNRELATED) < UNRELATED:
        found = dict.fromkeys(range(count), "")
    return [(measured.looks[row], told) for row, told in sorted(found.items())]


def _from_start(measured: _Measured, rows: list[int], shift: int) -> list[int]:
    """Leave out the first rows, before the slip: the lengths of their own texts go better with their widths."""
    letters = measured.widths - measured.lengths
    usual = np.median(letters)
    inside = np.array([row for row in rows if 0 <= row + shift < len(letters)], int)
    if not inside.size:
        return rows
    own = np.abs(letters[inside] - usual)
    other = np.abs(measured.widths[inside] - measured.lengths[inside + shift] - usual)
    gained = np.cumsum((own - other)[::-1])[::-1]  # by a slip that starts at each row
    first = inside[int(gained.argmax())]
    return [row for row in rows if row >= first]


def _words(shift: int) -> str:
    rows = f"{abs(shift)} row{'s' * (abs(shift) > 1)}"
    return f"{rows} {'below' if shift > 0 else 'above'}"


def _shift(measured: _Measured, rows: np.ndarray) -> int | None:
    """Return by how many rows the texts of these samples are shifted; None if they are not."""
    if len(rows) < MIN_COMPARED:
        return None
    own = _correlation(measured.lengths[rows], measured.widths[rows], 1.0)
    if own >= UNRELATED:
        return None
    scores = {}
    for shift in [*range(-MAX_SHIFT, 0), *range(1, MAX_SHIFT + 1)]:
        inside = rows[(rows + shift >= 0) & (rows + shift < len(measured.looks))]
        scores[shift] = _correlation(measured.lengths[inside + shift], measured.widths[inside], -1.0)
    best = max(scores, key=scores.__getitem__)
    return best if scores[best] >= RELATED else None


def _correlation(lengths: np.ndarray, widths: np.ndarray, unknown: float) -> float:
    """Correlate the ranks of lengths and widths (Spearman); `unknown` where the lengths are too much alike to tell.

    Of logarithms, two faulty samples beside each other could decide it.
    """
    if len(lengths) < MIN_COMPARED or _spread(lengths) < SPREAD or _spread(widths) < SPREAD / 10:
        return unknown
    ranks = [np.unique(values, return_inverse=True)[1] for values in (lengths, widths)]
    return float(np.corrcoef(*ranks)[0, 1])


def _spread(values: np.ndarray) -> float:
    """Return the standard deviation of most values: a normal distribution's quartiles are 1.35 of it apart."""
    lower, upper = np.percentile(values, (25, 75))
    return float(upper - lower) / 1.35
