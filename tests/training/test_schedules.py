"""The learning rate over a training."""

from __future__ import annotations

from itertools import pairwise

import pytest

from gluon_htr.training.schedules import Schedule, rate_at


def test_the_rate_warms_up_and_falls_to_its_floor() -> None:
    """The first steps would throw the weights away, or the last ones never settle."""
    schedule = Schedule(rate=0.1, warmup=10, floor=0.01)
    rates = [rate_at(schedule, step, step / 100) for step in range(101)]
    assert rates[0] == pytest.approx(0.01)
    assert max(rates) == pytest.approx(0.1, rel=0.05)
    assert rates[100] == pytest.approx(0.001)
    assert all(a >= b for a, b in pairwise(rates[10:]))


def test_steps_fall_at_their_milestones() -> None:
    """A schedule from a paper could not be repeated."""
    schedule = Schedule(kind="step", rate=1.0, warmup=0, milestones=(0.5, 0.75), factor=0.1)
    assert [rate_at(schedule, 9, p) for p in (0.49, 0.5, 0.8)] == pytest.approx([1, 0.1, 0.01])


def test_a_budget_that_is_overrun_keeps_the_floor() -> None:
    """The cosine would rise again."""
    assert rate_at(Schedule(rate=1.0, warmup=0, floor=0.01), 5, 1.3) == pytest.approx(0.01)
