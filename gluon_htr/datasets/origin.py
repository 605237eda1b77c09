"""Origin of prepared data, as values: comparing two origins tells whether data are still up to date.

`freshness.py` computes them from the file system.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ..images.preprocessing import Preprocessing


@dataclass(frozen=True)
class Origin:
    """The source of prepared data."""

    spec: str
    source: str  # digest of the files at the spec's path
    preprocessing: Preprocessing
    files: str = ""  # digest of its companions; empty where there are none, or where they were not recorded


def difference(found: Origin, expected: Origin) -> str:
    """Explain why data of the origin `found` are not the `expected` ones; empty if they are."""
    if found.spec != expected.spec:
        return f"it was made from {found.spec}"
    if found.preprocessing != expected.preprocessing:
        return f"it was prepared with {describe(found.preprocessing)}, not {describe(expected.preprocessing)}"
    if found.source != expected.source:
        return "its source has changed since"
    known = found.files and expected.files
    return "files that its source names have changed since" if known and found.files != expected.files else ""


def file_state(file: str | Path, folder: Path) -> str:
    """Return a line of the name below a folder, size in bytes and modification time of a file. Raises `OSError`."""
    status = os.stat(file)
    return f"{os.path.relpath(file, folder)}\0{status.st_size}\0{status.st_mtime_ns}\n"


def describe(preprocessing: Preprocessing) -> str:
    """Describe a preprocessing in a few words."""
    return f"{preprocessing.mode} {preprocessing.height}×{preprocessing.width} {preprocessing.resample}"
