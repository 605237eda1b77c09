"""Loading of specs to one store of preprocessed samples: caches and records are opened, everything else is prepared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import get_args, get_type_hints

import numpy as np

from ..errors import CacheError, DataError
from ..images.preprocessing import Preprocessing
from ..text.normalization import NormalizationForm
from .freshness import renewed
from .kinds import KINDS
from .origin import difference
from .preparation import Preparer
from .problems import first_problems
from .spec import Spec, open_spec, parse_spec, repeat_counts
from .store import Store

#: Called with the text of a spec and its number of samples; returns a context manager. Its value is called with the
#: number of samples that have just been done.
Track = Callable[[str, int], AbstractContextManager[Callable[[int], object]]]


def untracked(spec: str, total: int) -> AbstractContextManager[Callable[[int], object]]:
    """Track nothing: the default of callers that show no progress."""
    return nullcontext(lambda done: None)


def load_data(
    specs: Sequence[str],
    preprocessing: Preprocessing,
    workers: int | None = None,
    seed: int = 0,
    track: Track = untracked,
    form: NormalizationForm = "NFC",
    like_inference: bool = False,
) -> Store:
    """Load the samples of all specs, in order, with texts in that form. Samples that were left out are in the store's
    `problems`.

    like_inference: normalize images that are not prepared yet as a recognizer does, see `Preparer`. Raises `SpecError`
    for a bad spec, `CacheError` for a cache or records that are stale or for another network, `DataError` if there is
    no sample at all.
    """
    parsed = [parse_spec(spec) for spec in specs]
    all_prepared = all(KINDS[spec.kind].prepared for spec in parsed)
    with Preparer(0 if all_prepared else workers, like_inference) as preparer:
        store = Store.join([_load(spec, preprocessing, preparer, seed, track) for spec in parsed])
    if not len(store):
        why = first_problems(store.problems)
        raise DataError(f"no sample in {' '.join(specs)}{': ' * bool(why)}{why}")
    return store.normalized(form)


def _load(spec: Spec, preprocessing: Preprocessing, preparer: Preparer, seed: int, track: Track) -> Store:
    if KINDS[spec.kind].prepared:
        return _shared(load_prepared(spec, preprocessing), spec.share, seed)
    reader = open_spec(replace(spec, share=min(spec.share, 1.0)), seed)
    with track(spec.text, len(reader)) as advance:
        store = preparer.prepare(reader, preprocessing, advance)
    return _shared(store, max(spec.share, 1.0), seed)


def is_generated(spec: str) -> bool:
    """Test whether the samples, or the data they were prepared from, are generated. Raises as `load_data` does."""
    return KINDS[source_spec(spec).kind].generated


def has_test_data(text: str) -> bool:
    """Test whether a spec, or the source of prepared data, has the test part of its data in it."""
    spec = source_spec(text)
    options = (spec.source or spec).options
    parts = get_args(get_type_hints(type(options)).get("split"))
    return "test" in parts and options.split in ("test", "all")


def source_spec(text: str) -> Spec:
    """Return the spec of data, or of the source of data that were prepared, or are composed of such.

    Raises `CacheError` if that is damaged.
    """
    spec = parse_spec(text)
    while origin := KINDS[spec.kind].origin:
        spec = parse_spec(origin(spec.path).spec)
    return spec


def _shared(store: Store, share: float, seed: int) -> Store:
    """Select that share of a store; a sample that is repeated is stored once."""
    return (
        store if share == 1 else store.select(np.repeat(np.arange(len(store)), repeat_counts(len(store), share, seed)))
    )


def load_prepared(spec: Spec, preprocessing: Preprocessing) -> Store:
    """Load a cache or records made with `preprocessing`, whose source, if it still exists, has not changed.

    Raises `CacheError` if they are damaged or outdated.
    """
    prepared = KINDS[spec.kind].prepared
    assert prepared is not None
    store, found = prepared.load(spec.path)
    if why := difference(found, renewed(found, preprocessing)):
        raise CacheError(f"{spec.path} cannot be used: {why}; run gluon-htr prepare '{found.spec}' for this preset")
    return store
