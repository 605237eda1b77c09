"""Hold-out: a part of the training data for scoring, if no other data are given for that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from ..datasets.store import Store
from ..errors import DataError, UsageError
from ..text import comparison

SHARE, MIN_HELD, MAX_HELD = 0.15, 16, 500  # proportion of the samples, and bounds in samples
MAX_SHARE = 0.4  # proportion of the samples; a group with which more would be held out stays in the training part
SAMPLES_PER_HELD = 4  # of so many samples one is held out, where MIN_HELD are too many
MIN_GROUPS = 8  # with fewer, a whole group is too much to hold out


def hold_out(store: Store, seed: int) -> tuple[Store, Store, str]:
    """Split the samples into a training and a held-out part, with a message about it. The same seed gives the same
    split.

    Whole groups (writers, letters) are held out if there are enough of them, else single samples; a sample that is
    repeated is in one of the parts only. Raises `DataError` if there are too few samples for both.
    """
    keys = list(zip(store.ids, store.texts, store.groups))
    first: dict[tuple[str, str, str], int] = {}
    for position, key in enumerate(keys):
        first.setdefault(key, position)
    held, words = choose_held_out([store.groups[position] for position in first.values()], seed)
    out = {key: position for held_out, (key, position) in zip(held, first.items()) if held_out}
    train = store.select(position for position, key in enumerate(keys) if key not in out)
    return train, store.select(out.values()), words


def choose_held_out(groups: Sequence[str], seed: int) -> tuple[np.ndarray, str]:
    """Choose the samples to hold out, (N,) bool, with a message about it.

    groups: of each sample. Raises `DataError` if there are too few samples.
    """
    count = len(groups)
    target = int(np.clip(round(SHARE * count), min(MIN_HELD, count // SAMPLES_PER_HELD), MAX_HELD))
    if not target:
        raise DataError(f"{count} samples are too few to hold some out for scoring: add lines, or --validation")
    random = np.random.default_rng(seed)
    sizes = Counter(groups)
    chosen = _chosen_groups(sizes, target, random) if MIN_GROUPS <= len(sizes) < count else set()
    if not chosen:
        held = np.isin(np.arange(count), random.permutation(count)[:target])
        return held, f"{target} of {count} samples are held out for scoring"
    held = np.array([group in chosen for group in groups])
    return held, f"{held.sum()} samples of {len(chosen)} of {len(sizes)} groups are held out for scoring"


def _chosen_groups(sizes: Counter[str], target: int, random: np.random.Generator) -> set[str]:
    """Choose groups of `target` samples or more together, but not of most of them; none where that is impossible."""
    groups, most = sorted(sizes), MAX_SHARE * sizes.total()
    chosen: set[str] = set()
    held = 0
    for group in (groups[k] for k in random.permutation(len(groups))):
        if held + sizes[group] <= most:
            chosen.add(group)
            held += sizes[group]
        if held >= target:
            return chosen
    return set()


def check_comparable(held: int, samples: int | None = None) -> None:
    """Raise `UsageError` if `held` samples are too few to tell whether a model improved.

    samples: the number of samples they are held out of; None if they were given separately.
    """
    if held >= comparison.MIN_SAMPLES:
        return
    if samples is None:
        raise UsageError(
            f"{held} samples of --validation are too few to tell whether --init improves: "
            f"give {comparison.MIN_SAMPLES} or more"
        )
    raise UsageError(
        f"{samples} samples are too few to tell whether --init improves: only {held} of them would be held out. "
        f"Give {SAMPLES_PER_HELD * comparison.MIN_SAMPLES} or more, or --validation"
    )
