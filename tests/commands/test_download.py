"""`python -m gluon_htr.download`, as a user runs it, against a server on loopback: what is fetched, and goes on."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import pytest
from archive_server import ArchiveServer
from downloads import Download, complete, inside, unpacked
from support import command_environment, draw_iam_archives, refusal

from gluon_htr.datasets.download import acquisition
from gluon_htr.datasets.download.acquisition import acquire
from gluon_htr.datasets.download.catalog import dataset
from gluon_htr.datasets.download.site import Login, Site

FILES = ("words.tgz", "xml.tgz", "ascii.tgz")


def test_a_download_ends_with_the_official_layout(download, iam_archives, tmp_path):
    """The README's first step would fail: files would lie elsewhere, differ, or leave remains."""
    result = download()
    assert result.returncode == 0, result.stderr
    assert complete(tmp_path / "iam", iam_archives)
    rows = dict(line.split("\t") for line in result.stdout.splitlines())
    assert rows[str(tmp_path / "iam" / "words")] == str(len(inside(iam_archives / "words.tgz")))


def test_a_second_run_does_nothing(download, archive_server, tmp_path):
    """A repeated command would fetch gigabytes again, or touch what is there."""
    download()
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "iam").rglob("*")}
    archive_server.requests.clear()
    result = download()
    assert (result.returncode, archive_server.requests) == (0, [])
    assert "nothing to do" in result.stderr
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "iam").rglob("*")} == before


@pytest.mark.parametrize(
    ("status", "advice"),
    [(403, "access refused"), (404, "--base-url"), (500, "Try again later"), (503, "Try again later")],
)
def test_a_refusal_says_what_to_do(download, archive_server, status, advice):
    """The user would not know whether to wait, to ask for access, or to look for another address."""
    archive_server.statuses["words.tgz"] = status
    error = refusal(download())
    assert "words.tgz" in error
    assert str(status) in error
    assert advice in error
    assert "--archive" in error


def test_a_silent_server_ends_in_a_time_out(download, archive_server, tmp_path):
    """The command would hang for ever on a server that is down."""
    archive_server.stall = 0
    start = time.monotonic()
    error = refusal(download("--timeout", "0.5"))
    assert time.monotonic() - start < 10
    assert "stopped sending" in error or "did not answer" in error
    assert "--archive" in error


def test_a_port_without_a_server_is_named(download):
    """The user would not learn which address could not be reached."""
    assert "127.0.0.1:1 cannot be reached (Connection refused)" in refusal(
        download("--base-url", "http://127.0.0.1:1/")
    )


def test_a_web_page_is_not_taken_for_an_archive(download, archive_server, tmp_path):
    """A login page would be saved as words.tgz, and every later run would fail on it."""
    archive_server.pages.add("words.tgz")
    error = refusal(download())
    assert "words.tgz is a web page, not an archive" in error
    archive_server.pages.clear()
    assert download().returncode == 0


def test_a_cut_connection_goes_on_where_it_stopped(download, archive_server, iam_archives, tmp_path):
    """On a bad line a large archive would never be complete."""
    archive_server.cut, archive_server.cuts = 5000, 2
    result = download()
    assert result.returncode == 0, result.stderr
    assert complete(tmp_path / "iam", iam_archives)
    assert [headers.get("Range") for headers in archive_server.asked("words.tgz")[-2:]] == [
        "bytes=5000-",
        "bytes=10000-",
    ]


def interrupted_download(download: Download, server: ArchiveServer, tmp_path: Path, at: int) -> None:
    """A run that stops after `at` bytes of words.tgz, as when the site goes down."""
    server.stall = at
    refusal(download("--timeout", "0.5"))
    assert (tmp_path / "iam" / "words.tgz.part").stat().st_size >= at
    assert not (tmp_path / "iam" / "words").exists()
    server.stall = None
    server.requests.clear()


def test_a_later_run_goes_on_where_an_earlier_one_stopped(download, archive_server, iam_archives, tmp_path):
    """What a user fetched yesterday would be fetched again."""
    interrupted_download(download, archive_server, tmp_path, 4000)
    assert download().returncode == 0
    assert complete(tmp_path / "iam", iam_archives)
    last = archive_server.asked("words.tgz")[-1]
    assert int(last["Range"].removeprefix("bytes=").rstrip("-")) >= 4000
    assert last["If-Range"] == '"first"'


def test_a_file_that_changed_meanwhile_is_fetched_anew(download, archive_server, tmp_path):
    """Two versions of an archive would be glued together."""
    interrupted_download(download, archive_server, tmp_path, 4000)
    changed = tmp_path / "changed"
    changed.mkdir()
    archive_server.folder, archive_server.etag = draw_iam_archives(changed), '"second"'
    assert download().returncode == 0
    assert complete(tmp_path / "iam", changed)


@pytest.mark.parametrize("etag", ['"first"', None])
def test_a_server_that_cannot_resume_sends_all_again(download, archive_server, iam_archives, tmp_path, etag):
    """The beginning of the file would be appended to its beginning."""
    archive_server.etag, archive_server.ranges = etag, False
    interrupted_download(download, archive_server, tmp_path, 4000)
    assert download().returncode == 0
    assert complete(tmp_path / "iam", iam_archives)


def test_a_broken_archive_is_named_and_fetched_again(download, archive_server, iam_archives, tmp_path):
    """A truncated archive would be unpacked in part and taken for complete, or stay in the way for ever."""
    broken = tmp_path / "broken"
    shutil.copytree(iam_archives, broken)
    archive_server.folder = broken
    for name in FILES:
        (broken / name).chmod(0o644)
    content = (broken / "words.tgz").read_bytes()
    (broken / "words.tgz").write_bytes(content[: len(content) // 2])
    assert "words.tgz is truncated" in refusal(download())
    assert unpacked(tmp_path / "iam") == {}
    (broken / "words.tgz").write_bytes(content)
    assert download().returncode == 0
    assert complete(tmp_path / "iam", iam_archives)


def test_fetched_archives_are_kept_on_request(download, archive_server, iam_archives, tmp_path):
    """Whoever wants to hand the archives to another machine would fetch them twice."""
    assert download("--keep").returncode == 0
    assert (tmp_path / "iam" / "words.tgz").read_bytes() == (iam_archives / "words.tgz").read_bytes()


def test_a_file_with_another_check_sum_is_refused(command, archive_server, iam_archives, tmp_path):
    """Altered data would be trained on."""
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / "train-images-idx3-ubyte.gz").write_bytes(bytes(9_912_422))
    archive_server.folder, archive_server.login = mirror, None
    error = refusal(command("download", "--dataset", "mnist", "--base-url", archive_server.url))
    assert "SHA-256" in error
    assert unpacked(tmp_path / "data" / "mnist").keys() <= {"train-images-idx3-ubyte.gz.part.json"}


def test_ctrl_c_keeps_what_was_fetched(archive_server, iam_archives, download, tmp_path):
    """An impatient user would lose an hour of downloading, or see a traceback."""
    archive_server.stall = 6000
    environment = command_environment(GLUON_HTR_PASSWORD=archive_server.password)
    place = ["--base-url", archive_server.url, "--user", archive_server.user, "--root", str(tmp_path / "iam")]
    command = [sys.executable, "-m", "gluon_htr.download", "--dataset", "iam-words", *place]
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # a shell's background jobs ignore Ctrl-C
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment, preexec_fn=heard)
    part = tmp_path / "iam" / "words.tgz.part"
    deadline = time.monotonic() + 60
    while not (part.exists() and part.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "interrupted\n")
    assert part.stat().st_size >= 4000
    archive_server.stall = None
    assert download().returncode == 0
    assert complete(tmp_path / "iam", iam_archives)


def test_two_downloads_into_one_folder_do_not_mix(download, archive_server, tmp_path):
    """Two processes would write into one file in turn."""
    (tmp_path / "iam").mkdir()
    with (tmp_path / "iam" / "words.tgz.part").open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert "another command" in refusal(download())


def test_an_archive_that_was_fetched_goes_even_if_unpacking_was_killed(
    download, archive_server, iam_archives, tmp_path, monkeypatch
):
    """The next run took it for one of the user's own, and left gigabytes beside the folder."""

    def end(*_: object, **__: object) -> None:
        raise KeyboardInterrupt  # nothing is cleaned up here, as after a kill

    site = Site(archive_server.url, Login(archive_server.user, lambda: archive_server.password))
    monkeypatch.setattr(acquisition, "extract", end)
    with pytest.raises(KeyboardInterrupt):
        acquire(dataset("iam-words"), tmp_path / "iam", {}, site, lambda label: nullcontext(lambda done, total: None))
    assert (tmp_path / "iam" / "words.tgz.part").is_file()
    result = download()
    assert result.returncode == 0, result.stderr
    assert complete(tmp_path / "iam", iam_archives)
    assert len([asked for asked in archive_server.asked("words.tgz") if "Authorization" in asked]) == 1


@pytest.fixture
def small_disk(tmp_path: Path, iam_archives: Path) -> Iterator[Path]:
    """A disk of its own with room for half of words.tgz."""
    place = tmp_path / "disk"
    place.mkdir()
    room = (iam_archives / "words.tgz").stat().st_size // 2
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={room}", "tmpfs", place], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("needs the right to mount a small disk")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_full_disk_while_fetching_is_named_and_keeps_the_part(download, small_disk):
    """The user would not learn why, or would lose what was fetched."""
    error = refusal(download("--root", small_disk / "iam"))
    assert str(small_disk / "iam" / "words.tgz.part") in error
    assert (small_disk / "iam" / "words.tgz.part").stat().st_size > 0


def test_a_full_disk_while_unpacking_leaves_no_half_folder(command, iam_archives, small_disk):
    """Half of the words would be taken for all, and the disk would stay full."""
    archive = iam_archives / "words.tgz"
    error = refusal(command("download", "--dataset", "iam-words", "--root", small_disk, "--archive", archive))
    assert str(small_disk / "words") in error
    assert list(small_disk.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(download, tmp_path):
    """The user would see a traceback instead of the place that is wrong."""
    (tmp_path / "iam").write_text("a file where the folder should be")
    assert str(tmp_path / "iam") in refusal(download())


def test_reading_the_help_needs_no_network_and_names_the_terms(command):
    """A user would not learn that IAM is for non-commercial research only."""
    result = command("download", "--help")
    assert result.returncode == 0
    assert "iam-words" in result.stdout
    assert "non-commercial research only" in result.stdout
    assert os.linesep in result.stdout
