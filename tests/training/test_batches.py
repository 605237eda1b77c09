"""Batches: the same whoever makes them, and from any place on."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

pytest.importorskip("cv2")

from gluon_htr.datasets.store import Store
from gluon_htr.images.augmentation_settings import Augmentation
from gluon_htr.text.alphabet import Alphabet
from gluon_htr.training.batches import Batches, plan
from gluon_htr.training.ordered import BatchPosition


def some_store(count: int = 50) -> Store:
    random = np.random.default_rng(0)
    samples = []
    for k in range(count):
        image = random.integers(0, 256, (16, 16 * int(random.integers(1, 12)))).astype(np.uint8)
        samples.append((f"id{k}", "ab" * (k % 3 + 1), "w", image))
    return Store.collect(samples, [])


def collected(workers: int, start: BatchPosition, count: int) -> list[tuple[BatchPosition, bytes, bytes]]:
    with Batches(some_store(), Alphabet("ab"), 8, Augmentation(), 7, workers) as batches:
        stream = islice(batches.stream(start), count)
        return [(place, batch.images.tobytes(), batch.labels.tobytes()) for place, _, batch in stream]


def test_every_sample_comes_once_an_epoch_and_in_another_order_in_the_next() -> None:
    """Some samples would never be trained on."""
    widths = some_store().shapes[:, 1]
    first, second = plan(widths, 8, 0, 0), plan(widths, 8, 0, 1)
    assert sorted(np.concatenate(first)) == list(range(50))
    assert not all(np.array_equal(a, b) for a, b in zip(first, second))


def test_batches_hold_images_of_like_width() -> None:
    """Half of the work would be spent on padding."""
    widths = np.random.default_rng(0).integers(100, 2000, 512)
    batches = plan(widths, 16, 0, 0)
    padded = sum(len(batch) * widths[batch].max() for batch in batches)
    assert padded < 1.15 * widths.sum()


@pytest.mark.parametrize("workers", [1, 2])
def test_worker_processes_make_what_this_process_would(workers: int) -> None:
    """The same seed would train other weights on a machine with other cores."""
    assert collected(workers, BatchPosition(0, 0), 20) == collected(0, BatchPosition(0, 0), 20)


def test_a_stream_goes_on_where_it_stopped() -> None:
    """A resumed run would see samples twice, or not at all."""
    whole = collected(0, BatchPosition(0, 0), 20)
    assert collected(0, whole[9][0], 11) == whole[9:]


def test_labels_are_padded_and_narrow_images_get_paper() -> None:
    """Padding would be read as characters, or seen as ink."""
    with Batches(some_store(), Alphabet("ab"), 50, Augmentation(share=0), 0, 0) as batches:
        _, positions, batch = next(iter(batches.stream(BatchPosition())))
    store = some_store()
    assert batch.images.shape[2] == store.shapes[:, 1].max()
    for image, label, length, k in zip(batch.images, batch.labels, batch.lengths, positions):
        width = store.shapes[k, 1]
        assert np.array_equal(image[:, :width], store.image(k))
        assert (image[:, width:] == max(230, store.image(k)[0, 0])).all()
        assert length == len(store.texts[k])
        assert (label[length:] == -1).all()
        assert (label[:length] >= 0).all()
