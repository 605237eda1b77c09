"""Shared parts of all commands: one line per error, an exit status, messages on stderr.

Exit status: 0 done, 1 done with a negative result, 2 wrong use or bad input, 3 a tool is missing, 130 Ctrl-C,
143 SIGTERM.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from typing import TYPE_CHECKING, TypeVar

from ._extras import missing_package
from ._processes import SAVE_MEMORY
from .errors import HtrError

if TYPE_CHECKING:  # `download` starts without numpy
    from .datasets.sample import Problem

T = TypeVar("T")
INTERRUPTED = 130
TERMINATED = 143


def main(command: Callable[[Sequence[str] | None], int], arguments: Sequence[str] | None = None) -> int:
    """Run a command. An error becomes one line on stderr and an exit status."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # file names may not be UTF-8, and terminals may lack characters
        sys.stdout.reconfigure(errors="backslashreplace")  # \udce9 for such a byte, which is JSON's own escape
    warnings.filterwarnings(
        "ignore", module=r"PIL\."
    )  # about large images and odd metadata: what matters is raised as an error
    try:
        with _terminable():
            return _flushed(command, arguments)
    except _Terminated:
        say("terminated")
        return TERMINATED
    except KeyboardInterrupt:
        say("interrupted")
        return INTERRUPTED
    except BrokenPipeError:  # `| head` closed our stdout
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if os.environ.get("GLUON_HTR_DEBUG"):
            raise
        if isinstance(error, ModuleNotFoundError) and error.name and not error.name.startswith("gluon_htr"):
            error = missing_package(error.name)
        say(f"error: {_in_words(error)}")
        return error.status if isinstance(error, HtrError) else HtrError.status


class _Terminated(KeyboardInterrupt):
    """SIGTERM, which ends a command as Ctrl-C does: temporary files are removed."""


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Raise `_Terminated` on SIGTERM, in this process only: workers that it forks end at once."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield  # a program that calls a command has its own way to end
        return
    process = os.getpid()

    def terminate(number: int, frame: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if os.getpid() != process:
            os.kill(os.getpid(), number)
        raise _Terminated

    signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _flushed(command: Callable[[Sequence[str] | None], int], arguments: Sequence[str] | None) -> int:
    """Run a command and write out what it printed, here where errors of that are handled."""
    try:
        return command(arguments)
    finally:
        if sys.stdout is not None:
            sys.stdout.flush()


def _in_words(error: Exception) -> str:
    if isinstance(error, HtrError):
        return str(error)
    if isinstance(error, OSError):
        return explain(error)
    if isinstance(error, MemoryError):
        return f"memory ran out: {SAVE_MEMORY}"
    if isinstance(error, BrokenExecutor):
        return (
            "a worker process ended unexpectedly, perhaps because memory ran out: repeat the command (a training with "
            "--resume). If it happens again, set GLUON_HTR_DEBUG=1 for the traceback, and please report it."
        )
    # a defect of gluon_htr: say how to see the traceback
    name = type(error).__name__
    return f"unexpected {name}: {error}. Set GLUON_HTR_DEBUG=1 for the traceback, and please report it."


def explain(error: OSError) -> str:
    """Describe an error of the operating system in one line: what, where, what to do."""
    if error.errno == errno.ENOSPC:
        return f"the disk is full ({error.filename or 'while writing'}): free some space and repeat the command"
    if not error.filename and sys.platform == "linux" and not os.access("/dev/shm", os.W_OK):
        return (
            f"{error.strerror or error}: this system has no /dev/shm that can be written, which worker processes need: "
            "mount one (docker run --shm-size=1g), or use --workers 0 where a command has it"
        )
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}"


def say(message: str) -> None:
    """Print a message on stderr as one line."""
    print(" ".join(str(message).split("\n")), file=sys.stderr, flush=True)


def say_left_out(problems: Sequence[Problem], listing: str) -> None:
    """Print the first samples that were left out. listing: the option that lists all of them."""
    for problem in problems[:10]:
        say(f"left out {problem.id}: {problem.reason}")
    if len(problems) > 10:
        say(f"… and {len(problems) - 10} more; {listing} lists all")


@contextlib.contextmanager
def silenced(really: bool) -> Iterator[None]:
    """Discard everything but the error that ends the command, if `really`."""
    if not really:
        yield
        return
    with (
        open(os.devnull, "w", encoding="utf-8") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        yield


@contextlib.contextmanager
def stop_requests() -> Iterator[list[int]]:
    """Collect Ctrl-C and SIGTERM, so that work ends where it can be resumed; a second Ctrl-C stops at once."""
    received: list[int] = []

    def receive(number: int, frame: object) -> None:
        if received:
            raise KeyboardInterrupt
        received.append(number)
        say("stopping after this step; the run is being saved")

    before = {number: signal.signal(number, receive) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
