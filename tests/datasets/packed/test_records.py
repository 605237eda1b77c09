"""Packed samples: whole, damaged, interrupted."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from needs_mxnet import need_mxnet
from support import prepare

from gluon_htr.datasets import preparation
from gluon_htr.datasets.loading import load_data
from gluon_htr.datasets.origin import Origin
from gluon_htr.datasets.packed import records
from gluon_htr.datasets.packed.records import load_records, save_records
from gluon_htr.datasets.preparation import Preparer
from gluon_htr.datasets.sample import Problem, Sample
from gluon_htr.datasets.store import Store
from gluon_htr.errors import CacheError, DataError, StorageError
from gluon_htr.images.encoding import Encoding, parse_encoding
from gluon_htr.images.preprocessing import Preprocessing

PREPROCESSING = Preprocessing(mode="height", height=24, width=500, width_multiple=8)
ORIGIN = Origin("iam-words:nowhere", "", PREPROCESSING)
COUNT = 50
LOSSLESS = Encoding()


class Drawn:
    """Pictures of random bars; the one numbered `deadly` kills the process that asks for it."""

    def __init__(self, count: int = COUNT, deadly: int = -1) -> None:
        self.problems = [Problem("lost", "has no image")]
        self._count, self._deadly = count, deadly

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Sample]:
        for k in range(self._count):
            if k == self._deadly:
                os.kill(os.getpid(), signal.SIGKILL)
            yield Sample(f"line {k}\t{k}", f"text {k} é 手", f"writer {k % 5}", _Bars(k))


class _Bars:
    def __init__(self, seed: int) -> None:
        self.seed = seed

    def __call__(self) -> np.ndarray:
        random = np.random.default_rng(self.seed)
        return random.integers(0, 256, (24, random.integers(20, 120)), np.uint8)


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparation, "CHUNK", 4)
    monkeypatch.setattr(records, "CHUNKS", 2)


def save(path: Path, reader: Drawn, encoding: Encoding = LOSSLESS) -> tuple[int, list[Problem]]:
    with Preparer(0) as preparer:
        return save_records(path, reader, preparer, ORIGIN, encoding)


def assert_same(found: Store, expected: Store) -> None:
    assert (found.ids, found.texts, found.groups) == (expected.ids, expected.texts, expected.groups)
    for k in range(len(expected)):
        assert np.array_equal(found.image(k), expected.image(k)), k


def contents(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.iterdir()}


@pytest.mark.parametrize("name", ["png", "pgm"])
def test_records_hold_what_was_prepared(tmp_path: Path, name: str) -> None:
    """Training would see other images or texts than those of the source."""
    samples, problems = save(tmp_path / "x.rec", Drawn(), parse_encoding(name))
    store, origin = load_records(tmp_path / "x.rec")
    assert (samples, problems) == (COUNT, [Problem("lost", "has no image")])
    assert origin == ORIGIN
    assert_same(store, prepare(Drawn(), PREPROCESSING, 0))
    assert store.problems == problems


def test_mxnet_reads_them(tmp_path: Path) -> None:
    """The format would be ours alone."""
    mx = need_mxnet()
    save(tmp_path / "x.rec", Drawn())
    store, _ = load_records(tmp_path / "x.rec")
    shard = str(tmp_path / "x.rec" / "00001")
    file = mx.recordio.MXIndexedRecordIO(shard + ".idx", shard + ".rec", "r")
    header, image = mx.recordio.unpack_img(file.read_idx(file.keys[3]), 0)
    assert "".join(map(chr, header.label.astype(int))) == store.texts[8 + 3]
    assert np.array_equal(image, store.image(8 + 3))


@pytest.mark.parametrize("name", ["webp:90", "jpeg:95"])
def test_images_may_be_packed_smaller(tmp_path: Path, name: str) -> None:
    """A set would not fit through a narrow command."""
    save(tmp_path / "small.rec", Drawn(), parse_encoding(name))
    store, _ = load_records(tmp_path / "small.rec")
    expected = prepare(Drawn(), PREPROCESSING, 0)
    differences = [np.abs(store.image(k).astype(int) - expected.image(k)).mean() for k in range(COUNT)]
    assert 0 < np.mean(differences) < 30  # gray levels, on random noise


def test_batches_and_shares_work_on_encoded_images(tmp_path: Path) -> None:
    """Joining records with other data would mix up their images."""
    save(tmp_path / "x.rec", Drawn())
    one = load_data([f"records:{tmp_path / 'x.rec'}"], PREPROCESSING, 0)
    both = load_data([f"records:{tmp_path / 'x.rec'}", f"records:{tmp_path / 'x.rec'}*0.5"], PREPROCESSING, 0)
    assert len(both) == COUNT + COUNT // 2
    assert_same(both.select(range(COUNT)), one)
    assert set(both.texts[COUNT:]) < set(one.texts)


@pytest.mark.parametrize("deadly", [0, 9, 31, 49])
def test_a_packing_that_is_killed_goes_on(tmp_path: Path, deadly: int) -> None:
    """Hours of packing would begin anew, or samples would be lost or doubled."""
    child = multiprocessing.get_context("fork").Process(target=save, args=(tmp_path / "x.rec", Drawn(deadly=deadly)))
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    with pytest.raises(CacheError, match="no complete records"):
        load_records(tmp_path / "x.rec")
    ages = {file.name: file.stat().st_mtime_ns for file in (tmp_path / "x.rec").glob("*.rec")}
    assert len(ages) == deadly // 8
    save(tmp_path / "x.rec", Drawn())
    assert all((tmp_path / "x.rec" / name).stat().st_mtime_ns == age for name, age in ages.items())
    save(tmp_path / "whole.rec", Drawn())
    assert contents(tmp_path / "x.rec") == contents(tmp_path / "whole.rec")


def test_another_origin_starts_anew(tmp_path: Path) -> None:
    """Half of the records would be of another height or encoding."""
    save(tmp_path / "x.rec", Drawn(9), Encoding("jpeg", 80))
    save(tmp_path / "x.rec", Drawn())
    assert_same(load_records(tmp_path / "x.rec")[0], prepare(Drawn(), PREPROCESSING, 0))


def test_damaged_records_are_skipped_and_counted(tmp_path: Path) -> None:
    """One bad block of the disk would end a training, or teach nonsense."""
    save(tmp_path / "x.rec", Drawn())
    first, second = tmp_path / "x.rec" / "00000.rec", tmp_path / "x.rec" / "00001.rec"
    blob = bytearray(first.read_bytes())
    blob[100] ^= 1
    first.write_bytes(blob)
    second.write_bytes(second.read_bytes()[:-10])
    store, _ = load_records(tmp_path / "x.rec")
    assert len(store) == COUNT - 2
    assert {"line 0\t0", "line 15\t15"}.isdisjoint(store.ids)
    assert [p.id for p in store.problems] == ["00000.rec, record 0", "00001.rec, record 7", "lost"]


def test_records_that_an_index_has_lost_are_counted(tmp_path: Path) -> None:
    """A training would go on with a part of its data, and say nothing."""
    save(tmp_path / "x.rec", Drawn())
    index = tmp_path / "x.rec" / "00001.idx"
    index.write_text("".join(index.read_text().splitlines(keepends=True)[:5]))
    store, _ = load_records(tmp_path / "x.rec")
    assert len(store) == COUNT - 3
    assert [p.id for p in store.problems] == [*(f"00001.rec, record {k}" for k in (5, 6, 7)), "lost"]


def test_an_index_that_is_no_index_is_survived(tmp_path: Path) -> None:
    """Garbage in a small text file would end in a traceback."""
    save(tmp_path / "x.rec", Drawn())
    index = tmp_path / "x.rec" / "00002.idx"
    lines = index.read_text().splitlines()
    garbage = ["", "1\t2", "a\tb\tc\td\te\tf\tg\th", '1\t-5\t1\t1\t1\t1\t""\t""', '1\t0\t99999999\t1\t1\t1\t""\t""']
    index.write_text("\n".join([*lines, *garbage]))
    store, _ = load_records(tmp_path / "x.rec")
    assert len(store) == COUNT
    assert len(store.problems) == 1 + len(garbage)


def test_what_is_no_folder_of_records_is_refused(tmp_path: Path) -> None:
    """A folder of photographs could be removed to make room for records."""
    (tmp_path / "photo.jpg").write_bytes(b"mine")
    with pytest.raises(StorageError, match="give another --output"):
        save(tmp_path, Drawn())
    with pytest.raises(StorageError, match="is a file"):
        save(tmp_path / "photo.jpg", Drawn())
    with pytest.raises(CacheError, match="no complete records"):
        load_records(tmp_path)
    assert (tmp_path / "photo.jpg").read_bytes() == b"mine"


def test_no_samples_are_no_records(tmp_path: Path) -> None:
    """A training would begin on nothing."""
    with pytest.raises(DataError, match="no sample"):
        save(tmp_path / "x.rec", Drawn(0))
