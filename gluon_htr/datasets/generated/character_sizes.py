"""Place of each character on a line: what it fills between baseline and ascenders, in heights of a capital.

Pictures of single characters do not show it, since each is cut out and scaled by itself.
"""

from __future__ import annotations

X_HEIGHT, DEPTH = 0.62, -0.38

#: (foot, top) above the baseline of the characters named; all others stand on it, as high as a capital.
PLACES: dict[str, tuple[float, float]] = {
    "acemnorsuvwxz": (0.0, X_HEIGHT),
    "gpqy": (DEPTH, X_HEIGHT),
    "j": (DEPTH, 0.9),
    "i": (0.0, 0.9),
    "t": (0.0, 0.85),
    ".": (0.0, 0.14),
    ",": (-0.18, 0.14),
    ":": (0.0, 0.55),
    ";": (-0.18, 0.55),
    "-–—~": (0.28, 0.4),
    "=": (0.2, 0.5),
    "+<>": (0.12, 0.72),
    "*^": (0.5, 0.95),
    "'\"`´‘’“”": (0.68, 1.0),
    "_": (-0.12, -0.04),
    "()[]{}/|\\§@&#%$€£?!": (-0.05, 1.0),
}
_PLACE = {character: place for characters, place in PLACES.items() for character in characters}


def place(character: str) -> tuple[float, float]:
    """Return foot and top above the baseline, in heights of a capital."""
    return _PLACE.get(character, (0.0, 1.0))
