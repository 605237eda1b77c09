"""`python -m gluon_htr.download`, as a user runs it, against a server on loopback."""

from __future__ import annotations

import contextlib
import fcntl
import gzip
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from archive_server import ArchiveServer
from support import door_environment, draw_iam_archives, refusal

Result = subprocess.CompletedProcess
Download = Callable[..., "Result[str]"]
FILES = ("words.tgz", "xml.tgz", "ascii.tgz")


@pytest.fixture
def download(door: Callable[..., Result[str]], archive_server: ArchiveServer, tmp_path: Path) -> Download:
    """Downloads iam-words from the loopback server into tmp_path/iam, with the right password unless told otherwise."""

    def run(*arguments: object, password: str | None = None, **options: object) -> Result[str]:
        server = archive_server
        environment = door_environment(GLUON_HTR_PASSWORD=server.password if password is None else password)
        place = ["--base-url", server.url, "--user", server.user, "--root", tmp_path / "iam"]
        return door("download", "--dataset", "iam-words", *place, *arguments, **({"env": environment} | options))

    return run


def unpacked(folder: Path) -> dict[str, bytes]:
    """Path → content of all files below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def inside(archive: Path) -> dict[str, bytes]:
    """Name → content of an archive's files."""
    with tarfile.open(archive) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]


def complete(root: Path, archives: Path) -> bool:
    """Whether the root holds exactly what the three archives hold, in the official layout, and nothing else."""
    folders = {name: unpacked(root / name) for name in ("words", "xml", "ascii")}
    expected = {name: inside(archives / f"{name}.tgz") for name in folders}
    return folders == expected and {path.name for path in root.iterdir()} == set(folders)


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


def test_the_password_is_neither_shown_nor_stored(download, archive_server, tmp_path):
    """A password would be found in a log, in the output or on the disk."""
    archive_server.cut, archive_server.cuts = 1000, 1
    archive_server.statuses["ascii.tgz"] = 500
    result = download(env=door_environment(GLUON_HTR_PASSWORD=archive_server.password, GLUON_HTR_DEBUG="1"))
    assert "Traceback" in result.stderr
    assert archive_server.password not in result.stdout + result.stderr
    assert not any(archive_server.password.encode() in content for content in unpacked(tmp_path).values())


def test_the_password_may_come_from_standard_input(download, archive_server):
    """A script could not hand the password over without an environment variable."""
    result = download("--password-stdin", env=door_environment(), input=archive_server.password + "\n")
    assert result.returncode == 0, result.stderr


def test_the_password_is_asked_for_at_the_terminal(archive_server, tmp_path):
    """A user at a terminal would not be asked, or would see the password on the screen."""
    place = ["--base-url", archive_server.url, "--user", archive_server.user, "--root", str(tmp_path / "iam")]
    command = [sys.executable, "-m", "gluon_htr.download", "--dataset", "iam-words", *place]
    take_terminal = (
        "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
    )
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", take_terminal, *command],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        env=door_environment(),
    )
    os.close(theirs)
    screen = b""
    with contextlib.suppress(OSError):  # Linux ends a terminal's stream with EIO
        while piece := os.read(ours, 4096):
            screen += piece
            if screen.endswith(f"password of {archive_server.user}: ".encode()):
                os.write(ours, archive_server.password.encode() + b"\n")
    os.close(ours)
    assert process.wait(20) == 0, screen
    assert b"password of" in screen
    assert archive_server.password.encode() not in screen


def test_the_password_is_no_argument(download):
    """Every user of the machine could read the password in the list of processes."""
    result = download("--password", "secret")
    assert result.returncode == 2
    assert "unrecognized arguments" in result.stderr


def test_without_a_terminal_it_says_where_to_put_the_password(download):
    """A job on a server would hang at an invisible prompt."""
    assert "GLUON_HTR_PASSWORD" in refusal(download(env=door_environment(), stdin=subprocess.DEVNULL))


def test_a_base_url_with_a_password_is_refused_unseen(download):
    """The password would travel in the list of processes and in error messages."""
    error = refusal(download("--base-url", "http://reader:secret@127.0.0.1:1/"))
    assert "secret" not in error
    assert "--user" in error


@pytest.mark.parametrize("login", ["basic", "form"])
def test_a_wrong_password_is_named_as_such(download, archive_server, tmp_path, login):
    """The user would see a stack trace, or a login page unpacked as an archive."""
    archive_server.login = login
    assert "refused the user name or password" in refusal(download(password="wrong"))
    assert not (tmp_path / "iam" / "words.tgz").exists()
    assert len(archive_server.requests) < 8


def test_a_site_with_a_login_form_is_logged_in_to(download, archive_server, iam_archives, tmp_path):
    """The IAM site, which redirects to a form instead of asking for Basic authentication, would not be usable."""
    archive_server.login = "form"
    result = download()
    assert result.returncode == 0, result.stderr
    assert complete(tmp_path / "iam", iam_archives)
    assert not any("Authorization" in headers for _, _, headers in archive_server.requests)


def test_without_a_user_name_it_says_how_to_get_one(door, archive_server, tmp_path):
    """A newcomer would not learn that the site needs a registration."""
    result = door("download", "--dataset", "iam-words", "--base-url", archive_server.url)
    assert "--user NAME (register at https://" in refusal(result)


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


def test_a_redirect_to_another_host_does_not_carry_the_password(download, archive_server, iam_archives, tmp_path):
    """Whoever the site redirects to would read the user's password."""
    with ArchiveServer(iam_archives, login=None) as mirror:
        archive_server.redirects["words.tgz"] = mirror.url + "words.tgz"
        archive_server.redirects["xml.tgz"] = mirror.url.replace("127.0.0.1", "localhost") + "xml.tgz"
        result = download()
    assert result.returncode == 0, result.stderr
    assert complete(tmp_path / "iam", iam_archives)
    assert len(mirror.requests) == 2
    assert not any({"Authorization", "Cookie"} & headers.keys() for _, _, headers in mirror.requests)
    assert "Authorization" in archive_server.asked("ascii.tgz")[-1]


@pytest.mark.parametrize("login", ["basic", "form"])
def test_another_host_that_asks_for_a_password_gets_none(download, archive_server, iam_archives, login):
    """A hostile mirror could ask for the password and get it."""
    with ArchiveServer(iam_archives, login=login) as mirror:
        archive_server.redirects["words.tgz"] = mirror.url.replace("127.0.0.1", "localhost") + "words.tgz"
        error = refusal(download())
    assert "words.tgz" in error
    assert not any(
        method == "POST" or {"Authorization", "Cookie"} & headers.keys() for method, _, headers in mirror.requests
    )


def test_a_redirect_on_the_same_host_is_followed(download, archive_server, iam_archives, tmp_path):
    """A site that moved its files would not be usable."""
    archive_server.redirects["words.tgz"] = "/data/moved.tgz"
    moved = tmp_path / "moved"
    shutil.copytree(iam_archives, moved)
    (moved / "words.tgz").rename(moved / "moved.tgz")
    archive_server.folder = moved
    result = download()
    assert result.returncode == 0, result.stderr
    assert complete(tmp_path / "iam", iam_archives)


def test_redirects_in_circles_end(download, archive_server):
    """The command would never end."""
    archive_server.redirects["words.tgz"] = "/data/words.tgz"
    assert "redirects in circles" in refusal(download())


def test_a_redirect_to_a_local_file_is_refused(download, archive_server):
    """A hostile server could have files of this machine read."""
    archive_server.redirects["words.tgz"] = "file:///etc/passwd"
    assert "http" in refusal(download())


def test_own_archives_are_imported_without_a_network(door, iam_archives, tmp_path):
    """Whoever has the files could not use them while the site is down."""
    shutil.copy(iam_archives / "words.tgz", tmp_path / "words (1).tgz")
    (tmp_path / "xml.tar").write_bytes(gzip.decompress((iam_archives / "xml.tgz").read_bytes()))
    given = [tmp_path / "words (1).tgz", tmp_path / "xml.tar", iam_archives / "ascii.tgz"]
    result = door("download", "--dataset", "iam-words", "--archive", *given)
    assert result.returncode == 0, result.stderr
    assert complete(tmp_path / "data" / "iam", iam_archives)
    assert all(path.is_file() for path in given)


def test_a_partial_import_says_what_is_missing(door, iam_archives, tmp_path):
    """The user would find out in training that the transcriptions are not there."""
    result = door(
        "download", "--dataset", "iam-words", "--root", tmp_path / "iam", "--archive", iam_archives / "words.tgz"
    )
    assert result.returncode == 1
    assert "lacks xml.tgz, ascii.tgz" in result.stderr
    assert unpacked(tmp_path / "iam" / "words") == inside(iam_archives / "words.tgz")


def test_pages_in_three_archives_become_one_folder_or_none(door, iam_archives, tmp_path):
    """Some of the forms would be taken for all."""
    names = ("formsA-D.tgz", "formsE-H.tgz", "formsI-Z.tgz")
    given = [shutil.copy(iam_archives / source, tmp_path / name) for name, source in zip(names, FILES)]
    command = ["download", "--dataset", "iam-forms", "--root", tmp_path / "iam", "--archive"]
    assert door(*command, *given[:2]).returncode == 1
    assert not (tmp_path / "iam" / "forms").exists()
    door(*command, *given)
    members = {**inside(given[0]), **inside(given[1]), **inside(given[2])}
    assert unpacked(tmp_path / "iam" / "forms") == members


def test_a_file_of_another_data_set_is_refused_by_name(door, iam_archives):
    """A typing error would unpack lines as words."""
    error = refusal(door("download", "--dataset", "iam-words", "--archive", iam_archives / "lines.tgz"))
    assert "lines.tgz is none of the files of iam-words: words.tgz, xml.tgz, ascii.tgz" in error


def test_an_unknown_data_set_is_answered_with_the_known_ones(door):
    """The user would have to read the source to learn the names."""
    assert "iam-lines" in refusal(door("download", "--dataset", "iam"))


@pytest.mark.parametrize("content", [b"", b"<!DOCTYPE html><title>Login</title>", b"\x1f\x8b garbage", b"text" * 300])
def test_what_is_no_archive_is_refused_and_kept(door, tmp_path, content):
    """The user would see a traceback, or lose the file."""
    path = tmp_path / "words.tgz"
    path.write_bytes(content)
    assert "words.tgz" in refusal(door("download", "--dataset", "iam-words", "--archive", path))
    assert path.read_bytes() == content
    assert not (tmp_path / "data" / "iam" / "words").exists()


def test_fetched_archives_are_kept_on_request(download, archive_server, iam_archives, tmp_path):
    """Whoever wants to hand the archives to another machine would fetch them twice."""
    assert download("--keep").returncode == 0
    assert (tmp_path / "iam" / "words.tgz").read_bytes() == (iam_archives / "words.tgz").read_bytes()


def test_a_file_with_another_check_sum_is_refused(door, archive_server, iam_archives, tmp_path):
    """Altered data would be trained on."""
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / "train-images-idx3-ubyte.gz").write_bytes(bytes(9_912_422))
    archive_server.folder, archive_server.login = mirror, None
    error = refusal(door("download", "--dataset", "mnist", "--base-url", archive_server.url))
    assert "SHA-256" in error
    assert unpacked(tmp_path / "data" / "mnist").keys() <= {"train-images-idx3-ubyte.gz.part.json"}


def test_ctrl_c_keeps_what_was_fetched(archive_server, iam_archives, download, tmp_path):
    """An impatient user would lose an hour of downloading, or see a traceback."""
    archive_server.stall = 6000
    environment = door_environment(GLUON_HTR_PASSWORD=archive_server.password)
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
        assert "another download" in refusal(download())


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
    assert f"no room left for {small_disk / 'iam' / 'words.tgz.part'}" in error
    assert (small_disk / "iam" / "words.tgz.part").stat().st_size > 0


def test_a_full_disk_while_unpacking_leaves_no_half_folder(door, iam_archives, small_disk):
    """Half of the words would be taken for all, and the disk would stay full."""
    archive = iam_archives / "words.tgz"
    error = refusal(door("download", "--dataset", "iam-words", "--root", small_disk, "--archive", archive))
    assert f"no room left for {small_disk / 'words'}" in error
    assert list(small_disk.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(download, tmp_path):
    """The user would see a traceback instead of the place that is wrong."""
    (tmp_path / "iam").write_text("a file where the folder should be")
    assert str(tmp_path / "iam") in refusal(download())


def test_reading_the_help_needs_no_network_and_names_the_terms(door):
    """A user would not learn that IAM is for non-commercial research only."""
    result = door("download", "--help")
    assert result.returncode == 0
    assert "iam-words" in result.stdout
    assert "non-commercial research only" in result.stdout
    assert os.linesep in result.stdout
