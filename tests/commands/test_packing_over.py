"""`prepare` with an output where something is that must stay: somebody's own, or good data."""

from __future__ import annotations

import pickle
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from letters import WORDS, draw
from support import Command, refusal

from gluon_htr.datasets.packed.records import load_records

Packed = Callable[..., "subprocess.CompletedProcess[str]"]


def damage(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:60])


@pytest.mark.parametrize("more", [(), ("--force",)])
def test_a_folder_with_an_origin_of_its_own_is_nobody_s_records(
    more: tuple[str, ...], command: Command, tmp_path: Path
) -> None:
    """Whatever somebody keeps beside a file called origin.json would be gone."""
    own = tmp_path / "own.rec"
    own.mkdir()
    (own / "origin.json").write_text('{"mine": 1}')
    (own / "thesis.txt").write_text("precious")
    draw("word").save(tmp_path / "a.png")
    (tmp_path / "a.tsv").write_text("a.png\tword\n")
    told = refusal(command("prepare", "listing:a.tsv", "--output", "own.rec", *more))
    assert "own.rec" in told
    assert "--output" in told
    assert {file.name: file.read_text() for file in own.iterdir()} == {
        "origin.json": '{"mine": 1}',
        "thesis.txt": "precious",
    }


def test_what_is_put_into_records_stays(pack: Packed, tmp_path: Path) -> None:
    """Notes in the folder would be removed with the records, or take `prepare` for one of its files and end it."""
    folder = tmp_path / "x.rec"
    own = {"notes.txt": "which scanner", "2024-note.json": "{}", ".00000.part": "half a download"}
    for name, content in own.items():
        (folder / name).write_text(content)
    damage(folder / "00000.rec")
    for more in ((), ("--force",), ("--encoding", "png")):
        done = pack(*more)
        assert done.returncode == 0, done.stderr
        assert {name: (folder / name).read_text() for name in own} == own
        assert len(load_records(folder)[0]) == len(WORDS)


@pytest.mark.parametrize("output", ["x.rec", "x.pkl"])
@pytest.mark.parametrize("more", [(), ("--force",)])
def test_nothing_to_pack_leaves_what_is_there(more: tuple[str, ...], output: str, pack: Packed, tmp_path: Path) -> None:
    """Good records would be given up for a folder of broken scans, and nobody told what is wrong with these."""
    assert pack("--output", output).returncode == 0
    folder = tmp_path / output
    before = {file: file.read_bytes() for file in (folder.iterdir() if folder.is_dir() else [folder])}
    draw("word").save(tmp_path / "broken.png")
    damage(tmp_path / "broken.png")
    (tmp_path / "broken.tsv").write_text("broken.png\tword\n")
    done = pack("--output", output, *more, spec="listing:broken.tsv")
    assert done.returncode == 2
    assert "no sample" in done.stderr
    assert "broken.png" in done.stderr.splitlines()[-1]
    assert {file: file.read_bytes() for file in before} == before


@pytest.mark.parametrize("there", [False, True])
def test_records_may_lie_on_another_disk(there: bool, pack: Packed, tmp_path: Path) -> None:
    """A link to where there is room would be refused, or replaced by a folder where there is none."""
    (tmp_path / "large").mkdir()
    (tmp_path / "link.rec").symlink_to("large", target_is_directory=True)
    for more in ((), ("--encoding", "png"))[: 1 + there]:
        done = pack("--output", "link.rec", *more)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "link.rec").is_symlink()
    assert len(load_records(tmp_path / "large")[0]) == len(WORDS)


@pytest.mark.parametrize("more", [(), ("--force",)])
@pytest.mark.parametrize("name", ["labels.tsv", "own.pkl"])
def test_a_file_that_is_no_cache_is_never_replaced(
    name: str, more: tuple[str, ...], pack: Packed, tmp_path: Path
) -> None:
    """One wrong word in a command would replace labels, or another program's pickle."""
    (tmp_path / "own.pkl").write_bytes(pickle.dumps({"mine": [1, 2]}))
    before = (tmp_path / name).read_bytes()
    told = refusal(pack("--output", name, *more))
    assert name in told
    assert "--output" in told
    assert (tmp_path / name).read_bytes() == before


def test_a_damaged_cache_is_made_again(pack: Packed, tmp_path: Path) -> None:
    """Whoever is told to run `prepare` again would be refused by it."""
    assert pack("--output", "x.pkl").returncode == 0
    whole = (tmp_path / "x.pkl").read_bytes()
    for damaged in (whole[: len(whole) // 2], b""):
        (tmp_path / "x.pkl").write_bytes(damaged)
        again = pack("--output", "x.pkl")
        assert again.returncode == 0, again.stderr
        assert (tmp_path / "x.pkl").read_bytes() == whole
