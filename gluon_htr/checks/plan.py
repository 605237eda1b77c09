"""The plan of a training: its samples, its steps, and the time they will take, from a few measured steps.

Everything is done as `train` does it, in a temporary folder that is removed.
"""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np

from ..datasets.loading import Track, untracked
from ..datasets.store import Store
from ..training.engines.interface import Engine
from ..training.loop import steps_apart, steps_in
from ..training.ordered import BatchPosition
from ..training.runs import Run
from ..training.settings import Request
from ..training.setup import (
    Say,
    check_teacher,
    load_training_data,
    load_unlabeled,
    make_batches,
    make_engine,
    make_validation,
    start_run,
    trainable_samples,
)
from ..training.sources import BatchSource

WARMING, MEASURED = 2, 10  # steps
MAX_SECONDS = 20.0  # of the measured steps
SCORED = 32  # validation samples that are timed


class Plan(msgspec.Struct, frozen=True):
    """Figures of a training that has not begun. Times in seconds.

    steps: of the whole training, unless a budget, or patience, ends it earlier. validations: at most.
    """

    preset: str
    characters: int
    samples: int
    left_out: int
    validation_samples: int
    batch_size: int
    batches_per_epoch: int
    epochs: int
    steps: int
    validations: int
    seconds_per_step: float
    seconds_per_validation: float
    seconds: float
    budget: float | None


def make_plan(
    request: Request,
    alphabet: Path | None = None,
    threads: int | None = None,
    track: Track = untracked,
    say: Say = lambda message: None,
) -> Plan:
    """Load the data, train a few steps, and compute the time of the whole training. Raises as `Session.open` does."""
    check_teacher(request)
    with TemporaryDirectory() as folder:
        train, validation = load_training_data(request, track, say)
        unlabeled = load_unlabeled(request, track, say)
        run = start_run(Path(folder) / "run", request, (train, validation, unlabeled), alphabet, say)
        kept, skipped = trainable_samples(run, train)
        engine = make_engine(run, threads)
        with make_batches(run, kept, unlabeled=unlabeled) as batches:
            step = _time_of_step(run, engine, batches)
            per_epoch, size = batches.per_epoch, len(batches)
        validation = validation.normalized(run.alphabet.normalization)
        scoring = _time_of_validation(run, engine, validation)
    settings = run.training
    steps = steps_in(settings, per_epoch)
    validations = max(1, steps // max(per_epoch, steps_apart(settings, len(validation))))
    seconds = steps * step + validations * scoring
    return Plan(
        request.preset,
        len(run.alphabet),
        size,
        len(skipped),
        len(validation),
        settings.batch_size,
        per_epoch,
        -(-steps // per_epoch),
        steps,
        validations,
        round(step, 4),
        round(scoring, 2),
        round(seconds, 1),
        request.budget,
    )


def _time_of_step(run: Run, engine: Engine, batches: BatchSource) -> float:
    """Return the mean seconds of a step, with the wait for its batch."""
    began = last = time.perf_counter()
    spent = list[float]()
    for _, _, batch in batches.stream(BatchPosition(0, 0)):
        engine.step(batch, run.training.schedule.rate, seed=0)
        now = time.perf_counter()
        spent.append(now - last)
        last = now
        if len(spent) >= WARMING + MEASURED or now - began > MAX_SECONDS:
            break
    return float(np.mean(spent[WARMING:] or spent))


def _time_of_validation(run: Run, engine: Engine, store: Store) -> float:
    """Return the seconds of a validation, from a part of its samples."""
    part = store.select(range(min(SCORED, len(store))))
    began = time.perf_counter()
    make_validation(run, part).examine(engine.predict)
    return (time.perf_counter() - began) * len(store) / len(part)
