"""Characters in idx files, as users have them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from characters import draw, write_emnist

from gluon_htr.datasets.loading import load_data
from gluon_htr.datasets.spec import open_spec, parse_spec
from gluon_htr.errors import DataError, SpecError
from gluon_htr.images.preprocessing import Preprocessing


def test_images_stand_upright_with_the_characters_of_the_mapping(tmp_path: Path) -> None:
    """A network would learn mirrored characters, or the numbers of classes."""
    samples = list(open_spec(parse_spec(f"emnist:{write_emnist(tmp_path, 'Lab7L')}")))
    assert [sample.text for sample in samples] == list("Lab7L")
    for sample in samples:
        np.testing.assert_array_equal(sample.image(), draw(sample.text, 28, 0, 255))
    assert len({sample.id for sample in samples}) == 5


def test_a_class_that_the_mapping_lacks_is_left_out_and_named(tmp_path: Path) -> None:
    """One bad label would end a training, or vanish from it."""
    store = load_data([f"emnist:{write_emnist(tmp_path, 'aZb')}"], Preprocessing("character", 28, 28), workers=0)
    assert store.texts == ["a", "b"]
    assert [(p.id, "99" in p.reason) for p in store.problems] == [("emnist-byclass-train-000001", True)]


def test_variants_and_splits_are_files_of_their_own(tmp_path: Path) -> None:
    """A score would be of training data, or of other classes."""
    write_emnist(tmp_path, "ab")
    (tmp_path / "gzip").mkdir()
    write_emnist(tmp_path / "gzip", "XYYX", "test", "letters")  # where gzip.zip puts them
    found = open_spec(parse_spec(f"emnist:{tmp_path}?split=test&variant=letters"))
    assert [sample.text for sample in found] == list("XYYX")
    with pytest.raises(DataError, match="emnist-byclass-test-images"):
        open_spec(parse_spec(f"emnist:{tmp_path}?split=test"))
    with pytest.raises(SpecError, match="balanced"):
        parse_spec(f"emnist:{tmp_path}?variant=capitals")


@pytest.mark.parametrize("name", ["images-idx3-ubyte", "labels-idx1-ubyte", "mapping"])
def test_a_damaged_file_is_named(tmp_path: Path, name: str) -> None:
    """The user would not know what to fetch again."""
    write_emnist(tmp_path, "abc")
    file = tmp_path / ("emnist-byclass-mapping.txt" if name == "mapping" else f"emnist-byclass-train-{name}")
    file.write_bytes(file.read_bytes()[:-3] if name != "mapping" else b"0 x\n")
    with pytest.raises(DataError, match=file.name):
        open_spec(parse_spec(f"emnist:{tmp_path}"))


def test_at_most_so_many_of_each_class_are_taken_the_same_every_time(tmp_path: Path) -> None:
    """Experiments with few labels could not be repeated."""
    spec = parse_spec(f"emnist:{write_emnist(tmp_path, 'a' * 9 + 'b' * 3 + 'c')}?most=2")
    first, second = ([(sample.id, sample.text) for sample in open_spec(spec)] for _ in range(2))
    assert first == second
    assert sorted(text for _, text in first) == list("aabbc")
