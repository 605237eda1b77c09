"""Files and folders that are either whole or not there: written beside their place, then renamed."""

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
    """Open a new file for `path`; it takes its place when the block ends well, and vanishes otherwise.

    Raises `StorageError` when it cannot be written; what was at `path` before is then untouched.
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
        with contextlib.suppress(OSError):  # where its folder is none, there is nothing to remove
            temporary.unlink(missing_ok=True)


def write_atomically(path: Path, content: bytes) -> None:
    """Replace the file at `path` by `content`, all at once."""
    with atomic_file(path) as file:
        file.write(content)


@contextlib.contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Return a new folder for `path`, which must not be there.

    It takes its place when the block ends well, else vanishes.

    Raises `StorageError` when it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    shutil.rmtree(temporary, ignore_errors=True)  # of a killed process with this number
    try:
        temporary.mkdir(parents=True)
        yield temporary
        os.rename(temporary, path)
    except OSError as error:
        raise storage_error(path, error) from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def storage_error(path: Path, error: OSError) -> StorageError:
    """Return a `StorageError` for what the operating system said about `path`."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageError(f"the disk is full: {path} could not be written; free some space and repeat the command")
    return StorageError(f"{path} could not be written: {error.strerror or error}")


def lock(file: BinaryIO) -> bool:
    """Take an open file for this process until it is closed; False where another process has it."""
    try:
        import fcntl
    except ImportError:  # not on Windows
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
