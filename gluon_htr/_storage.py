"""Files and folders that are either complete or absent: written under a temporary name, then renamed."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from .errors import StorageError


@contextlib.contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """Open a new file for `path`. It replaces `path` if the block succeeds, and is deleted otherwise.

    Raises `StorageError` if it cannot be written; the old file at `path` is then untouched.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise storage_error(path, error) from None
    finally:
        with contextlib.suppress(OSError):  # its folder may not exist
            temporary.unlink(missing_ok=True)


def write_atomically(path: Path, content: bytes) -> None:
    """Replace the file at `path` by `content`, all at once. Raises `StorageError`."""
    with atomic_file(path) as file:
        file.write(content)


@contextlib.contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield a new, temporary folder for `path`, which must not exist yet.

    The folder is renamed to `path` if the block succeeds, and is deleted otherwise. Raises `StorageError` if it cannot
    be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    shutil.rmtree(temporary, ignore_errors=True)  # left by a killed process with the same number
    try:
        temporary.mkdir(parents=True)
        yield temporary
        os.rename(temporary, path)
    except OSError as error:
        raise storage_error(path, error) from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def storage_error(path: Path, error: OSError) -> StorageError:
    """Return the `StorageError` for an error of the operating system at `path`."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StorageError(f"the disk is full: {path} could not be written. Free some space and repeat the command")
    return StorageError(f"{path} could not be written: {error.strerror or error}")


def lock(file: BinaryIO) -> bool:
    """Lock an open file for this process until it is closed. Return False if another process holds the lock."""
    try:
        import fcntl
    except ImportError:  # not on Windows
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
