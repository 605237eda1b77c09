"""Single characters from files: `characters:FOLDER?split=train`, whatever data set the folder has.

A list of images and labels (`labels.tsv` and others, as `listing:` reads them), ICDAR 2003's `char.xml`, or folders by
class (`class_folders.py`). `split=validation` is the last part of each class: 10 rows of a list, 8 images of Chars74K,
a tenth of other folders, and of NIST's database 19 its official test forms; `held=` sets another number.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import numpy as np

from ...errors import AnnotationError
from ...images.decoding import Encoded
from ...text.normalization import normalize
from ..listing.reader import LISTS, METADATA, ListedFiles, ListingOptions, ListingReader, listing_companions
from ..listing.rows import Row
from ..origin import file_state
from ..problems import first_problems
from ..sample import Problem, Sample
from .class_folders import ClassImage, ClassImages, read_class_folders
from .icdar import find_tags, read_tags
from .selection import at_most, last_of_each

LIST_HELD = 10  # rows of each class that are held out


class CharactersOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of a spec of characters."""

    #: `validation` is the held-out part of each class, `train` all others.
    split: Literal["train", "validation", "all"] = "all"
    #: Number of samples of each class to hold out, the last ones; by default that of the data set.
    held: Annotated[int, msgspec.Meta(ge=1)] | None = None
    #: Largest number of samples of a class, drawn with a fixed seed; 0 takes all.
    most: Annotated[int, msgspec.Meta(ge=0)] = 0


class CharactersReader:
    """Reader of single characters, in the order of the list or of the names of files.

    Raises `AnnotationError` if there is none.
    """

    def __init__(self, path: Path, options: CharactersOptions) -> None:
        self.problems: list[Problem] = []
        found = self._found(path)
        images = [image for image in found.images if self._is_single(image)]
        if not images:
            raise AnnotationError(f"{path} has no single character: {first_problems(self.problems)}")
        images = _part(images, found, options)
        self._samples = [images[k] for k in at_most([image.text for image in images], options.most)]

    def __len__(self) -> int:
        return len(self._samples)

    def __iter__(self) -> Iterator[Sample]:
        return (
            Sample(image.path, image.text, image.group, Encoded(image.file or os.path.join(self._root, image.path)))
            for image in self._samples
        )

    def _found(self, path: Path) -> ClassImages:
        self._root = str(path.parent if path.is_file() else path)
        if tags := find_tags(path):
            self._root = str(tags.parent)
            return ClassImages(list(self._tagged(tags.name, read_tags(tags))), None)
        if path.is_file() or (path.is_dir() and _has_list(path)) or not path.is_dir():
            listing = ListingReader(path, ListingOptions())
            self.problems += listing.problems
            listed = [ClassImage(row.id, row.text, row.group, file=row.file) for row in listing.listed]
            return ClassImages(listed, LIST_HELD)
        return read_class_folders(path, self.problems)

    def _tagged(self, name: str, rows: Sequence[Row]) -> Iterator[ClassImage]:
        files = ListedFiles(Path(self._root), rows)
        for row in rows:
            if os.path.isfile(file := files.find(row.path)):
                yield ClassImage(row.path, row.label, row.path, file=file)
            else:
                self.problems.append(Problem(f"{name}:{row.number}", f"{row.path} does not exist"))

    def _is_single(self, image: ClassImage) -> bool:
        if len(normalize(image.text)) == 1:
            return True
        self.problems.append(Problem(image.path, f"has the label {image.text!r}, which is not a single character"))
        return False


def character_companions(path: Path, options: CharactersOptions) -> Iterator[str]:
    """Yield name, size and modification time of the images that a list names; of a folder's list, those elsewhere.

    Raises `AnnotationError` if the list cannot be read.
    """
    tags = find_tags(path)
    if tags and path.is_file():
        for file in sorted(ListedFiles(tags.parent, read_tags(tags)).listed):
            if os.path.isfile(file):
                yield file_state(file, tags.parent)
    elif not tags and (path.is_file() or _has_list(path)):
        yield from listing_companions(path, ListingOptions())


def _has_list(folder: Path) -> bool:
    """Test whether a folder has a list of images. `label.txt` has the classes alone."""
    return any((folder / name).is_file() for name in (*LISTS, *METADATA) if name != "labels.txt")


def _part(images: Sequence[ClassImage], found: ClassImages, options: CharactersOptions) -> list[ClassImage]:
    if options.split == "all":
        return list(images)
    if found.has_split and options.held is None:
        held = np.array([image.held_out for image in images])
    else:
        held = last_of_each([image.text for image in images], options.held or found.held)
    chosen = held if options.split == "validation" else ~held
    return [image for image, kept in zip(images, chosen) if kept]
