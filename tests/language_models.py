"""Small language models that tests of several packages share."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from gluon_htr.ngrams.building import build
from gluon_htr.ngrams.model import NGramModel, Unit

#: English of a few lines, long enough for estimates of all orders.
VERSE = (
    "The quality of mercy is not strained",
    "It droppeth as the gentle rain from heaven",
    "Upon the place beneath: it is twice blest",
    "It blesseth him that gives and him that takes",
    "'Tis mightiest in the mightiest: it becomes",
    "The throned monarch better than his crown",
    "His sceptre shows the force of temporal power",
    "The attribute to awe and majesty",
    "Wherein doth sit the dread and fear of kings",
    "But mercy is above this sceptred sway",
    "It is enthroned in the hearts of kings",
    "It is an attribute to God himself",
)


@cache
def model_of(lines: Sequence[str] = VERSE, order: int = 4, unit: Unit = "characters", size: int = 10**6) -> NGramModel:
    """A model of a few lines."""
    return build(lines, order, unit, size)
