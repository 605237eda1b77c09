"""Reading of files that users name: regular files only, and never more bytes than such a file may have.

A device (`/dev/zero`) has no end, and a pipe may never begin. Both are errors of the operating system here, as a file
that is missing is, so that callers report all three alike.
"""

from __future__ import annotations

import errno
import os
import stat

MAX_TEXT = 16 << 20  # bytes of a configuration or description: far above any real one
MAX_DATA = 1 << 30  # bytes of labels, texts or strokes
MAX_WEIGHTS = 8 << 30  # bytes of weights: a checkpoint holds four copies of a network
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def read_bounded(path: str | os.PathLike[str], max_bytes: int) -> bytes:
    """Read a regular file of at most `max_bytes` bytes. Raises `OSError` if it is something else, or larger."""
    name = os.fspath(path)
    try:
        file = os.open(name, _FLAGS)  # without waiting, should it be a pipe
    except ValueError:
        raise OSError(errno.EINVAL, "a name with a NUL character", name) from None
    try:
        return _content(file, name, max_bytes)
    finally:
        os.close(file)


def check_regular(path: str | os.PathLike[str]) -> None:
    """Raise `OSError` if a path is a pipe or a device, which libraries that open it by name would wait for."""
    _check_mode(os.stat(path).st_mode, os.fspath(path))


def check_bounded(path: str | os.PathLike[str], max_bytes: int) -> None:
    """Raise `OSError` if a path that a library opens by name is not a regular file, or has more than `max_bytes`."""
    about = os.stat(path)
    _check_mode(about.st_mode, os.fspath(path))
    if about.st_size > max_bytes:
        raise OSError(errno.EFBIG, f"larger than {max_bytes >> 20:,} MB", os.fspath(path))


def _content(file: int, name: str, max_bytes: int) -> bytes:
    about = os.fstat(file)
    _check_mode(about.st_mode, name)
    content = os.read(file, min(about.st_size, max_bytes) + 1)
    if len(content) <= about.st_size:  # a short read, or the end
        parts, size = [content], len(content)
        while size <= max_bytes and (part := os.read(file, min(1 << 24, max_bytes + 1 - size))):
            parts.append(part)
            size += len(part)
        content = b"".join(parts) if len(parts) > 1 else content
    if len(content) > max_bytes:
        raise OSError(errno.EFBIG, f"larger than {max_bytes >> 20:,} MB", name)
    return content


def _check_mode(mode: int, name: str) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name)
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "a pipe or a device, not a regular file: save its content first", name)
