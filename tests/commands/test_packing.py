"""`prepare` with an output that is already there: damaged, or no longer what is asked for."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from letters import WORDS, draw
from support import Command

from gluon_htr.datasets.loading import load_data
from gluon_htr.datasets.packed.records import load_records
from gluon_htr.errors import CacheError

Packed = Callable[..., "subprocess.CompletedProcess[str]"]


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
    assert "is written again: " in again.stderr
    assert f"{len(WORDS)} samples, 1 left out" in again.stdout
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == whole
    assert "is up to date" in pack().stderr


def test_another_encoding_is_packed_anew(pack: Packed, tmp_path: Path) -> None:
    """Records to be made small, or fast, would stay as they are."""
    before = (tmp_path / "x.rec" / "00000.rec").stat().st_size
    again = pack("--encoding", "png")
    assert again.returncode == 0, again.stderr
    assert "pgm, not png" in again.stderr
    assert (tmp_path / "x.rec" / "00000.rec").stat().st_size < before
    assert len(load_records(tmp_path / "x.rec")[0]) == len(WORDS)
    assert "is up to date" in pack("--encoding", "png").stderr
    assert "is up to date" in pack().stderr  # nothing else is asked for


def test_a_replaced_image_of_a_list_is_noticed(pack: Packed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A better scan would never be trained on, and `prepare` call the old one up to date."""
    monkeypatch.chdir(tmp_path)
    before, origin = load_records(Path("x.rec"))
    draw("bead", width=80).save("0.png")
    with pytest.raises(CacheError, match="files that its source names have changed since"):
        load_data(["records:x.rec"], origin.preprocessing)
    assert "is written again: files that its source names have changed since" in pack().stderr
    after = load_data(["records:x.rec"], origin.preprocessing)
    assert [np.array_equal(before.image(k), after.image(k)) for k in range(len(WORDS))] == [False] + [True] * 7
    assert "is up to date" in pack().stderr


def test_records_that_know_less_of_their_origin_count_as_fresh(pack: Packed, tmp_path: Path) -> None:
    """What earlier versions packed, for hours, would be refused by a training that goes on."""
    origin = tmp_path / "x.rec" / "origin.json"
    content = json.loads(origin.read_text())
    assert content["origin"].pop("files")
    origin.write_text(json.dumps(content))
    draw("bead", width=80).save(tmp_path / "0.png")
    assert "is up to date" in pack().stderr
    flip(tmp_path / "x.rec" / "00000.rec")
    assert "is written again" in pack().stderr
    assert len(load_records(tmp_path / "x.rec")[0]) == len(WORDS)


@pytest.mark.parametrize("output", ["x.rec", "x.pkl"])
def test_a_changed_alphabet_of_generated_lines_is_noticed(output: str, command: Command, tmp_path: Path) -> None:
    """Lines would go on without the characters that were added, or be made anew for nothing."""
    pytest.importorskip("HersheyFonts")

    def prepare(characters: str) -> str:
        (tmp_path / "a.json").write_text(json.dumps({"characters": list(characters)}))
        spec = "fonts:hershey?alphabet=a.json&texts=digits&digits=3&count=4"
        done = command("prepare", spec, "--output", output, "--workers", "0")
        assert done.returncode == 0, done.stderr
        return done.stderr

    assert "anew" not in prepare("0123456789")
    assert "is up to date" in prepare("0123456789")
    assert "files that its source names have changed since" in prepare("012345")
