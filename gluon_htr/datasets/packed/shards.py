"""The shards of packed samples (`records.py`): written one by one, read back with every byte checked."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np

from ..._files import MAX_DATA, check_regular, read_bounded
from ..._json import decode_json
from ..._storage import atomic_file, write_atomically
from ..._text_files import read_text, split_lines
from ...errors import CacheError
from ...images.encoding import Encoding, encode
from ..sample import Problem
from ..store import Store, bare_sizes
from .recordio import frame, pack_image, unframe, unpack_image

_UNLISTED = "is missing in the index"
MIN_RECORD = 32  # bytes: a frame, a header and one character (`recordio.py`)


def encode_store(store: Store, encoding: Encoding) -> Store:
    """Encode the bare pixels of a store; runs in the workers."""
    bare = bare_sizes(store.shapes).tolist()
    blobs = [encode(store.image(k), encoding) for k in range(len(store))]
    # a byte more, which decoders ignore, tells an encoded image from bare pixels
    blobs = [blob + b"\0" if len(blob) == size else blob for blob, size in zip(blobs, bare)]
    sizes = np.array([len(blob) for blob in blobs], np.int64)
    pixels = np.frombuffer(b"".join(blobs), np.uint8)
    return Store(
        store.ids, store.texts, store.groups, store.shapes, np.cumsum(sizes) - sizes, sizes, pixels, store.problems
    )


def save_shard(path: Path, number: int, stores: list[Store]) -> int:
    """Write a shard; return how many samples it covers, including those left out."""
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


def shard_size(path: Path, number: int) -> int:
    """Return how many samples a shard covers, including those left out. Raises `CacheError`."""
    summary = shard_summary(path, number)
    return summary.samples + len(summary.problems)


class Summary(msgspec.Struct):
    """The file of a shard: how many samples it has, and the id and reason of those that were left out."""

    samples: Annotated[int, msgspec.Meta(ge=0)]
    problems: list[tuple[str, str]] = []

    @property
    def left_out(self) -> list[Problem]:
        """The samples that were left out."""
        return [Problem(*problem) for problem in self.problems]


def shard_summary(path: Path, number: int) -> Summary:
    """Read the number of `samples` of a shard, and its `problems`. Raises `CacheError`."""
    file = path / f"{number:05}.json"
    try:
        content = read_bounded(file, MAX_DATA)
    except OSError as error:
        raise CacheError(f"{file} is missing or damaged ({error}): run gluon-htr prepare again") from None
    return decode_json(content, Summary, f"{file} is damaged, run gluon-htr prepare again", CacheError)


@dataclass(frozen=True)
class _Entry:
    """A line of an index."""

    offset: int
    length: int
    checksum: int
    shape: tuple[int, int]
    id: str
    group: str


def is_intact(path: Path, number: int) -> bool:
    """Test whether a shard exists with all of its records, unchanged."""
    try:
        return not load_shard(path, number)[1]
    except CacheError:
        return False


def load_shard(path: Path, number: int) -> tuple[Store, list[Problem]]:
    """Load the samples of a shard, with those that were left out when packing, and the records lost since: damaged, or
    not indexed.

    Raises `CacheError` if one of its files is missing or cannot be read.
    """
    file, summary = path / f"{number:05}.rec", shard_summary(path, number)
    try:
        check_regular(file)
        data = np.fromfile(file, np.uint8)
        lines = split_lines(read_text(path / f"{number:05}.idx", MAX_DATA))
    except OSError as error:
        raise CacheError(f"{file} cannot be read: {error}") from None
    most = max(len(lines), len(data) // MIN_RECORD)  # of both files, one may be cut off
    if summary.samples > most:
        raise CacheError(
            f"{file} has room for {most:,} records, not for {summary.samples:,}: run gluon-htr prepare again"
        )
    lost = [Problem(f"{file.name}, record {row}", _UNLISTED) for row in range(len(lines), summary.samples)]
    found: list[tuple[_Entry, str, int, int]] = []
    extra: list[bytes] = []  # images of records that are stored in several parts
    end = len(data)
    for row, line in enumerate(lines):
        try:
            entry = _entry(line)
            text, start, blob = _record(data.data, entry)
        except (ValueError, RecursionError) as error:
            lost.append(Problem(f"{file.name}, record {row}", str(error)))
            continue
        if start < 0:
            start, end = end, end + len(blob)
            extra.append(blob)
        found.append((entry, text, start, len(blob)))
    pixels = np.concatenate([data, np.frombuffer(b"".join(extra), np.uint8)]) if extra else data
    store = Store(
        [entry.id for entry, *_ in found],
        [text for _, text, *_ in found],
        [entry.group for entry, *_ in found],
        np.array([entry.shape for entry, *_ in found], np.int32).reshape(-1, 2),
        np.array([start for *_, start, _ in found], np.int64),
        np.array([size for *_, size in found], np.int64),
        pixels,
        summary.left_out,
    )
    return store, lost


def _entry(line: str) -> _Entry:
    """Parse a line of an index. Raises `ValueError`."""
    _, offset, length, checksum, height, width, identity, group = line.split("\t")
    shape = (int(height), int(width))
    if min(shape) < 1 or int(offset) < 0:
        raise ValueError("has an impossible index")
    return _Entry(int(offset), int(length), int(checksum), shape, str(json.loads(identity)), str(json.loads(group)))


def _record(data: memoryview, entry: _Entry) -> tuple[str, int, bytes]:
    """Return the text, the start of the image in `data` (-1 if it is not there in one piece), and the image. Raises
    `ValueError`.
    """
    blob = data[entry.offset : entry.offset + entry.length]
    if len(blob) != entry.length or zlib.crc32(blob) != entry.checksum:
        raise ValueError("is damaged or cut off")
    content = unframe(blob)
    text, start = unpack_image(content)
    image = content[start:]
    whole = len(content) + 8 + -len(content) % 4 == entry.length
    return text, entry.offset + 8 + start if whole else -1, image
