"""A folder in which each image has its label beside it: `line1.png` and `line1.gt.txt`.

A text file with another name is a label that would be lost (`line1.txt`, `lin1.gt.txt`): it is said which image it
seems to belong to.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from unicodedata import normalize

from rapidfuzz.distance import OSA

from ..._folders import files_below, walk
from ...errors import AnnotationError
from ...images.decoding import SUFFIXES
from ..sample import Problem
from .rows import Row, read_text

LABEL = ".gt.txt"
MAX_TYPOS = 2  # letters by which a name may differ from the one that was meant; two that changed places count as one


@dataclass
class _Folder:
    """Names in one folder by what they are called without their endings, in NFC: some systems store them in NFD."""

    images: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    labels: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)


def label_beside(root: Path) -> Path | None:
    """Return the first label file in the folder or in those below."""
    return next(iter(files_below(root, (LABEL,))), None)


def read_folder(root: Path, problems: list[Problem]) -> list[Row]:
    """Return a row for each image that has a label.

    What has no partner is added to `problems`, by its path below `root`.
    """
    rows = []
    for folder, names in walk(root):
        below = Path(folder).relative_to(root)
        rows += _pairs(root, below, _sorted_out(names), problems)
    return rows


def closest_name(name: str, choices: Iterable[str]) -> str | None:
    """Return the choice that differs from a name by a slip of the pen; other digits are no slip."""
    numbers = re.findall(r"\d+", name)
    likely = [choice for choice in choices if re.findall(r"\d+", choice) == numbers]
    distance, nearest = min(
        ((OSA.distance(name.lower(), choice.lower()), choice) for choice in likely), default=(0, None)
    )
    return nearest if distance <= min(MAX_TYPOS, len(name) // 3) else None


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
    problems += [Problem((below / name).as_posix(), "is the label of no image here") for name in lost]
    return rows
