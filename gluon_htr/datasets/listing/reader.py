"""The user's own images and labels: a list, or a folder with labels beside its images.

`listing:my/labels.tsv?split=train&group=folder`. Lists are described in rows.py, folders in folders.py. All faults are
found at once, before anything is read: missing files, files that are not images, empty and repeated labels.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal
from unicodedata import normalize

import msgspec

from ...errors import AnnotationError, ImageError, SpecError
from ...images.decoding import SUFFIXES, Encoded, check_readable
from ..origin import file_state
from ..problems import first_problems
from ..sample import Problem, Sample
from ..splits import held_out
from .folders import closest_name, label_beside, read_folder
from .rows import NAMED, Row, read_rows

LISTS = (
    "labels.tsv",
    "labels.csv",
    "labels.txt",
    "sample.txt",
    "train.tags",
)
METADATA = ("metadata.jsonl", "metadata.csv")  # of Hugging Face; lists where there is no other
NOTHING = f"no image with its label beside it (x.png and x.gt.txt), and no list ({', '.join((*LISTS, *METADATA))})"
SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"BM", b"GIF8")


class ListingOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of a spec of a listing."""

    #: Split by ratio.
    split: Literal["train", "validation", "all"] = "all"
    #: Which samples belong together: `folder`, `prefix` (of the name, before its last _ or -), or the name of a column.
    #: By default the column `group`, where there is one, and otherwise each sample on its own.
    group: str = ""
    #: Proportion of the samples that is held out for validation.
    ratio: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.1
    #: Seed of the held-out part.
    seed: int = 0


@dataclass(frozen=True)
class Listed:
    """A row that is usable. file: the path to open."""

    id: str
    text: str
    group: str
    file: str


class ListingReader:
    """Reader of samples in the order of the list, or of the names in a folder. listed: their rows.

    Raises `AnnotationError` if the list cannot be read or has no usable row, `SpecError` for an unknown group.
    """

    def __init__(self, path: Path, options: ListingOptions) -> None:
        self.problems: list[Problem] = []
        self._source = source = _source(path)
        if source.is_dir():
            self._root, self._name, rows = source, "", read_folder(source, self.problems)
        else:
            self._root, self._name, rows = source.parent, f"{source.name}:", read_rows(source, self.problems)
        self.listed = list(self._listed(rows, options.group))
        if not self.listed:
            why = first_problems(self.problems) or (NOTHING if source.is_dir() else "it has no row")
            raise AnnotationError(f"{source} has no usable sample: {why}")
        if options.split != "all":
            chosen = held_out([sample.group for sample in self.listed], options.ratio, options.seed)
            is_validation = options.split == "validation"
            self.listed = [sample for sample in self.listed if (sample.group in chosen) == is_validation]

    def __len__(self) -> int:
        return len(self.listed)

    def __iter__(self) -> Iterator[Sample]:
        return (Sample(listed.id, listed.text, listed.group, Encoded(listed.file)) for listed in self.listed)

    def _listed(self, rows: list[Row], group: str) -> Iterator[Listed]:
        known = {column for row in rows for column in row.columns}
        if group not in known | {"", "folder", "prefix"}:
            choices = ", ".join(["folder", "prefix", *sorted(known)])
            raise SpecError(f"group={group} is not a column of {self._source}; use one of {choices}")
        files = ListedFiles(self._root, rows)
        seen = dict[str, Row]()
        for row in rows:
            file = files.find(row.path)
            if why := _fault(row, file, seen.get(file), files):
                self.problems.append(Problem(f"{self._name}{row.number}" if self._name else row.path, why))
                continue
            seen[file] = row
            yield Listed(row.path, row.label.strip(), _group(row, group), file)


def listing_companions(path: Path, options: ListingOptions) -> Iterator[str]:
    """Yield name, size and modification time of the images that a list names; of a folder's list, those elsewhere.

    Raises `AnnotationError` if the list cannot be read.
    """
    source = _source(path) if path.exists() else path
    if not source.is_file():
        return
    inside = os.path.join(os.path.normpath(path), "") if path.is_dir() else None
    for file in sorted(ListedFiles(source.parent, read_rows(source, [])).listed):
        if os.path.isfile(file) and not (inside and file.startswith(inside)):
            yield file_state(file, source.parent)


class ListedFiles:
    """The files that a list names, and the images beside them that it does not."""

    def __init__(self, root: Path, rows: Sequence[Row]) -> None:
        self._root = str(root)
        self.listed = {self.find(row.path) for row in rows}
        self._unlisted = dict[str, list[str]]()

    def find(self, path: str) -> str:
        """Return the path of a file, relative to the list; Windows paths and other Unicode forms of the name are
        accepted.
        """
        slashed = path.replace("\\", "/")
        forms = [path, slashed, *(normalize(form, slashed) for form in ("NFC", "NFD"))]
        files = [os.path.normpath(os.path.join(self._root, form)) for form in dict.fromkeys(forms)]
        return next(filter(os.path.exists, files), files[0])

    def suggestion(self, file: str) -> str:
        """Suggest a name for a file that does not exist: an image beside it that no row names."""
        folder, name = os.path.split(file)
        if folder not in self._unlisted:
            names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
            images = [name for name in names if name.lower().endswith(SUFFIXES)]
            self._unlisted[folder] = [name for name in images if os.path.join(folder, name) not in self.listed]
        stems = {os.path.splitext(other)[0]: other for other in self._unlisted[folder]}
        other = closest_name(os.path.splitext(name)[0], stems)
        return f"; did you mean {stems[other]}?" if other else ""


def _source(path: Path) -> Path:
    """Return the list, or the folder with labels beside its images. Raises `AnnotationError`."""
    if path.is_file():
        return path
    if not path.is_dir():
        beside = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
        other = closest_name(path.name, beside)
        raise AnnotationError(f"{path} does not exist" + (f"; did you mean {other}?" if other else ""))
    lists = [path / name for name in LISTS if (path / name).is_file()]
    label = label_beside(path)
    if not lists and label is None:
        lists = [path / name for name in METADATA if (path / name).is_file()]
    if not lists:
        return path
    if label:
        raise AnnotationError(
            f"{path} has {lists[0].name} and labels beside images, {label.relative_to(path)}: "
            "name the list to read it, or move the list elsewhere to read the folder"
        )
    if len(lists) > 1:
        raise AnnotationError(f"{path} has {' and '.join(list.name for list in lists)}: name the one to read")
    return lists[0]


def _fault(row: Row, file: str, earlier: Row | None, files: ListedFiles) -> str:
    """Return the reason why a row cannot be used; empty if it can."""
    label = row.label.strip()
    if not row.path:
        return "names no image"
    if not os.path.isfile(file):
        if not row.label and (match := NAMED.fullmatch(row.path)) and match[2]:
            return f"has no tab between {match[1]} and its text"
        return f"{row.path} does not exist{files.suggestion(file)}"
    if earlier:
        same = "" if earlier.label.strip() == label else " with another label"
        return f"{row.path} repeats line {earlier.number}{same}"
    if not label:
        return f"{row.path} has an empty label"
    if re.search(r"[\r\n]", label):
        return f"{row.path} has a label of several lines"
    if re.search(r"[\ud800-\udfff]", label):  # which JSON can write
        return f"{row.path} has half of a surrogate pair in its label, which is no character"
    return _why_no_image(file, row.path)


def _why_no_image(file: str, name: str) -> str:
    """Look at the first bytes; if they do not tell, open the picture, without decoding. Empty if it is one."""
    try:
        with open(file, "rb") as opened:
            head = opened.read(12)
    except OSError as error:
        return f"{name} cannot be read: {error.strerror}"
    if head.startswith(SIGNATURES) or (head[:4] == b"RIFF" and head[8:] == b"WEBP"):
        return ""
    try:
        check_readable(file)
    except ImageError as error:
        return f"{name} {str(error).removeprefix(f'{file} ')}"
    return ""


def _group(row: Row, by: str) -> str:
    if by == "folder":
        return PurePosixPath(row.path.replace("\\", "/")).parent.as_posix()
    if by == "prefix":
        stem = os.path.splitext(row.path)[0]
        return re.sub(r"[_-][^_\-/\\]*$", "", stem)
    return row.columns.get(by or "group") or row.path
