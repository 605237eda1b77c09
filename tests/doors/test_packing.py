"""`prepare` with an output that is already there: damaged, or no longer what is asked for."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from letters import WORDS, draw

from gluon_htr.datasets.records import load_records

Door = Callable[..., "subprocess.CompletedProcess[str]"]
Packed = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def pack(door: Door, tmp_path: Path) -> Packed:
    """Packs a list of a few drawn words, one of which is missing."""
    for k, word in enumerate(WORDS):
        draw(word).save(tmp_path / f"{k}.png")
    rows = [f"{k}.png\t{word}\n" for k, word in enumerate(WORDS)]
    (tmp_path / "labels.tsv").write_text("".join([*rows, "lost.png\tlost\n"]), "utf-8")
    command = ("prepare", "listing:labels.tsv", "--output", "x.rec", "--workers", "0")
    assert door(*command).returncode == 0
    return lambda *more: door(*command, *more)


def cut(path: Path, end: int) -> None:
    path.write_bytes(path.read_bytes()[:end])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)


def shorten(path: Path) -> None:
    path.write_text("".join(path.read_text("utf-8").splitlines(keepends=True)[:2]), "utf-8")


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("00000.rec", Path.unlink),
        ("00000.rec", flip),
        ("00000.rec", lambda path: cut(path, -10)),
        ("00000.idx", Path.unlink),
        ("00000.idx", lambda path: cut(path, 0)),
        ("00000.idx", shorten),
        ("00000.json", lambda path: cut(path, 5)),
        ("records.json", lambda path: cut(path, 5)),
    ],
)
def test_damaged_records_are_packed_again(
    name: str, damage: Callable[[Path], None], pack: Packed, tmp_path: Path
) -> None:
    """Every reader would send its user to `prepare`, which would find nothing to do."""
    folder = tmp_path / "x.rec"
    whole = {file.name: file.read_bytes() for file in folder.iterdir()}
    damage(folder / name)
    again = pack()
    assert again.returncode == 0, again.stderr
    assert "is made anew: " in again.stderr
    assert f"{len(WORDS)} samples, 1 left out" in again.stdout
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == whole
    assert "is up to date" in pack().stderr


def test_another_encoding_is_packed_anew(pack: Packed, tmp_path: Path) -> None:
    """Records to be made small, or fast, would stay as they are."""
    before = (tmp_path / "x.rec" / "00000.rec").stat().st_size
    again = pack("--encoding", "pgm")
    assert again.returncode == 0, again.stderr
    assert "png, not pgm" in again.stderr
    assert (tmp_path / "x.rec" / "00000.rec").stat().st_size > before
    assert len(load_records(tmp_path / "x.rec")[0]) == len(WORDS)
    assert "is up to date" in pack("--encoding", "pgm").stderr
