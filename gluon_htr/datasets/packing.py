"""Packing of data into one file or folder of preprocessed samples, as the command `prepare` does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..errors import CacheError, UsageError
from ..images.encoding import Encoding, parse_encoding
from ..images.preprocessing import Preprocessing
from .freshness import current_origin
from .loading import Track, untracked
from .origin import Origin, difference
from .packed.cache import is_cache, load_cache, save_cache
from .packed.records import is_records, load_intact, records_encoding, save_records
from .preparation import Preparer
from .sample import Problem
from .spec import Spec, open_spec, parse_spec
from .store import Store

RECORDS = ".rec"  # suffix of an output that is written as records; all others are caches
Load = Callable[[Path], tuple[Store, Origin]]


@dataclass(frozen=True)
class Packed:
    """Number of samples of an output, and the samples that were left out."""

    samples: int
    problems: list[Problem]


def pack(
    spec: str,
    output: Path,
    preprocessing: Preprocessing,
    *,
    encoding: str | None = None,
    workers: int | None = None,
    force: bool = False,
    track: Track = untracked,
    say: Callable[[str], object] = lambda message: None,
) -> Packed:
    """Write the cache or the records unless they exist, are intact and up to date. Of records, only missing shards are
    written.

    encoding: of the images in records; by default that of the existing records. Raises the errors of reading the data,
    `UsageError` for an encoding of a cache, `StorageError` if the output cannot be written.
    """
    parsed = parse_spec(spec)
    images = _encoding(encoding, output) if output.suffix == RECORDS else None
    if not images and encoding:
        raise UsageError(f"--encoding is for records: give an --output that ends in {RECORDS}, not {output.name}")
    load: Load = partial(load_intact, encoding=images) if images else load_cache
    if (is_records(output) if images else is_cache(output)) and not force:
        store, reason = _existing(load, output, current_origin(parsed, preprocessing))
        if store is not None and not reason:
            say(f"{output} is up to date")
            return Packed(len(store), store.problems)
        say(f"{output} is written again: {reason}")
    write = partial(_write_records, encoding=images, force=force) if images else _write_cache
    return write(parsed, output, preprocessing, workers, track)


def _encoding(asked: str | None, output: Path) -> Encoding:
    """Return the requested encoding, or else that of the existing records."""
    asked = asked or records_encoding(output)
    return parse_encoding(asked) if asked else Encoding()


def _write_cache(spec: Spec, output: Path, preprocessing: Preprocessing, workers: int | None, track: Track) -> Packed:
    with Preparer(workers) as preparer:
        made_from = preparer.later(current_origin, spec, preprocessing)
        reader = open_spec(spec)
        with track("prepare", len(reader)) as advance:
            return Packed(*save_cache(output, preparer.stores(reader, preprocessing, advance), made_from))


def _write_records(
    spec: Spec,
    output: Path,
    preprocessing: Preprocessing,
    workers: int | None,
    track: Track,
    *,
    encoding: Encoding,
    force: bool,
) -> Packed:
    with Preparer(workers) as preparer:
        made_from = current_origin(spec, preprocessing)
        reader = open_spec(spec)
        with track("prepare", len(reader)) as advance:
            return Packed(*save_records(output, reader, preparer, made_from, encoding, advance, anew=force))


def _existing(load: Load, output: Path, expected: Origin) -> tuple[Store | None, str]:
    """Load the existing output, and say why it is outdated; an empty reason if it is not."""
    try:
        store, found = load(output)
    except CacheError as error:
        return None, str(error)
    return store, difference(found, expected)
