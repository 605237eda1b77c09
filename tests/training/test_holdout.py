"""What is held out of training data for scoring."""

from __future__ import annotations

import numpy as np
import pytest

from gluon_htr.datasets.loading import is_generated
from gluon_htr.datasets.store import Store
from gluon_htr.errors import DataError
from gluon_htr.training.holdout import hold_out


def store(groups: list[str]) -> Store:
    image = np.zeros((8, 8), np.uint8)
    return Store.collect([(str(k), "a", group, image) for k, group in enumerate(groups)], [])


def test_each_sample_is_on_one_side_and_the_same_at_each_run() -> None:
    """Lines would be scored that were trained on, or a resumed run would see others."""
    whole = store(["me"] * 50)
    train, held, words = hold_out(whole, 3)
    assert sorted(train.ids + held.ids, key=int) == whole.ids
    assert len(held) == 12
    assert words.startswith("12 of 50")
    assert hold_out(whole, 3)[1].ids == held.ids
    assert hold_out(whole, 4)[1].ids != held.ids


def test_whole_groups_are_held_out_where_there_are_many() -> None:
    """A writer's other lines would make the score look better than it is."""
    train, held, _ = hold_out(store([f"writer {k % 12}" for k in range(240)]), 0)
    assert not set(train.groups) & set(held.groups)
    assert 36 <= len(held) <= 60


def test_a_group_of_most_samples_is_trained_on() -> None:
    """Nine tenths of somebody's lines would be taken away from the training, as one person wrote them."""
    most = store(["anna"] * 90 + [f"writer {k}" for k in range(30)])
    train, held, _ = hold_out(most, 0)
    assert 18 <= len(held) <= 30
    assert "anna" not in held.groups
    assert not set(train.groups) & set(held.groups)
    train, held, words = hold_out(store(["anna"] * 93 + [f"writer {k}" for k in range(7)]), 0)
    assert words.startswith("16 of 100")
    assert len(train) == 84


def test_a_sample_that_comes_several_times_is_on_one_side() -> None:
    """`listing:mine*4` would be scored on lines that it was trained on."""
    whole = store(["me"] * 50)
    often = whole.select(np.repeat(np.arange(50), 4))
    train, held, words = hold_out(often, 3)
    assert held.ids == hold_out(whole, 3)[1].ids
    assert not set(train.ids) & set(held.ids)
    assert len(train) == 4 * 38
    assert words.startswith("12 of 50")


def test_large_sets_lose_little() -> None:
    """A seventh of a hundred thousand lines is not needed to score."""
    assert len(hold_out(store(["one"] * 20_000), 0)[1]) == 500


def test_few_samples_are_parted_or_refused() -> None:
    """Somebody with six lines would be told of an empty array."""
    assert [len(part) for part in hold_out(store(["me"] * 6), 0)[:2]] == [5, 1]
    with pytest.raises(DataError, match="3 samples are too few"):
        hold_out(store(["me"] * 3), 0)


def test_only_what_nobody_wrote_counts_as_generated() -> None:
    """Words cut out of the lines of writers who are held out would be trained on."""
    assert is_generated("fonts:hershey?count=3")
    assert not is_generated("recomposed:data/iam?split=train")
    assert not is_generated("strips:data/mnist")
