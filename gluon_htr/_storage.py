"""Files and folders that are either complete or absent, each written by one command at a time.

Everything is written under a temporary name and renamed at the end. The name depends on the output alone, so that the
next command that writes the same output removes what a killed one left. A lock (flock) keeps two commands apart: the
operating system releases it whenever its process ends, however that happens. Where a file system or a platform has no
such locks, commands are not kept apart.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from .errors import StorageError

if sys.platform != "win32":
    import fcntl

LOCK = ".lock"  # in a folder that is being written
PATIENCE = 2.0  # seconds to wait for a lock: another command may be writing a small file
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP}  # of file systems that have none
_held: set[int] = set()  # descriptors of the locks of this process


@contextlib.contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """Open a new file for `path`. It replaces `path` if the block succeeds, and is deleted otherwise.

    A symbolic link stays one: its target is written. Raises `StorageError` if the file cannot be written, is not a
    regular file, or is being written by another command; the old file at `path` is then untouched.
    """
    target = _target(path)
    temporary = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _locked(temporary, path):
            try:
                with open(temporary, "wb") as file:
                    yield file
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(temporary, target)
            finally:
                temporary.unlink(missing_ok=True)
    except OSError as error:
        raise storage_error(path, error) from None


def write_atomically(path: Path, content: bytes) -> None:
    """Replace the file at `path` by `content`, all at once. Raises `StorageError`."""
    with atomic_file(path) as file:
        file.write(content)


@contextlib.contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield a new, temporary folder for `path`, which must not exist yet.

    The folder is renamed to `path` if the block succeeds, and is deleted otherwise. Raises `StorageError` if it cannot
    be written, or is being written by another command.
    """
    target = _target(path)
    temporary = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _locked(target.with_name(f".{target.name}.lock"), path):
            shutil.rmtree(temporary, ignore_errors=True)  # left by a killed command
            try:
                temporary.mkdir()
                yield temporary
                os.rename(temporary, target)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise storage_error(path, error) from None


@contextlib.contextmanager
def only_writer(folder: Path, name: str = "") -> Iterator[None]:
    """Keep other commands from writing in a folder, which is made if it does not exist.

    name: a part of the folder that is written, if others may be written meanwhile. A folder that was made here and is
    still empty at the end is removed. Raises `StorageError` if another command is writing there.
    """
    made = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    try:
        with contextlib.ExitStack() as held:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                held.enter_context(_locked(folder / (f".{name}.lock" if name else LOCK), folder / name))
            except OSError as error:
                raise storage_error(folder, error) from None
            yield
    finally:
        for parent in made:
            with contextlib.suppress(OSError):
                parent.rmdir()


def check_folder(folder: Path | None) -> None:
    """Raise `StorageError` if no file can be written into a folder, which need not exist yet. None is no folder.

    This is to be known before minutes of work. A full disk shows only when it is written to.
    """
    if folder is None:
        return
    existing = next((path for path in (folder, *folder.parents) if os.path.exists(path)), folder)
    if existing.is_file():
        raise StorageError(f"{folder} could not be written: {existing} is a file")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise StorageError(f"{folder} could not be written: you may not write into {existing}")


def storage_error(path: Path, error: OSError) -> StorageError:
    """Return the `StorageError` for an error of the operating system at `path`."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StorageError(f"the disk is full: {path} could not be written. Free some space and repeat the command")
    return StorageError(f"{path} could not be written: {error.strerror or error}")


@contextlib.contextmanager
def locked(path: Path, output: Path) -> Iterator[None]:
    """Hold a lock on the file `path`, which is made if it does not exist and stays.

    output: what the lock is for. Raises `StorageError` if another process holds the lock, or if `path` cannot be
    opened.
    """
    descriptor = _lock(path, output)
    try:
        yield
    finally:
        _release(descriptor)


@contextlib.contextmanager
def _locked(path: Path, output: Path) -> Iterator[None]:
    """Hold a lock on a file that is removed at the end."""
    if sys.platform == "win32":
        yield
        return
    descriptor = _lock(path, output)
    try:
        yield
    finally:
        if descriptor in _held:  # not in a forked process
            with contextlib.suppress(OSError):  # renamed, or its folder is gone
                if _same(descriptor, path):
                    path.unlink()
        _release(descriptor)


def _lock(path: Path, output: Path) -> int:
    """Open and lock a file; the lock counts only if the file still has this name, for its last owner may have removed
    it meanwhile.
    """
    end = time.monotonic() + PATIENCE
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
        try:
            if _flock(descriptor) and _same(descriptor, path):
                _held.add(descriptor)
                return descriptor
        except FileNotFoundError:  # removed by its last owner
            pass
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        if time.monotonic() > end:
            raise StorageError(f"{output} is being written by another command: wait until it ends")
        time.sleep(0.02)


def _same(descriptor: int, path: Path) -> bool:
    return os.path.samestat(os.fstat(descriptor), os.stat(path))


def _flock(descriptor: int) -> bool:
    """Lock an open file. Return False if another process holds the lock."""
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            if error.errno in (errno.EWOULDBLOCK, errno.EAGAIN):
                return False
            raise
    return True


def _release(descriptor: int) -> None:
    if descriptor in _held:
        _held.discard(descriptor)
        os.close(descriptor)


def _drop_locks() -> None:
    """Close the locks in a forked process: they would outlive a parent that is killed."""
    for descriptor in list(_held):
        _release(descriptor)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_drop_locks)


def _target(path: Path) -> Path:
    """Return the path that is written for an output: the target of a link.

    Raises `StorageError` for a pipe or a device, which a new file would replace.
    """
    target = Path(os.path.realpath(path)) if path.is_symlink() else path
    with contextlib.suppress(OSError):  # most often it does not exist yet
        mode = os.stat(target).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise StorageError(f"{path} is a pipe or a device: give the name of a file")
    return target
