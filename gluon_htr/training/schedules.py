"""Schedules of the learning rate over the progress of a training, from 0 to 1."""

from __future__ import annotations

import math
from typing import Annotated, Literal

import msgspec

from ..bundles.schema import Proportion


class Schedule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[training.schedule]`."""

    #: `cosine` falls smoothly (Loshchilov and Hutter 2017), `step` falls by `factor` at each of `milestones`.
    kind: Literal["cosine", "step", "constant"] = "cosine"
    #: The highest learning rate.
    rate: Annotated[float, msgspec.Meta(gt=0)] = 0.001
    #: Steps over which the rate first rises from 0; in a short training at most its first tenth.
    warmup: Annotated[int, msgspec.Meta(ge=0)] = 200
    #: Final value of the cosine, as a proportion of `rate`.
    floor: Proportion = 0.01
    #: Progress at which a `step` schedule falls.
    milestones: tuple[Proportion, ...] = (0.6, 0.85)
    #: Factor of each fall of a `step` schedule.
    factor: Proportion = 0.1


def rate_at(schedule: Schedule, step: int, progress: float) -> float:
    """Compute the learning rate of `step` (counted from 0) at `progress` in 0..1."""
    warm = min(1.0, max((step + 1) / schedule.warmup, 10 * progress)) if schedule.warmup else 1.0
    if schedule.kind == "cosine":
        fall = schedule.floor + (1 - schedule.floor) * (1 + math.cos(math.pi * min(1.0, progress))) / 2
    elif schedule.kind == "step":
        fall = schedule.factor ** sum(progress >= milestone for milestone in schedule.milestones)
    else:
        fall = 1.0
    return schedule.rate * warm * fall
