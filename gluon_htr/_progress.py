"""Progress of a command, shown on stderr."""

from __future__ import annotations

import contextlib
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence

from ._command import say

QUIET_INTERVAL = 60.0  # seconds between progress lines where stderr is not a terminal


class Bar:
    """A progress bar with rate and ETA, or one line per minute if stderr is not a terminal."""

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
        """Advance by `done` units."""
        self._bar.update(done)

    def reach(self, done: int, total: int | None) -> None:
        """Advance to `done` units of `total`; those done at the first call do not count for the rate."""
        if self._bar.total is None and self._bar.n == 0:
            self._bar.initial = self._bar.n = done
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def note(self, text: str) -> None:
        """Show `text` behind the bar."""
        self._bar.set_postfix_str(text, refresh=False)

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.close()


class _Lines:
    """A stand-in for stderr that prints each state of a redrawn bar as a line."""

    def write(self, text: str) -> None:
        if line := text.strip("\r\n "):
            print(line, file=sys.stderr, flush=True)

    def flush(self) -> None:
        sys.stderr.flush()


@contextlib.contextmanager
def track(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar over images while a package prepares data; yield a function that advances it."""
    with Bar(total, "image", label) as bar:
        yield bar.update


def duration(seconds: float) -> str:
    """Format a time in seconds: `40 s`, `25 min`, `3 h 10 min`."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


class Table:
    """Rows that are redrawn in place on a terminal; elsewhere a line for each change, and one a minute."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._shown, self._last = 0, time.monotonic()

    @property
    def width(self) -> int:
        """Columns of the terminal."""
        return shutil.get_terminal_size((100, 24)).columns

    def __enter__(self) -> Table:
        return self

    def __exit__(self, *exception: object) -> None:
        self._shown = 0  # the last state stays

    def note(self, line: str) -> None:
        """Tell of a change, where there is no table to see it in."""
        if not self._terminal:
            say(line)

    def show(self, rows: Sequence[str], lines: Sequence[str]) -> None:
        """Show the rows. lines: what is said from time to time where stderr is not a terminal."""
        if not self._terminal:
            if time.monotonic() - self._last >= QUIET_INTERVAL:
                self._last = time.monotonic()
                for line in lines:
                    say(line)
            return
        height = shutil.get_terminal_size((100, 24)).lines - 2
        if len(rows) > height:
            rows = [*rows[: height - 1], f"… and {len(rows) - height + 1} more"]
        up = f"\x1b[{self._shown}F" if self._shown else ""
        print(up + "".join(f"\x1b[2K{row}\n" for row in rows) + "\x1b[J", end="", file=sys.stderr, flush=True)
        self._shown = len(rows)
