"""Strips of MNIST's digits."""

from __future__ import annotations

import gzip
import pickle
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from mnist import write_idx, write_mnist
from support import PROJECT, prepare

from gluon_htr.datasets.generated.strip_digits import read_mnist
from gluon_htr.datasets.sample import Sample
from gluon_htr.datasets.spec import open_spec, parse_spec
from gluon_htr.decoding.ctc import steps_needed
from gluon_htr.errors import DataError, SpecError
from gluon_htr.images.preprocessing import Preprocessing

PREPROCESSING = Preprocessing(mode="height", height=32, width=3072, width_multiple=16)


@pytest.fixture(scope="module")
def mnist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with drawn test images and their labels."""
    return write_mnist(tmp_path_factory.mktemp("mnist"))


def strips(root: Path, query: str) -> list[Sample]:
    return list(open_spec(parse_spec(f"strips:{root}?{query}")))


def test_the_same_strip_whoever_draws_it(mnist: Path) -> None:
    """Workers that share the work, or a set that is made larger, would have other strips."""
    few, many, other = (strips(mnist, query) for query in ("count=5", "count=9", "count=5&seed=1"))
    assert [(s.id, s.text) for s in few] == [(s.id, s.text) for s in many[:5]]
    assert [s.text for s in few] != [s.text for s in other]
    assert len({s.id for s in many} | {s.id for s in other}) == 14
    spec = parse_spec(f"strips:{mnist}?count=9")
    here, there = prepare(open_spec(spec), PREPROCESSING, workers=0), prepare(open_spec(spec), PREPROCESSING, workers=1)
    assert here.texts == there.texts
    assert all(np.array_equal(here.image(k), there.image(k)) for k in range(9))


@pytest.mark.parametrize(("digits", "lengths"), [("5", {5}), ("1-20", set(range(1, 21))), ("3-4", {3, 4})])
def test_a_strip_has_as_many_digits_as_asked_for(digits: str, lengths: set[int], mnist: Path) -> None:
    """A network would be trained or scored on other numbers than the spec says."""
    found = strips(mnist, f"count=400&digits={digits}")
    assert {len(sample.text) for sample in found} == lengths
    assert set("".join(sample.text for sample in found)) == set("0123456789")


def test_a_label_is_what_the_image_shows(mnist: Path) -> None:
    """Labels in another order than the digits would teach nothing. Each drawn digit has a gray of its own."""
    for sample in strips(mnist, "count=60"):
        image = sample.image()
        row = image[image.shape[0] // 2]
        shown = "".join(str(gray // 12) for gray in row[row < 255])
        assert [digit for digit, _ in groupby(shown)] == [digit for digit, _ in groupby(sample.text)]


def test_ink_is_dark_on_white_and_off_the_edges(mnist: Path) -> None:
    """Half a digit at the edge would be taught as a whole one."""
    for sample in strips(mnist, "count=60"):
        image = pickle.loads(pickle.dumps(sample.image))()  # noqa: S301
        assert image.dtype == np.uint8
        assert np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]]).min() == 255
        assert (image < 128).mean() > 0.05


def test_all_strips_have_the_time_steps_that_their_labels_need(mnist: Path) -> None:
    """Ones side by side, which need a step between them, would be left out of training."""
    for sample in strips(mnist, "count=100&digits=20") + strips(mnist, "count=100&digits=1"):
        height, width = sample.image().shape
        assert width * 32 / height / 4 >= steps_needed(sample.text)


def test_validation_digits_are_never_trained_on(mnist: Path, tmp_path: Path) -> None:
    """Scores would be of what was learned by heart, before or after the rest of MNIST is downloaded."""
    images, labels = read_mnist(mnist, "validation")
    kept, _ = read_mnist(mnist, "train")
    assert (len(images), len(kept)) == (2000, 100)
    for file in mnist.iterdir():
        (tmp_path / file.name).symlink_to(file)
    write_idx(tmp_path / "train-images-idx3-ubyte", images[:7])
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(
        gzip.compress(write_idx(tmp_path / "labels", labels[:7]).read_bytes())
    )
    whole, their_labels = read_mnist(tmp_path, "train")
    assert np.array_equal(whole, images[:7])
    assert np.array_equal(their_labels, labels[:7])
    assert np.array_equal(read_mnist(tmp_path, "validation")[0], images)


def test_what_is_missing_or_broken_is_told(mnist: Path, tmp_path: Path) -> None:
    """The user would not know what to fetch, or train on labels of other images."""
    with pytest.raises(DataError, match=r"no t10k-images-idx3-ubyte.*--dataset mnist"):
        strips(tmp_path, "count=1")
    images, labels = read_mnist(mnist, "validation")
    write_idx(tmp_path / "t10k-images-idx3-ubyte", images)
    with pytest.raises(DataError, match="no t10k-labels-idx1-ubyte"):
        strips(tmp_path, "count=1")
    write_idx(tmp_path / "t10k-labels-idx1-ubyte", labels[:-1])
    with pytest.raises(DataError, match="2000 images of t10k and 1999 labels"):
        strips(tmp_path, "count=1")
    write_idx(tmp_path / "t10k-labels-idx1-ubyte", labels)
    with pytest.raises(DataError, match="too few"):
        strips(tmp_path, "count=1")
    write_idx(tmp_path / "t10k-labels-idx1-ubyte", labels + 1)
    with pytest.raises(DataError, match="above 9"):
        strips(tmp_path, "count=1")


@pytest.mark.parametrize("digits", ["0", "5-3", "many", "1-", "", "1-201", "-3"])
def test_an_impossible_number_of_digits_is_told(digits: str, mnist: Path) -> None:
    """The user would get a traceback, or strips of nothing."""
    with pytest.raises(SpecError, match="write a number from 1 to 200, or a range"):
        strips(mnist, f"digits={digits}")


def test_mnist_itself_is_read() -> None:
    """The drawn files above might not be what MNIST is."""
    root = PROJECT.parent / "shared" / "data" / "mnist"
    if not root.is_dir():
        pytest.skip("MNIST's test images, ../shared/data/mnist, are not here")
    (images, labels), (held, _) = read_mnist(root, "train"), read_mnist(root, "validation")
    assert images.shape == (8000, 28, 28)
    assert held.shape == (2000, 28, 28)
    assert labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    for sample in strips(root, "count=20&split=validation"):
        assert sample.image().shape[1] > 6 * len(sample.text)
