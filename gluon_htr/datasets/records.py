"""Packed samples for long trainings: a folder of MXNet RecordIO shards with their indices, which any machine can read.

    lines.rec/00000.rec    image records (`recordio.py`): the text as code points, the preprocessed image encoded
    lines.rec/00000.idx    a line each: key, offset, length, CRC-32, height, width, id, group, parted by tabs, the last
                           two as JSON strings. MXNet's `MXIndexedRecordIO` reads the first two and ignores the rest
    lines.rec/00000.json   written last: the shard is whole; its number of samples, and what was left out
    lines.rec/origin.json  what it is made from; lines.rec/records.json, at the end: the whole is whole

A packing that was killed goes on with the first shard that is not whole.
"""

from __future__ import annotations

import json
import shutil
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count, islice
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from .._storage import atomic_file, write_atomically
from ..errors import CacheError, DataError, StorageError
from ..images.encoding import Encoding, encode
from .origin import Origin
from .preparation import Preparer, chunks
from .recordio import frame, pack_image, unframe, unpack_image
from .sample import Problem, Reader
from .store import Store, bare_sizes

FORMAT = "gluon_htr records 1"
CHUNKS = 16  # of `preparation.CHUNK` samples a shard: some megabytes, a second's work


@dataclass(frozen=True)
class Packing:
    """What the records of a folder are: `origin.json`."""

    origin: Origin
    encoding: str


def is_records(path: Path) -> bool:
    """Whether a folder holds whole records."""
    return (path / "records.json").is_file()


def save_records(
    path: Path,
    reader: Reader,
    preparer: Preparer,
    made_from: Origin,
    encoding: Encoding,
    advance: Callable[[int], object] = lambda done: None,
) -> tuple[int, list[Problem]]:
    """Packs all samples, or goes on where a packing of the same origin was ended. Returns the count and the problems.

    advance: called with the number of samples just done. Raises `DataError` when there is no sample, `StorageError`
    when the disk is full or `path` is something else.
    """
    _begin(path, Packing(made_from, str(encoding)))
    done = {int(file.stem) for file in path.glob("[0-9]*.json")}
    wanted = (chunk for number, chunk in enumerate(chunks(reader)) if number // CHUNKS not in done)
    stores = preparer.chunk_stores(wanted, made_from.preprocessing, partial(_encode, encoding=encoding))
    for number in count():
        if number in done:
            advance(_shard_size(path, number))
        elif shard := list(islice(stores, CHUNKS)):
            advance(_save_shard(path, number, shard))
        elif number > max(done, default=-1):
            break
    return _end(path, number, list(reader.problems))


def discard_records(path: Path) -> None:
    """Removes what `save_records` has written, and nothing else."""
    if _packing(path) is not None:
        shutil.rmtree(path)


def _begin(path: Path, packing: Packing) -> None:
    """An empty folder for this packing, or the one in which it was begun."""
    if path.exists() and not path.is_dir():
        raise StorageError(f"{path} is a file, and records are a folder: remove it or give another --output")
    if path.is_dir() and any(path.iterdir()) and not (path / "origin.json").exists():
        raise StorageError(f"{path} holds something else than records: give another --output")
    if path.is_dir() and _packing(path) != packing:
        shutil.rmtree(path)
    (path / "records.json").unlink(missing_ok=True)
    write_atomically(path / "origin.json", msgspec.json.format(msgspec.json.encode(packing)))


def _packing(path: Path) -> Packing | None:
    try:
        return msgspec.json.decode((path / "origin.json").read_bytes(), type=Packing)
    except (OSError, msgspec.DecodeError):
        return None


def _encode(store: Store, encoding: Encoding) -> Store:
    """A store of bare pixels as one of encoded images; runs in the workers."""
    bare = bare_sizes(store.shapes).tolist()
    blobs = [encode(store.image(k), encoding) for k in range(len(store))]
    # a byte more, which decoders ignore, tells an encoded image from bare pixels
    blobs = [blob + b"\0" if len(blob) == size else blob for blob, size in zip(blobs, bare)]
    sizes = np.array([len(blob) for blob in blobs], np.int64)
    pixels = np.frombuffer(b"".join(blobs), np.uint8)
    return Store(
        store.ids, store.texts, store.groups, store.shapes, np.cumsum(sizes) - sizes, sizes, pixels, store.problems
    )


def _save_shard(path: Path, number: int, stores: list[Store]) -> int:
    """Writes a shard; returns how many samples it took, those left out included."""
    index, offset, key = [], 0, number << 20
    with atomic_file(path / f"{number:05}.rec") as file:
        for store in stores:
            for k in range(len(store)):
                record = frame(pack_image(store.texts[k], key, _blob(store, k)))
                file.write(record)
                index.append(_index_line(key, offset, record, store, k))
                offset, key = offset + len(record), key + 1
    write_atomically(path / f"{number:05}.idx", "".join(index).encode())
    problems = [(problem.id, problem.reason) for store in stores for problem in store.problems]
    summary = {"samples": len(index), "bytes": offset, "problems": problems}
    write_atomically(path / f"{number:05}.json", json.dumps(summary).encode())
    return len(index) + len(problems)


def _blob(store: Store, position: int) -> bytes:
    start = int(store.offsets[position])
    return store.pixels[start : start + int(store.sizes[position])].tobytes()


def _index_line(key: int, offset: int, record: bytes, store: Store, position: int) -> str:
    height, width = store.shapes[position].tolist()
    names = json.dumps(store.ids[position]), json.dumps(store.groups[position])
    return "\t".join(map(str, (key, offset, len(record), zlib.crc32(record), height, width, *names))) + "\n"


def _shard_size(path: Path, number: int) -> int:
    summary = _summary(path, number)
    return summary["samples"] + len(summary["problems"])


def _summary(path: Path, number: int) -> dict[str, Any]:
    file = path / f"{number:05}.json"
    try:
        found = json.loads(file.read_bytes())
        return {"samples": int(found["samples"]), "problems": [Problem(*problem) for problem in found["problems"]]}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CacheError(f"{file} is missing or damaged ({error}): run python -m gluon_htr.prepare again") from None


def _end(path: Path, shards: int, problems: list[Problem]) -> tuple[int, list[Problem]]:
    """Declares the records whole."""
    summaries = [_summary(path, number) for number in range(shards)]
    samples = sum(summary["samples"] for summary in summaries)
    if not samples:
        raise DataError(f"{path} would hold no sample: there is none that can be used")
    for leftover in path.glob(".*.part"):  # of packings that were killed
        leftover.unlink()
    listed = [(problem.id, problem.reason) for problem in problems]
    whole = {"format": FORMAT, "shards": shards, "samples": samples, "problems": listed}
    write_atomically(path / "records.json", json.dumps(whole).encode())
    return samples, [problem for summary in summaries for problem in summary["problems"]] + problems


def records_origin(path: Path) -> Origin:
    """What they were made from, whether they are whole or not. Raises `CacheError` where `path` is no such folder."""
    packing = _packing(path)
    if packing is None:
        raise CacheError(f"{path} holds no records of this version: run python -m gluon_htr.prepare again")
    return packing.origin


def load_records(path: Path) -> tuple[Store, Origin]:
    """The samples, still encoded, and what they were made from; records that are damaged or cut off are problems.

    All images of a million lines fit into some gigabytes, so that every epoch can be shuffled as a whole. Raises
    `CacheError` where `path` is no folder of whole records.
    """
    packing = _packing(path)
    try:
        whole = json.loads((path / "records.json").read_bytes())
        shards, problems = int(whole["shards"]), [Problem(*problem) for problem in whole["problems"]]
    except (OSError, ValueError, TypeError, KeyError):
        whole = {}
    if packing is None or whole.get("format") != FORMAT:
        raise CacheError(f"{path} holds no whole records of this version: run python -m gluon_htr.prepare again")
    stores = [_load_shard(path, number) for number in range(shards)]
    return Store.join([*stores, Store.collect([], problems)]), packing.origin


@dataclass(frozen=True)
class _Entry:
    """A line of an index."""

    offset: int
    length: int
    checksum: int
    shape: tuple[int, int]
    id: str
    group: str


def _load_shard(path: Path, number: int) -> Store:
    file, problems = path / f"{number:05}.rec", _summary(path, number)["problems"]
    try:
        data = np.fromfile(file, np.uint8)
        lines = (path / f"{number:05}.idx").read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CacheError(f"{file} cannot be read: {error}") from None
    found: list[tuple[_Entry, str, int, int]] = []
    extra: list[bytes] = []  # images of records that had to be cut
    end = len(data)
    for row, line in enumerate(lines):
        try:
            entry = _entry(line)
            text, start, blob = _record(data.data, entry)
        except ValueError as error:
            problems.append(Problem(f"{file.name}, record {row}", str(error)))
            continue
        if start < 0:
            start, end = end, end + len(blob)
            extra.append(blob)
        found.append((entry, text, start, len(blob)))
    pixels = np.concatenate([data, np.frombuffer(b"".join(extra), np.uint8)]) if extra else data
    return Store(
        [entry.id for entry, *_ in found],
        [text for _, text, *_ in found],
        [entry.group for entry, *_ in found],
        np.array([entry.shape for entry, *_ in found], np.int32).reshape(-1, 2),
        np.array([start for *_, start, _ in found], np.int64),
        np.array([size for *_, size in found], np.int64),
        pixels,
        problems,
    )


def _entry(line: str) -> _Entry:
    """Raises ValueError."""
    _, offset, length, checksum, height, width, identity, group = line.split("\t")
    shape = (int(height), int(width))
    if min(shape) < 1 or int(offset) < 0:
        raise ValueError("has an impossible index")
    return _Entry(int(offset), int(length), int(checksum), shape, str(json.loads(identity)), str(json.loads(group)))


def _record(data: memoryview, entry: _Entry) -> tuple[str, int, bytes]:
    """Text, where the image starts in `data` (-1 where it does not lie there in one piece), and the image."""
    blob = data[entry.offset : entry.offset + entry.length]
    if len(blob) != entry.length or zlib.crc32(blob) != entry.checksum:
        raise ValueError("is damaged or cut off")
    content = unframe(blob)
    text, start = unpack_image(content)
    image = content[start:]
    whole = len(content) + 8 + -len(content) % 4 == entry.length
    return text, entry.offset + 8 + start if whole else -1, image
