"""Files that data needs beside those at its spec's path: images of a list, corpus and alphabet of generated lines."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from ..synthesis.texts.corpora import corpus_files
from .generated.alphabets import NAMED
from .generated.fonts import FontsOptions
from .listing.reader import ListingOptions, listed_files
from .spec import Spec


def needed(spec: Spec) -> str:
    """A digest over those of them that are there; empty where there is none.

    Raises `AnnotationError` where a list cannot be read.
    """
    entries: list[str] = []
    if isinstance(spec.options, ListingOptions) and spec.path.is_file():
        entries = [*_images(spec.path)]
    if isinstance(spec.options, FontsOptions):
        named = (spec.options.corpus, spec.options.alphabet)
        entries = [entry for name in named if name and name not in NAMED for entry in _texts(Path(name))]
    return hashlib.sha256("".join(entries).encode("utf-8", "surrogateescape")).hexdigest() if entries else ""


def _images(listing: Path) -> Iterator[str]:
    """`name size time` of the images of a list."""
    for file in listed_files(listing):
        if os.path.isfile(file):
            status = os.stat(file)
            yield f"{os.path.relpath(file, listing.parent)}\0{status.st_size}\0{status.st_mtime_ns}\n"


def _texts(path: Path) -> Iterator[str]:
    """`name digest` of a file or of a corpus' files; by content, since alphabets are made anew as they were."""
    for file in corpus_files(path):
        if file.is_file():
            yield f"{file.relative_to(path)}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n"
