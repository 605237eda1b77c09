"""A folder in which each image has its label beside it: `line1.png` and `line1.gt.txt`.

A text file with another name would be a lost label (`line1.txt`, `lin1.gt.txt`): the problem then names the image that
it seems to belong to.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from unicodedata import normalize

from rapidfuzz import process
from rapidfuzz.distance import OSA

from ..._folders import files_below, walk
from ...errors import AnnotationError
from ...images.decoding import SUFFIXES
from ..sample import Problem
from .rows import Row, read_text

LABEL = ".gt.txt"
MAX_TYPOS = 2  # differing letters; two swapped neighbors count as one


@dataclass
class _Folder:
    """Names in one folder by their stems, in NFC: some systems store them in NFD."""

    images: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    labels: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)


def label_beside(root: Path) -> Path | None:
    """Return the first label file in the folder or below."""
    return next(iter(files_below(root, (LABEL,))), None)


def read_folder(root: Path, problems: list[Problem]) -> list[Row]:
    """Return a row for each image that has a label.

    Files without a partner are added to `problems`, by their path below `root`.
    """
    rows = []
    for folder, names in walk(root):
        below = Path(folder).relative_to(root)
        rows += _pairs(root, below, _sorted_out(names), problems)
    return rows


def closest_name(name: str, choices: Iterable[str]) -> str | None:
    """Return the closest name within two typos (OSA); names with other numbers never match."""
    numbers = re.findall(r"\d+", name)
    likely = {choice: choice.lower() for choice in sorted(choices) if re.findall(r"\d+", choice) == numbers}
    limit = min(MAX_TYPOS, len(name) // 3)
    found = process.extractOne(name.lower(), likely, scorer=OSA.distance, score_cutoff=limit)
    return found[2] if found else None


def _sorted_out(names: Iterable[str]) -> _Folder:
    found = _Folder()
    for name in names:
        stem, suffix = os.path.splitext(normalize("NFC", name))
        if name.lower().endswith(LABEL):
            found.labels[normalize("NFC", name[: -len(LABEL)])] = name
        elif suffix.lower() in SUFFIXES:
            found.images[stem].append(name)
        elif suffix.lower() == ".txt":
            found.texts[stem] = name
    for stem in [*found.images]:  # OCRopus: 010001.bin.png and 010001.gt.txt
        first = stem.partition(".")[0]
        if stem not in found.labels and first in found.labels and first not in found.images:
            found.images[first] = found.images.pop(stem)
    return found


def _pairs(root: Path, below: Path, found: _Folder, problems: list[Problem]) -> list[Row]:
    rows = []
    astray = {stem: name for stem, name in (found.texts | found.labels).items() if stem not in found.images}
    for stem, (image, *others) in found.images.items():
        path = (below / image).as_posix()
        problems += [Problem((below / other).as_posix(), f"has the same label file as {image}") for other in others]
        if stem in found.labels:
            try:
                rows.append(Row(1, path, read_text(root / below / found.labels[stem])))
            except AnnotationError as error:
                problems.append(Problem(path, str(error)))
        elif stem in found.texts:
            problems.append(Problem(path, f"has no {stem}{LABEL}; rename {found.texts[stem]}, if that is its label"))
        elif other := closest_name(stem, astray):
            problems.append(Problem(path, f"has no {stem}{LABEL}; rename {astray.pop(other)}, if that is its label"))
        else:
            problems.append(Problem(path, f"has no {stem}{LABEL}"))
    lost = [name for name in astray.values() if name.lower().endswith(LABEL)]
    problems += [Problem((below / name).as_posix(), "is a label without an image here") for name in lost]
    return rows
