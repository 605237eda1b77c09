"""Who may download: user name and password, and where they are sent."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys

import pytest
from archive_server import ArchiveServer
from downloads import complete, unpacked
from support import command_environment, refusal


def test_the_password_is_neither_shown_nor_stored(download, archive_server, tmp_path):
    """A password would be found in a log, in the output or on the disk."""
    archive_server.cut, archive_server.cuts = 1000, 1
    archive_server.statuses["ascii.tgz"] = 500
    result = download(env=command_environment(GLUON_HTR_PASSWORD=archive_server.password, GLUON_HTR_DEBUG="1"))
    assert "Traceback" in result.stderr
    assert archive_server.password not in result.stdout + result.stderr
    assert not any(archive_server.password.encode() in content for content in unpacked(tmp_path).values())


def test_the_password_may_come_from_standard_input(download, archive_server):
    """A script could not hand the password over without an environment variable."""
    result = download("--password-stdin", env=command_environment(), input=archive_server.password + "\n")
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
        env=command_environment(),
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
    assert "GLUON_HTR_PASSWORD" in refusal(download(env=command_environment(), stdin=subprocess.DEVNULL))


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


def test_without_a_user_name_it_says_how_to_get_one(command, archive_server, tmp_path):
    """A newcomer would not learn that the site needs a registration."""
    result = command("download", "--dataset", "iam-words", "--base-url", archive_server.url)
    assert "--user NAME (register at https://" in refusal(result)


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
