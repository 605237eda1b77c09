"""Packed samples for long trainings: a folder of MXNet RecordIO shards with their indices, which any machine can read.

    lines.rec/00000.rec    image records (`recordio.py`): the text as code points, the preprocessed image encoded
    lines.rec/00000.idx    a line each: key, offset, length, CRC-32, height, width, id, group, separated by tabs, the
                           last two as JSON strings. MXNet's `MXIndexedRecordIO` reads the first two, ignores the rest
    lines.rec/00000.json   written last: the shard is complete; its number of samples, and those that were left out
    lines.rec/origin.json  the origin; lines.rec/records.json, written at the end: all shards are complete

After a packing was killed, or files were damaged, only the incomplete shards are packed again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, count, islice
from pathlib import Path

import msgspec

from ..._files import MAX_DATA, read_bounded
from ..._json import decode_json
from ..._storage import LOCK, only_writer, write_atomically
from ...errors import CacheError, DataError, StorageError
from ...images.encoding import Encoding
from ..origin import Origin, difference
from ..preparation import Preparer, chunks
from ..problems import first_problems
from ..sample import Problem, Reader
from ..store import Store
from .shards import encode_store, is_intact, load_shard, save_shard, shard_size, shard_summary

FORMAT = "gluon_htr records 1"
CHUNKS = 16  # of `preparation.CHUNK` samples a shard: some megabytes, a second's work
NUMBER = "[0-9]" * 5  # of a shard, in its files' names


@dataclass(frozen=True)
class Packing:
    """Origin and encoding of the records in a folder: `origin.json`."""

    origin: Origin
    encoding: str


class _Records(msgspec.Struct):
    """`records.json`."""

    format: str
    shards: int
    problems: list[tuple[str, str]]


def is_records(path: Path) -> bool:
    """Test whether a folder has complete records."""
    return (path / "records.json").is_file()


def save_records(
    path: Path,
    reader: Reader,
    preparer: Preparer,
    made_from: Origin,
    encoding: Encoding,
    advance: Callable[[int], object] = lambda done: None,
    anew: bool = False,
) -> tuple[int, list[Problem]]:
    """Pack all samples, or continue an interrupted packing of the same origin. Return the count and the problems.

    advance: called with the number of samples just done. anew: never continue, pack everything again. Raises
    `DataError` if there is no sample, `StorageError` if `path` is something else or the disk is full; what was there is
    then untouched.
    """
    if path.exists() and not path.is_dir():
        raise StorageError(f"{path} is a file, and records are a folder: remove it or give another --output")
    with only_writer(path):
        return _save(path, reader, preparer, Packing(made_from, str(encoding)), encoding, advance, anew)


def _save(
    path: Path,
    reader: Reader,
    preparer: Preparer,
    packing: Packing,
    encoding: Encoding,
    advance: Callable[[int], object],
    anew: bool,
) -> tuple[int, list[Problem]]:
    made_from = packing.origin
    goes_on = _serves(_found(path), packing) and not anew
    done = {number for file in path.glob(f"{NUMBER}.json") if goes_on and is_intact(path, number := int(file.stem))}
    missing = (chunk for number, chunk in enumerate(chunks(reader)) if number // CHUNKS not in done)
    stores = preparer.chunk_stores(missing, made_from.preprocessing, partial(encode_store, encoding=encoding))
    if not done:
        stores = _with_a_sample(stores, path, reader)
    _begin(path, packing, goes_on)
    for number in count():
        if number in done:
            advance(shard_size(path, number))
        elif shard := list(islice(stores, CHUNKS)):
            advance(save_shard(path, number, shard))
        elif number > max(done, default=-1):
            break
    return _end(path, number, list(reader.problems))


def _found(path: Path) -> Packing | None:
    """Return the packing that was begun at `path`, if any. Raises `StorageError` if something else is there."""
    packing = _packing(path)
    if packing is None and any(entry.name != LOCK for entry in path.iterdir()):
        raise StorageError(f"{path} holds other files than records: give another --output")
    return packing


def _with_a_sample(stores: Iterator[Store], path: Path, reader: Reader) -> Iterator[Store]:
    """Return the same stores after making sure that one has a sample. Raises `DataError` if none has."""
    empty: list[Store] = []
    for store in stores:
        if len(store):
            return chain(empty, [store], stores)
        empty.append(store)
    why = first_problems([*(problem for store in empty for problem in store.problems), *reader.problems])
    raise DataError(f"{path} would hold no sample: {why or 'there is none'}")


def _begin(path: Path, packing: Packing, goes_on: bool) -> None:
    """Prepare the folder of this packing, new or as it was left; files of another packing are removed."""
    (path / "records.json").unlink(missing_ok=True)
    if goes_on:
        return
    for suffix in (".json", ".idx", ".rec"):
        for file in path.glob(NUMBER + suffix):
            file.unlink()
    # last: until then the remaining files belong to the other packing, which could continue
    write_atomically(path / "origin.json", msgspec.json.format(msgspec.json.encode(packing)))


def _serves(found: Packing | None, packing: Packing) -> bool:
    return found is not None and found.encoding == packing.encoding and not difference(found.origin, packing.origin)


def _packing(path: Path) -> Packing | None:
    try:
        return decode_json(read_bounded(path / "origin.json", MAX_DATA), Packing, str(path), CacheError)
    except (OSError, CacheError):
        return None


def _end(path: Path, shards: int, problems: list[Problem]) -> tuple[int, list[Problem]]:
    """Mark the records as complete; return the count and the problems."""
    summaries = [shard_summary(path, number) for number in range(shards)]
    samples = sum(summary.samples for summary in summaries)
    for leftover in path.glob(f".{NUMBER}.*.part"):  # of packings that were killed
        leftover.unlink()
    listed = [(problem.id, problem.reason) for problem in problems]
    whole = {"format": FORMAT, "shards": shards, "samples": samples, "problems": listed}
    write_atomically(path / "records.json", json.dumps(whole).encode())
    return samples, [problem for summary in summaries for problem in summary.left_out] + problems


def records_origin(path: Path) -> Origin:
    """Return the origin of records, whether they are complete or not.

    Raises `CacheError` if `path` is not a folder of records.
    """
    packing = _packing(path)
    if packing is None:
        raise CacheError(f"{path} has no records of this version: run gluon-htr prepare again")
    return packing.origin


def records_encoding(path: Path) -> str | None:
    """Return the encoding of images at `path`, as `--encoding` spells it; None without records."""
    packing = _packing(path)
    return packing.encoding if packing else None


def load_records(path: Path) -> tuple[Store, Origin]:
    """Load the samples, still encoded, and their origin. Records that are damaged or cut off are problems.

    All images of a million lines fit into some gigabytes, so that every epoch can be shuffled as a whole. Raises
    `CacheError` if `path` is not a folder of complete records.
    """
    store, packing, lost = _load(path)
    return replace(store, problems=[*lost, *store.problems]), packing.origin


def load_intact(path: Path, encoding: Encoding) -> tuple[Store, Origin]:
    """Load the same. Raises `CacheError` also if a record is lost, or if the encoding differs."""
    store, packing, lost = _load(path)
    if packing.encoding != str(encoding):
        raise CacheError(f"its images are {packing.encoding}, not {encoding}")
    if lost:
        more = f", and {len(lost) - 1} more" if lost[1:] else ""
        raise CacheError(f"{lost[0].id} {lost[0].reason}{more}")
    return store, packing.origin


def _load(path: Path) -> tuple[Store, Packing, list[Problem]]:
    """Load the samples, with those that were left out when packing; the packing; and the records lost since."""
    packing = _packing(path)
    try:
        whole = decode_json(read_bounded(path / "records.json", MAX_DATA), _Records, str(path), CacheError)
    except (OSError, CacheError):
        whole = None
    if packing is None or whole is None or whole.format != FORMAT:
        raise CacheError(f"{path} has no complete records of this version: run gluon-htr prepare again")
    problems = [Problem(*problem) for problem in whole.problems]
    loaded = [load_shard(path, number) for number in range(whole.shards)]
    store = Store.join([*(store for store, _ in loaded), Store.collect([], problems)])
    return store, packing, [problem for _, lost in loaded for problem in lost]
