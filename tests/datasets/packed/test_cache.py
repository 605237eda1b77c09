"""Caches: fast, honest about their age, and never run."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from gluon_htr.datasets.freshness import fingerprint
from gluon_htr.datasets.loading import load_data
from gluon_htr.datasets.origin import Origin, difference
from gluon_htr.datasets.packed.cache import load_cache, save_cache
from gluon_htr.datasets.store import Store
from gluon_htr.errors import CacheError
from gluon_htr.images.decoding import decode
from gluon_htr.images.preprocessing import Preprocessing, fit

PREPROCESSING = Preprocessing(mode="height", height=16, width=512, width_multiple=8)


def some_store() -> Store:
    random = np.random.default_rng(0)
    images = [random.integers(0, 256, (16, 8 * k)).astype(np.uint8) for k in (3, 9, 4)]
    return Store.collect([(f"id{k}", f"text {k}", "w", image) for k, image in enumerate(images)], [])


def saved(path: Path) -> Path:
    whole = some_store()
    chunks = [whole.select([0, 1]), whole.select([2])]
    save_cache(path, chunks, lambda: Origin("iam-words:nowhere", "", PREPROCESSING))
    return path


def test_a_cache_gives_back_what_was_saved(tmp_path: Path) -> None:
    """Training would see other images or texts than were prepared."""
    store, origin = load_cache(saved(tmp_path / "a.pkl"))
    assert (store.ids, store.texts, store.groups) == (some_store().ids, some_store().texts, some_store().groups)
    assert all(np.array_equal(store.image(k), some_store().image(k)) for k in range(3))
    assert origin.preprocessing == PREPROCESSING


class Hostile:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch ran",)


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_hostile_pickle_is_an_error_and_never_runs(
    wrapped: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cache from a stranger would run commands."""
    monkeypatch.chdir(tmp_path)
    content = {"format": "gluon_htr cache 2", "ids": [Hostile()]} if wrapped else Hostile()
    Path("a.pkl").write_bytes(pickle.dumps(content))
    with pytest.raises(CacheError, match=r"not accepted.*system"):
        load_cache(Path("a.pkl"))
    assert not Path("ran").exists()


def test_a_damaged_cache_is_an_error(tmp_path: Path) -> None:
    """Half a file, or a flipped byte, would crash training later, or train on garbage."""
    content = saved(tmp_path / "a.pkl").read_bytes()
    random = np.random.default_rng(0)
    for _ in range(40):
        damaged = bytearray(content[: random.integers(1, len(content))])
        (tmp_path / "a.pkl").write_bytes(damaged)
        with pytest.raises(CacheError):
            load_cache(tmp_path / "a.pkl")


@pytest.mark.parametrize(
    "change",
    [
        {"offsets": np.array([0, 10**9, 5])},
        {"shapes": np.zeros((3, 2), np.int32)},
        {"texts": ["one"]},
        {"pixels": np.zeros(5)},
        {"ids": None},
        {"samples": 2},
        {"preprocessing": {"rule": "circle"}},
    ],
)
def test_a_cache_that_contradicts_itself_is_an_error(change: dict[str, object], tmp_path: Path) -> None:
    """Images outside the pixels would be read as noise, or crash a worker."""
    with open(saved(tmp_path / "a.pkl"), "rb") as file:
        contents = [pickle.load(file) for _ in range(3)]  # noqa: S301
    contents[-1 if "preprocessing" in change or "samples" in change else 0] |= change
    (tmp_path / "a.pkl").write_bytes(b"".join(pickle.dumps(content, protocol=5) for content in contents))
    with pytest.raises(CacheError):
        load_cache(tmp_path / "a.pkl")


def test_a_cache_for_another_network_is_refused_with_the_command_to_run(tmp_path: Path) -> None:
    """A network would be trained on images of another size."""
    saved(tmp_path / "a.pkl")
    other = Preprocessing(mode="box", height=32, width=128)
    with pytest.raises(CacheError, match=r"16×512.*32×128.*gluon-htr prepare"):
        load_data([f"cache:{tmp_path / 'a.pkl'}"], other)


def test_a_changed_source_is_noticed(tmp_path: Path) -> None:
    """New labels would never be trained on."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.txt").write_text("one")
    before = fingerprint(source)
    assert fingerprint(source) == before
    (source / "a.txt").write_text("other")
    assert fingerprint(source) != before
    found, now = (Origin(f"listing:{source}", state, PREPROCESSING) for state in (before, fingerprint(source)))
    assert "changed" in difference(found, now)


def test_a_prepared_image_equals_what_reading_computes_from_the_file(iam_archives: Path, tmp_path: Path) -> None:
    """Training and reading would see the same file differently."""
    import tarfile

    with tarfile.open(iam_archives / "words.tgz") as tar:
        tar.extractall(tmp_path / "words", filter="data")
    files = {path.stem: path for path in (tmp_path / "words").rglob("*.png")}
    preprocessing = Preprocessing(mode="box", height=32, width=128, resample="linear")
    store = load_data([f"iam-words:{iam_archives}"], preprocessing, workers=2)
    assert len(store) > 7
    for k, identity in enumerate(store.ids):
        assert np.array_equal(store.image(k), fit(decode(files[identity]), preprocessing))
