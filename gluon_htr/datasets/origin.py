"""What prepared data was made from, so that data which no longer fits is noticed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .._folders import walk
from ..images.preprocessing import Preprocessing
from .needed import needed
from .spec import Spec, parse_spec


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
    """A digest over names, sizes and modification times: of the file at `path`, or of all that `walk` finds below it.

    Not of what `prepare` writes, NAME.pkl and NAME.rec/: it may lie beside its source. Empty where nothing is.
    """
    entries = []
    for name in _sources(path):
        try:
            status = os.stat(f"{path}{name}")
        except OSError:  # a link that leads nowhere
            continue
        entries.append(f"{name}\0{status.st_size}\0{status.st_mtime_ns}\n")
    content = "".join(sorted(entries)).encode("utf-8", "surrogateescape")
    return hashlib.sha256(content).hexdigest() if path.exists() else ""


def _sources(path: Path) -> Iterator[str]:
    """What follows `path` in the paths of the files."""
    if path.is_file():
        yield ""
    for folder, names in walk(path):
        below = folder[len(str(path)) :].replace(os.sep, "/") + "/"
        if ".rec/" not in below:
            yield from (below + name for name in names if not name.endswith(".pkl"))


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
