"""What prepared data was made from, so that data which no longer fits is noticed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..images.preprocessing import Preprocessing
from .needed import needed
from .specs import Spec, parse_spec


@dataclass(frozen=True)
class Origin:
    """What prepared data was made from: the spec, the state of the source, the preprocessing, the state of `needed`
    files, which is empty where there are none or where it was not recorded."""

    spec: str
    source: str
    preprocessing: Preprocessing
    files: str = ""


def origin(spec: Spec, preprocessing: Preprocessing) -> Origin:
    """The origin that data prepared now would have. Raises `AnnotationError` where a list cannot be read."""
    return Origin(spec.text, fingerprint(spec.path), preprocessing, needed(spec))


def renewed(found: Origin, preprocessing: Preprocessing) -> Origin:
    """The origin that the same data would have now; what is no longer there at all counts as it was."""
    spec = parse_spec(found.spec)
    source = fingerprint(spec.path) if spec.path.exists() else found.source
    compared = found.files and source == found.source
    return Origin(found.spec, source, preprocessing, needed(spec) if compared else "")


def fingerprint(path: Path) -> str:
    """A digest over the names, sizes and modification times of all files at or below `path`; empty where nothing is."""
    digest = hashlib.sha256()
    for entry in sorted(_entries(str(path), "")):
        digest.update(entry.encode("utf-8", "surrogateescape"))
    return digest.hexdigest() if path.exists() else ""


def _entries(path: str, name: str) -> Iterator[str]:
    """`name size time` of the file at `path`, or of all below it; names are relative to where it began."""
    if not os.path.isdir(path):
        if os.path.exists(path):
            yield _entry(name, os.stat(path))
        return
    with os.scandir(path) as entries:
        for entry in entries:
            below = f"{name}/{entry.name}"
            if entry.is_dir():
                yield from _entries(entry.path, below)
            else:
                yield _entry(below, entry.stat())


def _entry(name: str, status: os.stat_result) -> str:
    return f"{name}\0{status.st_size}\0{status.st_mtime_ns}\n"


def difference(found: Origin, expected: Origin) -> str:
    """Why data of the origin `found` does not serve where `expected` is needed; empty when it does."""
    if found.spec != expected.spec:
        return f"it was made from {found.spec}"
    if found.preprocessing != expected.preprocessing:
        return f"it was prepared with {describe(found.preprocessing)}, not {describe(expected.preprocessing)}"
    if found.source != expected.source:
        return "its source has changed since"
    known = found.files and expected.files
    return "files that its source names have changed since" if known and found.files != expected.files else ""


def describe(rule: Preprocessing) -> str:
    """A rule in a few words."""
    return f"{rule.rule} {rule.height}×{rule.width} {rule.resample}"
