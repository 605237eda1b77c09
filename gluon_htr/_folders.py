"""What lies in folders and below them, as commands see it whatever they look for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def walk(root: str | os.PathLike[str]) -> Iterator[tuple[str, list[str]]]:
    """Folders at and below `root`, each with the names of its files, all in order of their names.

    Links are followed, each folder is entered once. What begins with a dot is left out: editors and systems keep it.
    """
    entered: set[str] = set()
    for folder, below, names in os.walk(root, followlinks=True):  # a Path for each file would cost more than reading it
        real = os.path.realpath(folder)
        below[:] = sorted(name for name in below if not name.startswith(".")) if real not in entered else []
        if real not in entered:
            yield folder, sorted(name for name in names if not name.startswith("."))
        entered.add(real)


def files_below(root: str | os.PathLike[str], suffixes: tuple[str, ...]) -> list[Path]:
    """Paths of all files at and below `root` with one of `suffixes`, in either case, sorted."""
    found = (Path(folder, name) for folder, names in walk(root) for name in names if name.lower().endswith(suffixes))
    return sorted(found)
