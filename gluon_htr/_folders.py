"""Files in and below a folder, the same for every command."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def walk(root: str | os.PathLike[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield the folders at and below `root`, each with the names of its files, all sorted by name.

    Links are followed, and each folder is entered once. Names that begin with a dot are left out: editors and systems
    keep such files.
    """
    entered: set[str] = set()
    for folder, below, names in os.walk(root, followlinks=True):  # a Path for each file would cost more than reading it
        real = os.path.realpath(folder)
        below[:] = sorted(name for name in below if not name.startswith(".")) if real not in entered else []
        if real not in entered:
            yield folder, sorted(name for name in names if not name.startswith("."))
        entered.add(real)


def files_below(root: str | os.PathLike[str], suffixes: tuple[str, ...]) -> list[Path]:
    """Return the paths of all files at and below `root` with one of `suffixes`, in either case, sorted."""
    found = (Path(folder, name) for folder, names in walk(root) for name in names if name.lower().endswith(suffixes))
    return sorted(found)
