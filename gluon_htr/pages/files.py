"""Files of pages that a user names: single files, folders, patterns."""

from __future__ import annotations

import glob
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from ..errors import UsageError
from ..images.decoding import SUFFIXES


class Named(Protocol):
    """A path, or another input with a name."""

    @property
    def name(self) -> str:
        """Name with suffix."""

    @property
    def stem(self) -> str:
        """Name without suffix."""


PAGE_SUFFIXES = (*SUFFIXES, ".pdf")


def is_remote(address: str) -> bool:
    """Tell if an address is not a path: it has a scheme such as `https://`, or `memory://`."""
    scheme, separator, _ = address.partition("://")
    return bool(separator) and scheme.isascii() and scheme.replace("+", "").replace("::", "").isalnum()


def expand(names: Sequence[str]) -> list[Path]:
    """Return the files that names stand for, in order, each once.

    A folder stands for the images and PDFs in it, sorted; a pattern such as `scans/*.jpg` for the files that match. A
    file that does not exist is kept: reading it reports that. Raises `UsageError` if a folder or a pattern has no
    pages.
    """
    found: list[Path] = []
    for name in names:
        path = Path(name)
        if path.is_dir():
            found += _in_folder(path)
        elif not path.exists() and glob.has_magic(name):
            found += _matches(name)
        else:
            found.append(path)
    return list(dict.fromkeys(found))


def output_files(files: Sequence[Named], folder: Path, suffix: str, by_page: bool = False) -> list[Path]:
    """Name the output of each file in a folder: by its stem, or by its whole name where two files have one stem.

    by_page: each page has a file, with its number after a hyphen; so has a file with that name its whole name. Raises
    `UsageError` if two files have one name, or if an output would replace a file that is read.
    """
    stems = [path.stem for path in files]
    names = [
        path.stem if stems.count(path.stem) == 1 and not (by_page and _is_page_of(path.stem, stems)) else path.name
        for path in files
    ]
    if repeated := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(f"two files are named {repeated}: read them into different folders")
    outputs = [folder / f"{name}{suffix}" for name in names]
    read = {path.resolve() for path in files if isinstance(path, Path)}
    if replaced := next((path for path in outputs if path.resolve() in read), None):
        raise UsageError(f"{replaced} is to be read, and would be replaced: give another --output")
    return outputs


def _is_page_of(stem: str, stems: Sequence[str]) -> bool:
    """Test whether a file is named as the output of a page of another one is."""
    match = re.fullmatch(r"(.+)-\d{4,}", stem)
    return match is not None and match[1] in stems


def _in_folder(folder: Path) -> list[Path]:
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in PAGE_SUFFIXES and path.is_file())
    if not files:
        raise UsageError(f"{folder} has no images and no PDF: name the folder that has the pages")
    return files


def _matches(pattern: str) -> list[Path]:
    files = sorted(Path(name) for name in glob.glob(pattern, recursive=True) if Path(name).is_file())
    if not files:
        raise UsageError(f"no file matches {pattern}")
    return files
