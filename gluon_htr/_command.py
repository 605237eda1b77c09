"""What every command shares: one line for an error, an exit status, progress on stderr.

Exit status: 0 done, 1 done with a negative finding, 2 wrong use or bad input, 3 a tool is missing, 130 Ctrl-C.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from typing import TYPE_CHECKING, TypeVar

from .errors import HtrError

if TYPE_CHECKING:  # `download` starts without numpy
    from .datasets.sample import Problem

T = TypeVar("T")
INTERRUPTED = 130
QUIET_INTERVAL = 60.0  # seconds between progress lines where stderr is no terminal


def main(command: Callable[[Sequence[str] | None], int], arguments: Sequence[str] | None = None) -> int:
    """Runs a door and turns what goes wrong into one line on stderr and an exit status."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # names of files may be no UTF-8, and terminals may lack signs
        sys.stdout.reconfigure(errors="backslashreplace")  # \udce9 for such a byte, which is JSON's own escape
    warnings.filterwarnings("ignore", module=r"PIL\.")  # of large images and odd metadata: what matters, we raise
    try:
        return command(arguments)
    except KeyboardInterrupt:
        say("interrupted")
        return INTERRUPTED
    except BrokenPipeError:  # `| head` closed our stdout: nobody is left to read
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if os.environ.get("GLUON_HTR_DEBUG"):
            raise
        say(f"error: {_in_words(error)}")
        return error.status if isinstance(error, HtrError) else HtrError.status


def _in_words(error: Exception) -> str:
    if isinstance(error, HtrError):
        return str(error)
    if isinstance(error, OSError):
        return explain(error)
    if isinstance(error, BrokenExecutor):
        return (
            "a worker process ended unexpectedly, perhaps for want of memory: repeat the command, a training with "
            "--resume. If it happens again, set GLUON_HTR_DEBUG=1 for the traceback, and please report it."
        )
    # a defect of ours: how to see more
    name = type(error).__name__
    return f"unexpected {name}: {error}. Set GLUON_HTR_DEBUG=1 for the traceback, and please report it."


def explain(error: OSError) -> str:
    """One line for an error of the operating system: what, where, what to do."""
    if error.errno == errno.ENOSPC:
        return f"the disk is full ({error.filename or 'while writing'}): free some space and repeat the command"
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}"


def say(message: str) -> None:
    """A message for a person, on stderr, as one line."""
    print(" ".join(str(message).split("\n")), file=sys.stderr, flush=True)


def say_left_out(problems: Sequence[Problem], listing: str) -> None:
    """The first samples that were left out; listing: the option that lists all."""
    for problem in problems[:10]:
        say(f"left out {problem.id}: {problem.reason}")
    if len(problems) > 10:
        say(f"… and {len(problems) - 10} more; {listing} lists all")


class Bar:
    """Progress on stderr: a bar with rate and ETA, or one line a minute where stderr is no terminal."""

    def __init__(self, total: int | None, unit: str, label: str, done: int = 0) -> None:
        from tqdm import tqdm

        terminal = sys.stderr.isatty()
        self._bar = tqdm(
            total=total,
            initial=done,
            unit=unit,
            unit_scale=unit == "B",
            desc=label,
            file=sys.stderr if terminal else _Lines(),
            ascii=None if terminal else True,
            delay=2,  # shorter work shows nothing
            mininterval=0.2 if terminal else QUIET_INTERVAL,
            maxinterval=10 if terminal else QUIET_INTERVAL,
            leave=terminal,
            dynamic_ncols=terminal,
            ncols=None if terminal else 100,
        )

    def update(self, done: int = 1) -> None:
        """`done` more units are done."""
        self._bar.update(done)

    def reach(self, done: int, total: int | None) -> None:
        """`done` units of `total` are done in all; those done at the first call are no part of the rate."""
        if self._bar.total is None and self._bar.n == 0:
            self._bar.initial = self._bar.n = done
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def note(self, text: str) -> None:
        """Shows `text` behind the bar."""
        self._bar.set_postfix_str(text, refresh=False)

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.close()


class _Lines:
    """A stand-in for stderr that turns a bar redrawn in place into lines of their own."""

    def write(self, text: str) -> None:
        if line := text.strip("\r\n "):
            print(line, file=sys.stderr, flush=True)

    def flush(self) -> None:
        sys.stderr.flush()


def progress(items: Iterable[T], *, total: int | None, unit: str, label: str = "") -> Iterator[T]:
    """Passes `items` on under a `Bar`."""
    with Bar(total, unit, label) as bar:
        for item in items:
            yield item
            bar.update()


@contextlib.contextmanager
def track(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar over images, for rooms that prepare data."""
    with Bar(total, "image", label) as bar:
        yield bar.update
