"""The plan that `train` prints once it knows the time of a step, and the bar with the time that is left."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from gluon_htr import _training_progress
from gluon_htr._training_progress import TrainingProgress, plan
from gluon_htr.training.schedules import Course

#: 100 batches an epoch, and a validation of 1,000 samples after each, which takes as long as 12.5 steps.
COURSE = Course(
    batch_size=32,
    batches_per_epoch=100,
    epochs=20,
    steps=2000,
    done=0,
    elapsed=0.0,
    budget=None,
    patience=0,
    best_epoch=0,
    scored=1000,
    apart=10,
)
NOON = datetime(2026, 11, 29, 12, 0)


def test_the_time_includes_validations() -> None:
    """A training would end a tenth later than planned."""
    assert COURSE.seconds(1.0) == 2000 + 20 * 12.5
    (line,) = plan(COURSE, 1.0, now=NOON)
    assert "batches of 32, 2,000 steps in 20 epochs" in line
    assert "about 38 min, until 12:38" in line  # 2,250 s


def test_a_budget_plans_the_steps_that_fit_into_it() -> None:
    """A user would not know that an hour is enough for half an epoch."""
    (line,) = plan(replace(COURSE, budget=900.0), 1.0, now=NOON)
    assert "about 800 of 2,000 steps, 8 of 20 epochs, in the budget of 15 min" in line
    assert "until 12:15" in line
    (line,) = plan(replace(COURSE, budget=9000.0), 1.0, now=NOON)
    assert "2,000 steps in 20 epochs" in line
    assert "until 12:38" in line


def test_a_continued_training_plans_the_rest() -> None:
    """The time that is over would be promised again."""
    (line,) = plan(replace(COURSE, done=1000, elapsed=1125.0, budget=1200.0), 1.0, now=NOON)
    assert "until 12:01" in line
    assert "about 1,067 of 2,000 steps" in line
    (line,) = plan(replace(COURSE, done=1000), 1.0, now=NOON)
    assert "19 min more, until 12:19" in line


def test_patience_is_part_of_the_plan() -> None:
    """A training that may end after minutes would be waited for until the evening."""
    first, second = plan(replace(COURSE, patience=3), 1.0, now=NOON)
    assert "until 12:38" in first
    assert "3 epochs without a better validation, in 9 min at the earliest" in second  # 5 epochs: 500 + 5 · 12.5 s
    assert len(plan(replace(COURSE, patience=30), 1.0, now=NOON)) == 1


class _Clock:
    """A clock that a test sets."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    clock = _Clock()
    monkeypatch.setattr(_training_progress, "time", clock)
    return clock


def test_the_plan_waits_until_the_speed_is_known(clock: _Clock, capsys: pytest.CaptureFixture[str]) -> None:
    """The first step, which compiles the network, would make the plan ten times too long."""
    planned = []
    with TrainingProgress() as progress:
        progress.start(64_000, 0)
        progress.course(COURSE)
        clock.now = 30.0  # the first step
        progress.step(32, 1.0, 1 / 2000)
        for number in range(2, 8):
            clock.now += 1
            progress.step(32, 1.0, number / 2000)
            planned += [(number, line) for line in capsys.readouterr().err.splitlines() if "plan: " in line]
    ((number, line),) = planned
    assert number == 3
    assert "1 s a step, 32 samples/s: about 38 min" in line


def test_the_bar_follows_budget_and_patience(
    clock: _Clock, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The bar would show hours that are left when the budget ends in a minute."""
    totals: list[int | None] = []
    notes: list[str] = []
    bar = _training_progress.Bar
    monkeypatch.setattr(bar, "reach", lambda self, done, total: totals.append(total))
    monkeypatch.setattr(bar, "note", lambda self, text: notes.append(text))
    with TrainingProgress() as progress:
        progress.start(64_000, 0)
        progress.course(replace(COURSE, budget=100.0))
        for number in range(1, 51):
            clock.now += 1
            progress.step(32, 1.0, number / 100)
            if number == 40:
                progress.patience(70)
    assert totals[-1] == 3200  # 50 of 100 seconds for 1,600 samples
    assert notes[38] == "loss 1.000, 39%"
    assert notes[-1] == "loss 1.000, 50%, 60 s until patience ends it"
    assert capsys.readouterr().err.count("plan: ") == 1
