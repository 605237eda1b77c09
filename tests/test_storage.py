"""Outputs: written by one command at a time, complete or absent, and nothing beside them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gluon_htr import _storage, prepare, synthesize, train
from gluon_htr._storage import atomic_file, atomic_folder, only_writer, write_atomically
from gluon_htr.errors import StorageError

fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse at once what is being written."""
    monkeypatch.setattr(_storage, "PATIENCE", 0.05)


def everything(folder: Path) -> set[str]:
    """Names of all that lies below a folder."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def killed(work: Callable[[Callable[[], None]], None]) -> None:
    """Run `work` in another process and kill it when it calls what it is given."""
    ready, tell = os.pipe()
    child = os.fork()
    if not child:  # pragma: no cover
        try:
            work(lambda: (os.write(tell, b"."), time.sleep(60))[1])
        finally:
            os._exit(1)
    assert os.read(ready, 1) == b"."
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(ready)
    os.close(tell)


def test_two_commands_never_write_one_file_at_once(tmp_path):
    """One would rename the half-written file of the other."""
    path = tmp_path / "words.pkl"
    with atomic_file(path) as first:
        first.write(b"first")
        with pytest.raises(StorageError, match=r"words\.pkl is being written by another command"):
            write_atomically(path, b"second")
    assert path.read_bytes() == b"first"
    write_atomically(path, b"second")
    assert (path.read_bytes(), everything(tmp_path)) == (b"second", {"words.pkl"})


def test_two_commands_never_make_one_folder_at_once(tmp_path):
    """Each removed the files of the other, and both reported success."""
    path = tmp_path / "words"
    with atomic_folder(path) as first:
        (first / "a.png").touch()
        with pytest.raises(StorageError, match="words is being written"), atomic_folder(path):
            pass
    assert everything(tmp_path) == {"words", "words/a.png"}


@fork
def test_the_next_command_removes_what_a_killed_one_left(tmp_path):
    """Caches of gigabytes stayed under a name that nobody looked for."""
    file, folder, run = tmp_path / "x.pkl", tmp_path / "words", tmp_path / "runs" / "words"

    def work(wait: Callable[[], None]) -> None:
        with atomic_file(file) as new, atomic_folder(folder) as made, only_writer(run):
            new.write(b"half")
            (made / "half").touch()
            wait()

    killed(work)
    write_atomically(file, b"whole")
    with atomic_folder(folder) as made, only_writer(run):
        (made / "whole").touch()
    assert everything(tmp_path) == {"x.pkl", "words", "words/whole", "runs", "runs/words"}


@fork
def test_a_worker_that_outlives_its_command_holds_no_lock(tmp_path):
    """A killed command could not be repeated until the last of its workers had noticed."""
    run, worker = tmp_path / "run", tmp_path / "worker"

    def work(wait: Callable[[], None]) -> None:
        with only_writer(run):
            child = os.fork()
            if not child:
                time.sleep(20)
                os._exit(0)
            worker.write_text(str(child))
            wait()

    killed(work)
    try:
        with only_writer(run):
            pass
    finally:
        os.kill(int(worker.read_text()), signal.SIGKILL)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    """A full disk would cost the old file as well."""
    path = tmp_path / "x.pkl"
    path.write_bytes(b"old")

    def fail() -> None:
        with atomic_file(path) as file:
            file.write(b"new")
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        fail()
    assert (path.read_bytes(), everything(tmp_path)) == (b"old", {"x.pkl"})


@pytest.mark.parametrize("exists", [True, False])
def test_a_link_is_written_through(tmp_path, exists):
    """The link became a file, and its target kept the old content."""
    target, link = tmp_path / "disk" / "best.txt", tmp_path / "latest.txt"
    target.parent.mkdir()
    if exists:
        target.write_bytes(b"old")
    link.symlink_to(Path("disk") / "best.txt")
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert everything(tmp_path) == {"disk", "disk/best.txt", "latest.txt"}


def test_a_folder_is_made_where_a_link_points(tmp_path):
    """An import into a larger disk would fail at its end."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "words").symlink_to(tmp_path / "disk" / "words")
    with atomic_folder(tmp_path / "words") as made:
        (made / "a.png").touch()
    assert (tmp_path / "disk" / "words" / "a.png").is_file()


def test_a_device_is_not_replaced_by_a_file(tmp_path):
    """`--output /dev/null`, as root, would remove the device for every other program."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    for name in ("pipe", "link"):
        with pytest.raises(StorageError, match=rf"{name} is a pipe or a device"):
            write_atomically(tmp_path / name, b"x")
    assert (tmp_path / "pipe").is_fifo()


def test_a_folder_that_nothing_was_written_in_does_not_stay(tmp_path):
    """A refused command would leave empty folders, which a later one takes for something."""
    with pytest.raises(ValueError, match="refused"), only_writer(tmp_path / "runs" / "words"):
        raise ValueError("refused")
    assert everything(tmp_path) == set()


LISTED = "listing:labels.tsv"


@pytest.mark.parametrize(
    ("main", "arguments", "output"),
    [
        (train.main, ["--data", LISTED, "--output", "run"], "run"),
        (prepare.main, [LISTED, "--output", "x.rec"], "x.rec"),
        (synthesize.main, ["fonts:hershey?texts=words&count=3", "--output", "lines"], "lines"),
    ],
)
def test_every_command_refuses_a_folder_that_is_being_written(tmp_path, monkeypatch, main, arguments, output):
    """Two trainings in one folder wrote each entry of the log twice."""
    from PIL import Image

    monkeypatch.chdir(tmp_path)
    Image.new("L", (60, 20), 200).save("a.png")
    Path("labels.tsv").write_text("a.png\tword\n")
    with only_writer(tmp_path / output), pytest.raises(StorageError, match=f"{output} is being written by another"):
        main(arguments)
    assert everything(tmp_path) == {"a.png", "labels.tsv"}
