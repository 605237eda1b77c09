"""Current state of the files that data come from, as the `Origin` that data prepared now would have."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from .._folders import walk
from ..images.preprocessing import Preprocessing
from .kinds import KINDS
from .origin import Origin
from .spec import Spec, parse_spec


def current_origin(spec: Spec, preprocessing: Preprocessing) -> Origin:
    """Compute the origin that data prepared now would have.

    Raises `AnnotationError` if a listing cannot be read.
    """
    return Origin(spec.text, fingerprint(spec.path), preprocessing, companions_digest(spec))


def renewed(found: Origin, preprocessing: Preprocessing) -> Origin:
    """Compute the origin that the same data would have now; a source that is gone counts as unchanged."""
    spec = parse_spec(found.spec)
    source = fingerprint(spec.path) if spec.path.exists() else found.source
    compared = found.files and source == found.source
    return Origin(found.spec, source, preprocessing, companions_digest(spec) if compared else "")


def companions_digest(spec: Spec) -> str:
    """Digest the files that a spec needs besides those at its path; empty if there are none.

    Raises `AnnotationError` if a listing cannot be read.
    """
    entries = list(KINDS[spec.kind].companions(spec.path, spec.options))
    if spec.source:
        entries += KINDS[spec.source.kind].companions(spec.source.path, spec.source.options)
    return hashlib.sha256("".join(entries).encode("utf-8", "surrogateescape")).hexdigest() if entries else ""


def fingerprint(path: Path) -> str:
    """Digest names, sizes and modification times of the file at `path`, or of all files that `walk` finds below it.

    Leaves out the output of `prepare`, NAME.pkl and NAME.rec/, which may lie beside its source. Empty if nothing is
    there.
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
    """Yield the rest after `path` of the path of each file."""
    if path.is_file():
        yield ""
    for folder, names in walk(path):
        below = folder[len(str(path)) :].replace(os.sep, "/") + "/"
        if ".rec/" not in below:
            yield from (below + name for name in names if not name.endswith(".pkl"))
