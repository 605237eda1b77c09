"""Unpacking archives that nobody vouches for."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import command_environment, write_tar

from gluon_htr.datasets.download.archives import Limits, extract
from gluon_htr.errors import ArchiveError, HtrError, StorageError


def everything(folder: Path) -> set[str]:
    """Names of all that lies below a folder."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def hostile(path: Path, **fields: object) -> Path:
    """An archive with one honest member and one with these header fields."""
    with tarfile.open(path, "w:gz") as tar:
        for name, changes in (("a01/honest.png", {}), ("a01/other.png", fields)):
            information = tarfile.TarInfo(name)
            information.size = 4
            for key, value in changes.items():
                setattr(information, key, value)
            tar.addfile(information, io.BytesIO(b"data") if information.isreg() else None)
    return path


@pytest.mark.parametrize(
    "name",
    [
        "../outside",
        "a01/../../outside",
        "/tmp/outside",
        "..",
        "a01\\..\\..\\outside",
        "C:outside",
        "a\nb",
        "//host/share",
    ],
)
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path, name):
    """A hostile archive could overwrite the user's files."""
    path = hostile(tmp_path / "words.tgz", name=name)
    with pytest.raises(ArchiveError, match="leads out of its folder"):
        extract([path], tmp_path / "root" / "words")
    assert everything(tmp_path) == {"words.tgz", "root"}


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE],
)
def test_links_and_devices_are_refused(tmp_path, kind):
    """A link could lead a later member, or a reader, out of the folder."""
    path = hostile(tmp_path / "words.tgz", type=kind, linkname="/etc/passwd", size=0)
    with pytest.raises(ArchiveError, match="a link or a device"):
        extract([path], tmp_path / "root" / "words")
    assert everything(tmp_path) == {"words.tgz", "root"}


def test_an_archive_of_too_many_files_is_refused(tmp_path):
    """A small archive could fill the disk's table of files."""
    path = write_tar(tmp_path / "words.tgz", {f"a01/{k}": b"" for k in range(11)})
    with pytest.raises(ArchiveError, match="more than 10 members"):
        extract([path], tmp_path / "words", limits=Limits(members=10))
    assert everything(tmp_path) == {"words.tgz"}


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path):
    """A small archive could fill the disk."""
    path = write_tar(tmp_path / "words.tgz", {"a01/1": bytes(600_000), "a01/2": bytes(600_000)})
    assert path.stat().st_size < 10_000
    with pytest.raises(ArchiveError, match="unpacks to more than 1,000,000 bytes"):
        extract([path], tmp_path / "words", limits=Limits(bytes=1_000_000))
    assert everything(tmp_path) == {"words.tgz"}


def test_an_extended_header_of_gigabytes_is_refused(tmp_path):
    """A small archive could fill the memory."""
    header = tarfile.TarInfo("pax")
    header.type, header.size = tarfile.XHDTYPE, 4 << 30
    path = tmp_path / "words.tgz"
    path.write_bytes(gzip.compress(header.tobuf() + bytes(1 << 20)))
    with pytest.raises(ArchiveError, match="impossible length"):
        extract([path], tmp_path / "words")


def test_what_goes_on_behind_the_last_member_is_bounded(tmp_path):
    """A small archive could keep the command busy for ever."""
    path = write_tar(tmp_path / "words.tgz", {"a01/1": b"data"})
    path.write_bytes(path.read_bytes() + gzip.compress(bytes(3_000_000)))
    with pytest.raises(ArchiveError, match="far behind its last member"):
        extract([path], tmp_path / "words", limits=Limits(bytes=1_000_000))


@pytest.mark.parametrize("mode", ["w:gz", "w"])
def test_an_archive_truncated_anywhere_is_refused(tmp_path, mode):
    """Half a data set would be taken for all of it."""
    members = {f"a01/{k}.png": os.urandom(1000) for k in range(6)}
    whole = write_tar(tmp_path / "whole", members, mode).read_bytes()
    path = tmp_path / "words.tgz"
    needed = len(whole) if mode == "w:gz" else 6 * 1536 + 512  # a plain tar may lack its padding, not its last zeros
    for length in [*range(1, needed, 397), *range(1536, needed, 1536), needed - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(ArchiveError, match=r"words\.tgz is (truncated|not a tar)"):
            extract([path], tmp_path / "words")
    path.write_bytes(whole)
    assert extract([path], tmp_path / "words") == 6


def test_a_flipped_bit_is_noticed(tmp_path):
    """A damaged image would be trained on, although the archive's check sum knows."""
    members = {f"a01/{k}.png": os.urandom(1000) for k in range(6)}
    path = write_tar(tmp_path / "words.tgz", members)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(ArchiveError, match="damaged"):
        extract([path], tmp_path / "words")
    assert everything(tmp_path) == {"words.tgz"}


def test_the_folders_own_name_in_front_is_dropped(tmp_path):
    """lineStrokes-all.tar.gz would end in lineStrokes/lineStrokes."""
    path = write_tar(tmp_path / "strokes.tgz", {"./lineStrokes/a01/1.xml": b"1", "lineStrokes/a02/2.xml": b"2"})
    extract([path], tmp_path / "lineStrokes")
    assert everything(tmp_path / "lineStrokes") == {"a01", "a01/1.xml", "a02", "a02/2.xml"}


def test_two_members_in_one_place_are_refused(tmp_path):
    """What a reader sees would depend on the order of the archive."""
    path = hostile(tmp_path / "words.tgz", name="a01/honest.png")
    with pytest.raises(ArchiveError, match="two members in one place"):
        extract([path], tmp_path / "words")


def test_an_archive_without_files_is_refused(tmp_path):
    """An empty folder would be taken for a data set."""
    path = write_tar(tmp_path / "words.tgz", {})
    with pytest.raises(ArchiveError):
        extract([path], tmp_path / "words")
    assert everything(tmp_path) == {"words.tgz"}


def test_an_unpacking_that_is_killed_is_never_taken_for_complete(tmp_path):
    """Half a data set would be trained on after a power cut."""
    path = write_tar(tmp_path / "words.tgz", {f"a01/{k}.png": b"data" for k in range(40_000)}, "w")
    program = (
        "import sys, pathlib; from gluon_htr.datasets.download.archives import extract; "
        "extract([pathlib.Path(sys.argv[1])], pathlib.Path(sys.argv[2]))"
    )
    command = [sys.executable, "-c", program, str(path), str(tmp_path / "words")]
    process = subprocess.Popen(command, env=command_environment())
    partial = tmp_path / ".words.part" / "a01"
    deadline = time.monotonic() + 20
    while not (partial.exists() and any(partial.iterdir())) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait(20) == -signal.SIGKILL
    assert not (tmp_path / "words").exists()
    small = write_tar(tmp_path / "words.tgz", {"a01/1.png": b"data"})
    assert extract([small], tmp_path / "words") == 1
    assert everything(tmp_path) == {"words.tgz", "words", "words/a01", "words/a01/1.png"}


def test_an_interrupted_unpacking_leaves_nothing(tmp_path):
    """Ctrl-C would leave gigabytes in a hidden folder."""
    path = write_tar(tmp_path / "words.tgz", {f"a01/{k}": b"data" for k in range(9)})

    def press(done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract([path], tmp_path / "words", advance=press)
    assert everything(tmp_path) == {"words.tgz"}


def test_two_imports_at_once_lose_no_file(tmp_path):
    """Each removed the files of the other; both reported a complete folder that lacked a fifth of them."""
    path = write_tar(tmp_path / "words.tgz", {f"a01/{k}": b"data" for k in range(9)})
    refused: list[str] = []

    def import_again(done: int, total: int | None) -> None:
        if not refused:
            with pytest.raises(StorageError) as error:
                extract([path], tmp_path / "words")
            refused.append(str(error.value))

    assert extract([path], tmp_path / "words", advance=import_again) == 9
    assert "being written by another command" in refused[0]
    assert len(list((tmp_path / "words" / "a01").iterdir())) == 9


def test_files_that_vanish_while_unpacking_are_noticed(tmp_path):
    """A folder that lacks some of its files would be taken for complete."""
    path = write_tar(tmp_path / "words.tgz", {f"a01/{k}": b"data" for k in range(9)})

    def clean(done: int, total: int | None) -> None:
        (tmp_path / ".words.part" / "a01" / "0").unlink(missing_ok=True)

    with pytest.raises(StorageError, match="8 of 9 files"):
        extract([path], tmp_path / "words", advance=clean)
    assert everything(tmp_path) == {"words.tgz"}


def test_progress_ends_at_the_size_of_the_archives(tmp_path):
    """The bar would stop half-way, or pass a hundred per cent."""
    paths = [write_tar(tmp_path / f"{k}.tgz", {f"{k}/{n}": os.urandom(5000) for n in range(20)}) for k in range(2)]
    steps: list[tuple[int, int | None]] = []
    extract(paths, tmp_path / "forms", advance=lambda done, total: steps.append((done, total)))
    size = sum(path.stat().st_size for path in paths)
    assert {total for _, total in steps} == {size}
    assert sorted(steps) == steps
    assert 0.9 * size < steps[-1][0] <= size


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.floats(0, 1, exclude_max=True), change=st.binary(min_size=1, max_size=12))
def test_a_mutated_archive_is_refused_or_stays_in_its_folder(tmp_path, position, change):
    """Some odd archive would end in a traceback, or write elsewhere."""
    members = {"a01/a01-000u/1.png": b"one" * 300, "a01/a01-000u/2.png": b"two" * 300}
    path = write_tar(tmp_path / "words.tar", members, "w")
    content = bytearray(path.read_bytes())
    start = int(position * 4000)
    content[start : start + len(change)] = change
    path.write_bytes(content)
    with contextlib.suppress(HtrError):
        extract([path], tmp_path / "words")
    outside = {name for name in everything(tmp_path) if not name.startswith("words")}
    shutil.rmtree(tmp_path / "words", ignore_errors=True)
    assert outside == set()
