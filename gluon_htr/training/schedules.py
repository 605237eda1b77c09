"""Schedules of a training: the learning rate over its progress, from 0 to 1, and the time that it will take."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from ..bundles.schema import Proportion

#: Time of reading a validation sample, in that of training on one (lines, bfloat16, two cores).
READING_COST = 0.4


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


@dataclass(frozen=True)
class Course:
    """Figures of a training that is about to begin or to continue.

    steps: of the whole training, unless budget or patience end it earlier. done: steps of earlier calls. elapsed:
    seconds that these took. budget: seconds. patience: epochs; 0 never ends a training. best_epoch: the epoch of the
    best validation. scored: validation samples. apart: least steps between two validations.
    """

    batch_size: int
    batches_per_epoch: int
    epochs: int
    steps: int
    done: int
    elapsed: float
    budget: float | None
    patience: int
    best_epoch: int
    scored: int
    apart: int

    def seconds(self, step: float) -> float:
        """Compute the time until all steps are done, with validations, if a step takes so many seconds."""
        left = self.steps - self.done
        return left * step + self._validations(left) * self._validation(step)

    def steps_in(self, seconds: float, step: float) -> int:
        """Compute the steps, those done included, after so many seconds more, with the validations between them."""
        between = max(self.batches_per_epoch, self.apart)
        mean = step + self._validation(step) / between
        return min(self.steps, self.done + round(seconds / mean))

    def epochs_in(self, steps: int) -> float:
        """Compute the epochs that so many steps are."""
        return steps / self.batches_per_epoch

    def least_seconds(self, step: float) -> float | None:
        """Compute the time after which patience ends the training if no validation is better than the best so far;
        None if it never does.
        """
        last = patience_ends(self.best_epoch or 1, self.patience) * self.batches_per_epoch
        if not self.patience or last >= self.steps:
            return None
        left = max(0, last - self.done)
        return left * step + self._validations(left) * self._validation(step)

    def _validations(self, steps: int) -> int:
        return max(1, steps // max(self.batches_per_epoch, self.apart))

    def _validation(self, step: float) -> float:
        return READING_COST * step * self.scored / self.batch_size


def patience_ends(best_epoch: int, patience: int) -> int:
    """Return the epoch whose validation ends a training, unless one is better than that of `best_epoch`."""
    return best_epoch + patience + 1
