"""Files of strangers that have no end, claim too much, or are not text: one line, in little time and memory."""

from __future__ import annotations

import json
import os
import pickle
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gluon_htr.bundles.reader import read_bundle
from gluon_htr.bundles.run_folder import read_preprocessing
from gluon_htr.datasets.download.archives import extract
from gluon_htr.datasets.files import archive_members
from gluon_htr.datasets.generated.font_files import outline_fonts
from gluon_htr.datasets.idx import read_idx
from gluon_htr.datasets.labels import labels
from gluon_htr.datasets.listing.rows import read_rows
from gluon_htr.datasets.packed import pickles
from gluon_htr.datasets.packed.records import is_records, records_origin
from gluon_htr.datasets.packed.shards import load_shard, save_shard
from gluon_htr.datasets.sample import Problem
from gluon_htr.datasets.store import Store
from gluon_htr.datasets.unipen.packs import read_pack
from gluon_htr.errors import CacheError, HtrError
from gluon_htr.graphs.pair import read_files
from gluon_htr.graphs.params import load_parameters, pack_parameters
from gluon_htr.graphs.symbol import load_graph
from gluon_htr.images.decoding import decode
from gluon_htr.networks.presets import load_preset
from gluon_htr.synthesis.fonts.drawn_fonts import _drawings
from gluon_htr.synthesis.fonts.typeset import Face, drawable
from gluon_htr.synthesis.texts.corpora import read_corpus
from gluon_htr.text.alphabet import Alphabet
from gluon_htr.training.checkpoints import load_checkpoint
from gluon_htr.training.initial_weights import _stored_lineage

READERS: dict[str, Callable[[Path], object]] = {
    "image": decode,
    "alphabet": Alphabet.load,
    "preset": load_preset,
    "parameters": load_parameters,
    "symbol": load_graph,
    "pair": lambda path: read_files(path, path),
    "bundle": read_bundle,
    "checkpoint": load_checkpoint,
    "cache": pickles.load_all,
    "idx": lambda path: read_idx(path, 3),
    "labels": lambda path: read_rows(path, []),
    "texts": lambda path: list(labels(f"text:{path}")[0]),
    "drawn letters": lambda path: _drawings(str(path)),
    "font": lambda path: drawable(Face(str(path)), str.isprintable),
    "archive": lambda path: extract([path], path.parent / f"unpacked-{os.getpid()}"),
    "archived data": lambda path: list(archive_members(path, (".png",))),
    "pen strokes": lambda path: list(read_pack(path, "all", [])),
}


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("device", ["/dev/zero", "pipe"])
def test_what_is_no_regular_file_is_refused(kind: str, device: str, tmp_path: Path) -> None:
    """`/dev/zero` fills the memory, and a pipe is waited for without end."""
    path = Path(device)
    if device == "pipe":
        path = tmp_path / "pipe"
        os.mkfifo(path)
    with pytest.raises(HtrError) as caught:
        READERS[kind](path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["a.ttf", "a.ttc", "a.otf"])
def test_a_pipe_in_a_folder_of_fonts_is_left_out_with_its_reason(name: str, tmp_path: Path) -> None:
    """`synthesize` and `train` would wait for ever."""
    os.mkfifo(tmp_path / name)
    problems: list[Problem] = []
    with pytest.raises(HtrError, match="a pipe or a device"):
        outline_fonts(tmp_path, None, problems)
    assert [problem.id for problem in problems] == [name]


def test_a_pipe_in_a_folder_of_texts_is_refused(tmp_path: Path) -> None:
    """`synthesize` would wait for ever for an archive of books."""
    os.mkfifo(tmp_path / "books.zip")
    with pytest.raises(HtrError, match=r"books\.zip"):
        read_corpus(tmp_path)


@pytest.mark.parametrize("kind", ["image", "alphabet", "preset", "symbol", "bundle", "labels", "font"])
def test_a_file_of_gigabytes_is_refused_unread(kind: str, tmp_path: Path) -> None:
    """A sparse file of 6 GB takes no room on the disk, and as much memory as it claims."""
    with (tmp_path / "sparse.tsv").open("wb") as file:
        file.truncate(6 << 30)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(HtrError):
        READERS[kind](tmp_path / "sparse.tsv")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 600 << 10  # kB


def test_a_run_that_is_a_pipe_is_refused(tmp_path: Path) -> None:
    """`train --resume`, `predict` and `models` would wait for ever."""
    os.mkfifo(tmp_path / "run.toml")
    with pytest.raises(HtrError, match=r"run\.toml"):
        read_preprocessing(tmp_path)


def not_utf8(folder: Path) -> dict[str, tuple[Path, Callable[[Path], object]]]:
    """Files whose JSON has text in another encoding, with what reads them."""
    bad = b'{"characters":["\xff"],"next":"\xff","data":"\xff","origin":"\xff","letters":"\xff"}'
    progress = pack_parameters({"progress": np.frombuffer(bad, np.uint8)})
    (folder / "x.params").write_bytes(progress)
    for name in ("alphabet.json", "lineage.json", "letters.json", "symbol.json", "origin.json"):
        (folder / name).write_bytes(bad)
    return {
        "alphabet": (folder / "alphabet.json", Alphabet.load),
        "lineage": (folder / "lineage.json", _stored_lineage),
        "drawn letters": (folder / "letters.json", lambda path: _drawings(str(path))),
        "checkpoint": (folder / "x.params", load_checkpoint),
        "symbol": (folder / "symbol.json", load_graph),
        "records": (folder, records_origin),
    }


@pytest.mark.parametrize("kind", ["alphabet", "lineage", "drawn letters", "checkpoint", "symbol", "records"])
@pytest.mark.parametrize("content", ["not UTF-8", "deep"])
def test_json_that_is_not_text_is_one_line(kind: str, content: str, tmp_path: Path) -> None:
    """It was called a defect of the program, to be reported."""
    path, read = not_utf8(tmp_path)[kind]
    if content == "deep" and path.suffix == ".json":
        path.write_bytes(b'{"characters":' + b"[" * 200_000)
    with pytest.raises(HtrError) as caught:
        read(path)
    assert "\n" not in str(caught.value)


def shard(folder: Path) -> Path:
    """A shard with two samples."""
    folder.mkdir()
    blobs = [b"P5 2 2 255\nabcd", b"P5 2 2 255\nefgh"]
    sizes = np.array([len(blob) for blob in blobs], np.int64)
    pixels = np.frombuffer(b"".join(blobs), np.uint8)
    shapes = np.full((2, 2), 2, np.int32)
    offsets = np.cumsum(sizes) - sizes
    save_shard(folder, 0, [Store(["a", "b"], ["x", "y"], ["a", "b"], shapes, offsets, sizes, pixels, [])])
    return folder


@pytest.mark.parametrize(
    "claim", [{"samples": 3_000_000_000}, {"samples": -1}, {"samples": "2"}, {"samples": 2, "problems": [["a"]]}, []]
)
def test_counts_on_the_disk_are_not_believed(claim: Any, tmp_path: Path) -> None:
    """A file of 30 bytes would take gigabytes, for a problem of each sample that it claims."""
    folder = shard(tmp_path / "x.rec")
    assert load_shard(folder, 0)[0].ids == ["a", "b"]
    (folder / "00000.json").write_text(json.dumps(claim))
    began = time.perf_counter()
    with pytest.raises(CacheError):
        load_shard(folder, 0)
    assert time.perf_counter() - began < 1


def test_records_with_deep_json_are_survived(tmp_path: Path) -> None:
    """RecursionError would escape."""
    folder = shard(tmp_path / "x.rec")
    (folder / "records.json").write_bytes(b"[" * 200_000)
    (folder / "origin.json").write_bytes(b"[" * 200_000)
    assert is_records(folder)
    with pytest.raises(CacheError):
        records_origin(folder)
    lines = (folder / "00000.idx").read_text().splitlines()
    deep = "\t".join([*lines[0].split("\t")[:6], "[" * 100_000, '"a"'])
    (folder / "00000.idx").write_text(f"{deep}\n{lines[1]}\n")
    store, lost = load_shard(folder, 0)
    assert (store.ids, len(lost)) == (["b"], 1)


BOMBS = {
    "a memo of four gigabytes": b"\x80\x05Nr\xff\xff\xff\x0f.",
    "bytes that are not there": b"\x80\x05\x8e" + (1 << 40).to_bytes(8, "little") + b".",
    "a byte array that is not there": b"\x80\x05\x96" + (1 << 33).to_bytes(8, "little") + b"abc.",
    "a text that is not there": b"\x80\x05X\xff\xff\xff\x7fabc.",
    "a million lists": b"\x80\x05(" + b"]" * 1_000_000 + b"l.",
    "a million empty dictionaries": b"\x80\x05(" + b"}" * 1_000_000 + b"t.",
    "an operation in text": b"\x80\x05I" + b"9" * 100_000 + b"\n.",
    "a persistent name": b"\x80\x05Pevil\n.",
    "an extension": b"\x80\x05\x82\x01.",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_pickle_takes_no_more_than_its_size_allows(name: str, tmp_path: Path) -> None:
    """Nine bytes took 4.2 GB."""
    (tmp_path / "bomb.pkl").write_bytes(BOMBS[name])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CacheError):
        pickles.load_all(tmp_path / "bomb.pkl")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 << 10  # kB


def test_what_is_dumped_is_loaded(tmp_path: Path) -> None:
    """Every cache would be refused: the operations that numpy and Python write must all be known."""
    content = {
        "ids": [f"sample {k}" for k in range(300)],
        "long": "é" * 70_000,
        "numbers": [0, -1, 300, 70_000, 1 << 40, 1.5, True, None],
        "arrays": [np.zeros((3, 0), np.uint8), np.arange(300_000, dtype=np.int64), np.ones((2, 2), np.float16).T],
        "pairs": [("a", "b"), (), ("a",), (1, 2, 3), (1, 2, 3, 4)],
    }
    with (tmp_path / "x.pkl").open("wb") as file:
        pickles.dump(content, file)
        pickles.dump({"end": 1}, file)
    first, end = pickles.load_all(tmp_path / "x.pkl")
    assert end == {"end": 1}
    assert first["numbers"] == content["numbers"]
    assert first["pairs"] == content["pairs"]
    assert all(np.array_equal(a, b) for a, b in zip(first["arrays"], content["arrays"]))
    assert pickle.dumps(first["ids"]) == pickle.dumps(content["ids"])
