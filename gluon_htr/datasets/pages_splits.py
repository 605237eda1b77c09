"""Validation parts of collections that have none of their own, fixed once for all: whole documents or hands.

`splits/pages-validation.txt` has a line `COLLECTION PAGE` for each page that is held out, a tenth of a collection; of
one hand, whole pages. COLLECTION is the name of the folder, PAGE that of the XML file without its ending.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def held_out_pages() -> dict[str, frozenset[str]]:
    """Read which pages of each collection are its validation part."""
    text = (files(__package__) / "splits" / "pages-validation.txt").read_text("utf-8")
    found: dict[str, set[str]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            collection, _, page = line.partition(" ")
            found.setdefault(collection, set()).add(page)
    return {collection: frozenset(pages) for collection, pages in found.items()}
