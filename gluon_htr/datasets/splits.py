"""Splits of samples by ratio: held out at random, but never cut through a group.

Groups are drawn by a digest of seed and name, so that the same ones are held out on every machine, and nearly the same
when a data set grows.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TypeVar

from ..errors import AnnotationError

T = TypeVar("T")


def held_out(groups: Sequence[str], ratio: float, seed: int) -> frozenset[str]:
    """Choose the groups to hold out, so that they have about `ratio` of all samples.

    groups: the group of each sample. At least one is held out and one kept. Raises `AnnotationError` if there is only
    one.
    """
    sizes = Counter(groups)
    if len(sizes) < 2:
        raise AnnotationError(
            f"all {len(groups)} samples are of one group, '{next(iter(sizes), '')}': nothing can be held out; "
            "use split=all, or choose another group="
        )
    chosen, samples, target = set[str](), 0, ratio * len(groups)
    for group in sorted(sizes, key=lambda name: _digest(name, seed))[:-1]:
        if not chosen or samples + sizes[group] / 2 <= target:
            chosen.add(group)
            samples += sizes[group]
    return frozenset(chosen)


def part_by_ratio(
    items: Sequence[T], groups: Sequence[str], pages: Sequence[str], ratio: float, seed: int, validation: bool
) -> list[T]:
    """Return the held-out items, or the others: lines or pages, with the same pages held out.

    groups: of each item. pages: the group of each page, by which groups are chosen. Raises as `held_out` does, and if
    nothing is left.
    """
    chosen = held_out(pages, ratio, seed)
    part = [item for item, group in zip(items, groups) if (group in chosen) == validation]
    if not part:
        which = "held out" if validation else "left"
        raise AnnotationError(f"the pages that are {which} have no usable line: choose another ratio= or seed=")
    return part


def _digest(group: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}\0{group}".encode("utf-8", "surrogateescape")).digest()


def split_list(name: str) -> frozenset[str]:
    """Read a list of forms or documents that ships with the package, one per line."""
    return frozenset(_read(name).split())


@cache
def held_out_pages() -> dict[str, frozenset[str]]:
    """Return the held-out pages of each collection without an official validation split; the lists are fixed.

    `split_lists/pages-validation.txt` has a line `COLLECTION PAGE` for each page that is held out: a tenth of a
    collection by whole documents or writers, or whole pages if there is one writer. COLLECTION is the name of the
    folder, PAGE that of the XML file without its suffix.
    """
    found: dict[str, set[str]] = {}
    for line in _read("pages-validation").splitlines():
        if line and not line.startswith("#"):
            collection, _, page = line.partition(" ")
            found.setdefault(collection, set()).add(page)
    return {collection: frozenset(pages) for collection, pages in found.items()}


def _read(name: str) -> str:
    return (files(__package__) / "split_lists" / f"{name}.txt").read_text("utf-8")
