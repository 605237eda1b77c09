"""Progress of a training on stderr: its plan, a bar with the time that is left, and what ends it earlier."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from ._command import say
from ._progress import Bar, duration
from .training.loop import Callbacks
from .training.schedules import Course

MEASURED_SECONDS = 5.0  # of training before it is planned
MEASURED_PART = 0.1  # of the budget, or of the steps, where that is less
MEASURED_STEPS = 3  # the first is left out, if there are others: it compiles the network


class TrainingProgress:
    """The progress bar of a training, and its plan once the time of a step is known."""

    def __init__(self) -> None:
        self._bar: Bar | None = None
        self._course: Course | None = None
        self._samples = self._done = self._steps = 0
        self._began = self._first = 0.0
        self._patience: int | None = None  # the step at which patience ends the training

    def __enter__(self) -> TrainingProgress:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.__exit__(*exception)

    def callbacks(self, requests: Sequence[int]) -> Callbacks:
        """Return the callbacks of a training. requests: to stop it; one may come at any time."""
        return Callbacks(
            on_start=self.start,
            on_course=self.course,
            on_step=self.step,
            on_patience=self.patience,
            on_message=say,
            should_stop=lambda: bool(requests),
        )

    def start(self, total: int, done: int) -> None:
        """Show the bar. total, done: samples of the whole training, and those that are already done."""
        self._bar = Bar(total, "sample", "train", done=done)
        self._samples, self._done = total, done

    def course(self, course: Course) -> None:
        """Begin to measure. The plan follows."""
        self._course = course
        self._began = time.monotonic()

    def step(self, samples: int, loss: float, share: float) -> None:
        """Advance by the samples of a step. share: progress of the training, by its steps or its budget."""
        assert self._bar is not None, "start comes first"
        self._steps += 1
        self._done += samples
        if self._steps == 1:
            self._first = time.monotonic()
        self._bar.note(f"loss {loss:.3f}, {share:.0%}{self._until_patience()}")
        self._bar.reach(self._done, max(self._done, min(self._samples, round(self._done / share))))
        if self._course is not None and self._is_measured(self._course):
            self._plan()

    def patience(self, steps: int) -> None:
        """Note after how many steps patience ends the training unless a validation is better; 0: none was worse."""
        self._patience = self._steps + steps if steps else None

    def _is_measured(self, course: Course) -> bool:
        if self._steps < MEASURED_STEPS:
            return False
        needed = min(MEASURED_SECONDS, MEASURED_PART * course.budget if course.budget else MEASURED_SECONDS)
        return time.monotonic() - self._began >= needed or self._steps >= MEASURED_PART * (course.steps - course.done)

    def _seconds_per_step(self) -> float:
        if self._steps > 1:
            return (time.monotonic() - self._first) / (self._steps - 1)
        return time.monotonic() - self._began

    def _plan(self) -> None:
        assert self._course is not None
        for line in plan(self._course, self._seconds_per_step(), time.monotonic() - self._began):
            say(line)
        self._course = None

    def _until_patience(self) -> str:
        if self._patience is None or self._steps < 2:
            return ""
        left = max(0, self._patience - self._steps) * self._seconds_per_step()
        return f", {duration(left)} until patience ends it"


def plan(course: Course, step: float, spent: float = 0.0, now: datetime | None = None) -> list[str]:
    """Word the plan of a training in one or two lines.

    step: seconds that a step takes. spent: seconds of this call that are over already. now: the time on the clock.
    """
    whole = course.seconds(step)
    left = whole if course.budget is None else min(whole, max(0.0, course.budget - course.elapsed))
    end = (now or datetime.now()) + timedelta(seconds=max(0.0, left - spent) + 30)  # to the nearest minute
    steps = course.steps if left == whole else course.steps_in(left, step)
    day = "" if end.date() == (now or datetime.now()).date() else f"{end:%b %d} "
    rate = f"{step:.2g} s a step, {course.batch_size / step:.0f} samples/s"
    if left < whole:
        epochs = f"{course.epochs_in(steps):.3g} of {course.epochs} epochs"
        what = f"about {steps:,} of {course.steps:,} steps, {epochs}, in the budget of {duration(course.budget or 0)}"
    else:
        what = f"{course.steps:,} steps in {course.epochs} epochs"
    rest = f"{duration(left)} more" if course.done else f"about {duration(left)}"
    lines = [f"plan: batches of {course.batch_size}, {what}; {rate}: {rest}, until {day}{end:%H:%M}"]
    earliest = course.least_seconds(step)
    if earliest is not None and earliest < left:
        lines.append(
            f"patience ends it after {course.patience} epochs without a better validation, "
            f"in {duration(earliest)} at the earliest"
        )
    elif course.budget is None:
        lines[0] += "; --budget 2h would end it earlier" if left > 2 * 3600 else ""
    return lines
