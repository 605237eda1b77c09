"""Specs → one store of preprocessed samples: caches and records are opened, all else is prepared on the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..errors import CacheError, DataError
from ..images.preprocessing import Preprocessing
from ..text.normalization import Form
from .origin import Origin, difference, renewed
from .packed.cache import load_cache
from .packed.records import load_records, records_origin
from .preparation import Preparer
from .problems import first_problems
from .spec import KINDS, Spec, open_spec, parse_spec, times
from .store import Store

#: Called with a spec's text and its number of samples; gives a context whose value is told of samples that are done.
Track = Callable[[str, int], AbstractContextManager[Callable[[int], object]]]


PREPARED = {"cache": load_cache, "records": load_records}  # kinds that hold what `prepare` has made
#: What they were made from.
ORIGINS: dict[str, Callable[[Path], Origin]] = {"cache": lambda path: load_cache(path)[1], "records": records_origin}


def untracked(spec: str, total: int) -> AbstractContextManager[Callable[[int], object]]:
    """For callers that do not want to know."""
    return nullcontext(lambda done: None)


def load_data(
    specs: Sequence[str],
    rule: Preprocessing,
    workers: int | None = None,
    seed: int = 0,
    track: Track = untracked,
    form: Form = "NFC",
    as_read: bool = False,
) -> Store:
    """The samples of all specs, in order, texts in that form; what was left out is in the store's `problems`.

    as_read: images that are not prepared yet are taken as a recognizer takes them, see `Preparer`.
    Raises `SpecError` for a bad spec, `CacheError` for a cache or records that are stale or for another network,
    `DataError` when there is no sample at all.
    """
    parsed = [parse_spec(spec) for spec in specs]
    all_prepared = all(spec.kind in PREPARED for spec in parsed)
    with Preparer(0 if all_prepared else workers, as_read) as preparer:
        store = Store.join([_load(spec, rule, preparer, seed, track) for spec in parsed])
    if not len(store):
        why = first_problems(store.problems)
        raise DataError(f"no sample in {' '.join(specs)}{': ' * bool(why)}{why}")
    return store.normalized(form)


def _load(spec: Spec, rule: Preprocessing, preparer: Preparer, seed: int, track: Track) -> Store:
    if spec.kind in PREPARED:
        return _shared(fresh(spec, rule), spec.share, seed)
    reader = open_spec(replace(spec, share=min(spec.share, 1.0)), seed)
    with track(spec.text, len(reader)) as advance:
        store = preparer.prepare(reader, rule, advance)
    return _shared(store, max(spec.share, 1.0), seed)


def is_generated(spec: str) -> bool:
    """Whether nobody wrote what the samples show, nor what they were prepared from. Raises as `load_data` does."""
    parsed = parse_spec(spec)
    while parsed.kind in ORIGINS:
        parsed = parse_spec(ORIGINS[parsed.kind](parsed.path).spec)
    return KINDS[parsed.kind].generated


def _shared(store: Store, share: float, seed: int) -> Store:
    """That share of a store; a sample that comes several times is there once."""
    return store if share == 1 else store.select(np.repeat(np.arange(len(store)), times(len(store), share, seed)))


def fresh(spec: Spec, rule: Preprocessing) -> Store:
    """The samples of a cache or of records made by `rule`, whose source, where it is still there, is as it was."""
    store, found = PREPARED[spec.kind](spec.path)
    if why := difference(found, renewed(found, rule)):
        raise CacheError(
            f"{spec.path} cannot be used: {why}; run python -m gluon_htr.prepare '{found.spec}' for this preset"
        )
    return store
