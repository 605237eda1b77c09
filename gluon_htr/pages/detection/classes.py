"""Classes of the pixels of a page, in the order of a network's outputs."""

from __future__ import annotations

from typing import Literal

#: `lines` has a body, a baseline and ends for each line; `odd-even` labels every second line of a page alike, so that
#: neighbors differ.
Classes = Literal["lines", "odd-even"]
CLASSES: dict[Classes, tuple[str, ...]] = {
    "lines": ("background", "body", "baseline", "end"),
    "odd-even": ("background", "odd", "even"),
}
