"""Every sample is in exactly one batch of an epoch, whatever the sizes."""

from __future__ import annotations

import numpy as np
import pytest
from fakes import ALPHABET, fake_batches, spelled_store
from hypothesis import given
from hypothesis import strategies as st

from gluon_htr.training.batches import pad_labels, plan, stack

widths = st.lists(st.integers(1, 400), min_size=1, max_size=200).map(np.array)


@given(widths, st.integers(1, 20), st.integers(0, 9), st.integers(0, 9))
def test_an_epoch_is_a_partition_of_the_samples(widths: np.ndarray, size: int, seed: int, epoch: int) -> None:
    """Some samples would be seen twice and others never."""
    batches = plan(widths, size, seed, epoch)
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(widths)))
    assert all(1 <= len(batch) <= size for batch in batches)
    again = plan(widths, size, seed, epoch)
    assert all(np.array_equal(a, b) for a, b in zip(batches, again))


@given(st.integers(1, 70), st.integers(1, 9))
def test_the_promised_number_of_batches_is_the_real_one(samples: int, size: int) -> None:
    """The schedule of the learning rate would end too early or too late."""
    batches = fake_batches(spelled_store(["ab"] * samples), size)
    assert batches.per_epoch == len(plan(np.full(samples, 6), size, 0, 0))


@given(st.lists(st.lists(st.integers(0, 5), max_size=6), min_size=1, max_size=5).filter(any))
def test_labels_are_padded_behind_their_ends(labels: list[list[int]]) -> None:
    """CTC would be given characters that nobody wrote."""
    padded, lengths = pad_labels([np.array(label, np.int32) for label in labels])
    for row, length, label in zip(padded, lengths, labels):
        assert row[:length].tolist() == label
        assert (row[length:] == -1).all()


@given(st.lists(st.integers(1, 30), min_size=1, max_size=6))
def test_images_are_padded_on_the_right_with_paper(sizes: list[int]) -> None:
    """A narrow image would show ink that is not there."""
    images = [np.full((4, size), 255 - 10 * k, np.uint8) for k, size in enumerate(sizes)]
    batch = stack(images)
    assert batch.shape == (len(sizes), 4, max(sizes))
    for row, image in zip(batch, images):
        assert np.array_equal(row[:, : image.shape[1]], image)
        assert (row[:, image.shape[1] :] >= 200).all()


def test_labels_that_are_all_empty_are_one_column_less() -> None:
    """An empty label would end a training with an index error."""
    padded, lengths = pad_labels([ALPHABET.encode("")])
    assert padded.shape == (1, 0)
    assert lengths.tolist() == [0]
    with pytest.raises(ValueError, match="max"):
        pad_labels([])
