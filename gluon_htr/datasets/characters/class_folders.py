"""The classes of images by the folders that they are in: Chars74K, NIST's database 19, or one folder for each class.

- Chars74K (`EnglishHnd`, `EnglishImg`, `EnglishFnt`): `Sample001` to `Sample062` are 0-9, A-Z, a-z. `Msk` has masks.
  Drawn by hand, the number at the end of `img001-008.png` is the writer (T. E. de Campos, B. R. Babu and M. Varma,
  "Character recognition in natural images", VISAPP 2009).
- NIST's database 19 by class: `4a` is the code point of J, and `hsf_4` below it the forms of the official test.
- Otherwise the name of the folder is the class: `a`, or `U+002F` where a name cannot be the character itself. Folders
  `0`, `1`, … are lines of a list of classes, `label.txt` or `labels.txt`, if there is one beside them or above.
"""

from __future__ import annotations

import os
import re
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..._folders import walk
from ..._text_files import read_text, split_lines
from ...errors import AnnotationError
from ...images.decoding import SUFFIXES
from ..sample import Problem

ALPHANUMERIC = string.digits + string.ascii_uppercase + string.ascii_lowercase
CHARS74K_HELD = 8  # images of each class that are held out
OFFICIAL_TEST = "hsf_4"
CLASS_LISTS = ("label.txt", "labels.txt")
_SAMPLE, _HEXADECIMAL, _NUMBER = re.compile(r"Sample(\d{3})"), re.compile(r"[2-7][0-9a-fA-F]"), re.compile(r"\d{1,5}")

ClassOf = Callable[[str], str]  # the name of a folder → its class; empty if it has none


@dataclass(frozen=True)
class ClassImage:
    """An image file, relative to the root, its class, its group, and whether the data set itself holds it out.

    file: the path to open, where the name of the file is not the one in the list.
    """

    path: str
    text: str
    group: str
    held_out: bool = False
    file: str = ""


@dataclass(frozen=True)
class ClassImages:
    """The images of a folder. held: of each class that are held out; None for a tenth.

    has_split: the data set has a split of its own, and `held` does not count.
    """

    images: Sequence[ClassImage]
    held: int | None = None
    has_split: bool = False


def read_class_folders(root: Path, problems: list[Problem]) -> ClassImages:
    """Find the images below a folder by class. Images whose class is unknown are added to `problems`.

    Raises `AnnotationError` if there is none with a class.
    """
    files = [os.path.relpath(os.path.join(folder, name), root) for folder, name in _images(root)]
    parents = {part for file in files for part in Path(file).parts[:-1]} | {root.name}
    if any(_SAMPLE.fullmatch(part) for part in parents):
        return ClassImages(_classified(root, files, _chars74k, _writer, problems), CHARS74K_HELD)
    ends = {Path(file).parts[0] for file in files}
    if ends and all(_HEXADECIMAL.fullmatch(part) for part in ends):
        found = _classified(root, _once(files), _hexadecimal, _alone, problems)
        return ClassImages(found, has_split=any(image.held_out for image in found))
    listed = _listed_classes(root, parents)
    return ClassImages(_classified(root, files, listed or _named, _alone, problems))


def _images(root: Path) -> list[tuple[str, str]]:
    return [(folder, name) for folder, names in walk(root) for name in names if name.lower().endswith(SUFFIXES)]


def _classified(
    root: Path, files: Sequence[str], class_of: ClassOf, group_of: Callable[[str], str], problems: list[Problem]
) -> list[ClassImage]:
    found = []
    for file in files:
        parts = (root.name, *Path(file).parts[:-1])
        text = next((text for part in reversed(parts) if (text := class_of(part))), "")
        if text:
            found.append(ClassImage(file, text, group_of(file), OFFICIAL_TEST in parts))
        elif "Msk" not in parts:
            problems.append(Problem(file, f"is in no folder of a class: {os.path.dirname(file) or '.'} names none"))
    if not found:
        raise AnnotationError(
            f"{root} has no images of characters: give a list, or a folder with one folder for each class"
        )
    return [image for image in found if "Msk" not in Path(image.path).parts]


def _chars74k(name: str) -> str:
    number = int(match[1]) if (match := _SAMPLE.fullmatch(name)) else 0
    return ALPHANUMERIC[number - 1] if 1 <= number <= len(ALPHANUMERIC) else ""


def _hexadecimal(name: str) -> str:
    return chr(int(name, 16)) if _HEXADECIMAL.fullmatch(name) else ""


def _named(name: str) -> str:
    if match := re.fullmatch(r"U\+([0-9a-fA-F]{4,6})", name):
        return chr(int(match[1], 16)) if int(match[1], 16) < 0x110000 else ""
    return name if len(name) == 1 else ""


def _listed_classes(root: Path, parents: set[str]) -> ClassOf | None:
    """Return the classes of a list, by the numbers of its lines from 0; None if there is no list."""
    files = [folder / name for folder in (root, root.parent) for name in CLASS_LISTS]
    file = next((file for file in files if file.is_file()), None)
    if file is None or not any(len(part) > 1 and _NUMBER.fullmatch(part) for part in parents):
        return None
    try:
        classes = [line.strip() for line in split_lines(read_text(file)) if line.strip()]
    except OSError as error:
        raise AnnotationError(f"{file} cannot be read: {error.strerror}") from None
    return lambda name: classes[int(name)] if _NUMBER.fullmatch(name) and int(name) < len(classes) else ""


def _writer(file: str) -> str:
    """Return the writer of an image that was drawn by hand; others are alone."""
    match = re.fullmatch(r"img\d+-(\d+)", Path(file).stem)
    return f"writer {match[1]}" if match and "GoodImg" not in file and "BadImag" not in file else file


def _alone(file: str) -> str:
    return file


def _once(files: Sequence[str]) -> list[str]:
    """Leave out the copies in `train_4a`, which are the images of all forms but those of the test."""
    if not any("hsf_" in file for file in files):
        return list(files)
    return [file for file in files if not any(part.startswith("train_") for part in Path(file).parts)]
