"""Preprocessed samples on disk: pickles of arrays and texts, with a record of their origin.

A cache is a sequence of pickles in one file: chunks of samples as they were prepared, so that a data set of any size is
written in bounded memory, and last the origin and the count, without which the file is not a cache.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from ..._files import check_regular
from ..._storage import atomic_file
from ...errors import CacheError, DataError, StorageError
from ..origin import Origin
from ..problems import first_problems
from ..sample import Problem
from ..store import Store, bare_sizes
from . import pickles

FORMAT = "gluon_htr cache 2"
_BEGINNING = re.compile(rb"\x80\x05\x95.{8}}\x94\(\x8c\x03ids\x94", re.DOTALL)  # of a chunk's pickle
_ORIGIN = ("spec", "source", "preprocessing", "files")
_LISTS = ("ids", "texts", "groups")
_ARRAYS = {"shapes": (np.int32, 2), "offsets": (np.int64, 1), "pixels": (np.uint8, 1)}


def is_cache(path: Path) -> bool:
    """Test whether a file begins like a cache, however damaged the rest, or is empty."""
    try:
        check_regular(path)
        with open(path, "rb") as file:
            head = file.read(64)
    except OSError:
        return False
    return not head or _BEGINNING.match(head) is not None


def save_cache(path: Path, chunks: Iterable[Store], made_from: Callable[[], Origin]) -> tuple[int, list[Problem]]:
    """Write a cache chunk by chunk; the file replaces the old one when all are written. Return the count and the
    problems.

    made_from: called at the end. Raises `DataError` if there is no sample, `StorageError` if the disk is full or `path`
    is not a cache; the old file is then untouched.
    """
    if path.exists() and not is_cache(path):
        raise StorageError(f"{path} is not a cache: give another --output")
    samples, problems = 0, list[Problem]()
    with atomic_file(path) as file:
        for chunk in chunks:
            columns = {name: getattr(chunk, name) for name in (*_LISTS, *_ARRAYS)}
            pickles.dump({**columns, "problems": _plain(chunk.problems)}, file)
            samples += len(chunk)
            problems += chunk.problems
        made = made_from()
        if not samples:
            raise DataError(f"{path} would hold no sample: {first_problems(problems) or 'there is none'}")
        end = {"format": FORMAT, "samples": samples, "spec": made.spec, "source": made.source, "files": made.files}
        pickles.dump({**end, "preprocessing": msgspec.to_builtins(made.preprocessing)}, file)
    return samples, problems


def _plain(problems: list[Problem]) -> list[tuple[str, str]]:
    return [(problem.id, problem.reason) for problem in problems]


def load_cache(path: Path) -> tuple[Store, Origin]:
    """Load the samples of a cache, and their origin. Raises `CacheError` if it is broken or hostile."""
    *chunks, end = pickles.load_all(path)
    if not isinstance(end, dict) or end.get("format") != FORMAT:
        raise CacheError(f"{path} is not a complete cache of this version: run gluon-htr prepare again")
    try:
        found = msgspec.convert({name: end[name] for name in _ORIGIN if name in end}, Origin)
        store = Store.join([_checked(path, chunk) for chunk in chunks])
    except (KeyError, TypeError, ValueError, msgspec.ValidationError) as error:
        raise CacheError(f"{path} is damaged: {error}") from None
    if len(store) != end.get("samples"):
        raise CacheError(f"{path} is damaged: it holds {len(store)} samples instead of {end.get('samples')}")
    return store, found


def _checked(path: Path, chunk: dict[str, Any]) -> Store:
    """Build a store of a chunk after checking the type of every array and the bounds of every image."""
    columns = {name: chunk[name] for name in (*_LISTS, *_ARRAYS)}
    problems = [Problem(*problem) for problem in chunk["problems"]]
    for name in _LISTS:
        if not isinstance(columns[name], list) or not all(isinstance(text, str) for text in columns[name]):
            raise CacheError(f"{path} is damaged: {name} is not a list of strings")
    for name, (kind, dimensions) in _ARRAYS.items():
        array = columns[name]
        if not isinstance(array, np.ndarray) or array.dtype != kind or array.ndim != dimensions:
            raise CacheError(
                f"{path} is damaged: {name} is not an array of {np.dtype(kind)} in {dimensions} dimensions"
            )
    sizes = bare_sizes(columns["shapes"])
    store = Store(**columns, sizes=sizes, problems=problems)
    count = len(store.ids)
    lengths = (len(store.texts), len(store.groups), *store.shapes.shape, *store.offsets.shape)
    if lengths != (count, count, count, 2, count) or (store.shapes < 1).any():
        raise CacheError(f"{path} is damaged: shapes and offsets do not fit {count} samples")
    ends = store.offsets + sizes
    if (store.offsets < 0).any() or (ends > len(store.pixels)).any():
        raise CacheError(f"{path} is damaged: images lie outside its pixels")
    return store
