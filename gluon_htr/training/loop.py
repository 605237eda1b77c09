"""The training loop, the same for all engines."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import numpy as np

from .._storage import write_atomically
from ..errors import DivergenceError
from ..graphs.params import pack_parameters
from ..text.comparison import is_better
from . import averages
from .checkpoints import Checkpoint, Progress, load_checkpoint, save_checkpoint
from .engines.interface import Arrays, Engine
from .journal import Journal
from .objectives.batch import Batch
from .ordered import BatchPosition
from .schedules import Course, patience_ends, rate_at
from .settings import LoopSettings
from .sources import BatchSource, TrainedRun
from .team import ALONE, Team
from .validation import Examination, Validation

CHECKPOINT_SECONDS = 240.0
MAX_STEP_SECONDS = 20.0  # a longer step includes a pause of the process
LOGGED_STEPS = 50  # steps between entries of the log
MIN_SCORED_STEPS = 10  # minimum between validations
#: Minimum of training samples between validations, per validation sample. Reading one takes `READING_COST` of the time
#: of training on one: validations then take a tenth of a training.
SCORED_SAMPLES = 4
#: CTC networks write nothing but blanks at first (Graves et al. 2006); after this many steps they should not.
BLANK_STEPS = 3000


@dataclass(frozen=True)
class Callbacks:
    """Callbacks of a training: progress, messages, stop request."""

    #: Called once at the start, with the samples of the whole training and those that are already done.
    on_start: Callable[[int, int], object] = lambda total, done: None
    #: Called once before the first step.
    on_course: Callable[[Course], object] = lambda course: None
    #: Called after every step, with its samples, its loss and the progress of the training, 0..1.
    on_step: Callable[[int, float, float], object] = lambda samples, loss, share: None
    #: Called after a validation that was not better, with the steps after which patience ends the training.
    on_patience: Callable[[int], object] = lambda steps: None
    on_message: Callable[[str], object] = lambda message: None
    should_stop: Callable[[], bool] = lambda: False
    #: Called after every validation, with the number of epochs.
    on_validation: Callable[[int], object] = lambda epoch: None


class Trainer:
    """A run in training."""

    def __init__(
        self, run: TrainedRun, engine: Engine, batches: BatchSource, validation: Validation, team: Team = ALONE
    ) -> None:
        self.run, self.engine, self.batches, self.validation, self.team = run, engine, batches, validation, team
        self.progress = Progress()
        self._callbacks = Callbacks()
        self.average: Arrays | None = None
        self._journal = Journal(run.path) if team.is_leader else None
        self._clock = self._saved = time.monotonic()
        self._losses: list[float] = []

    def resume(self) -> None:
        """Load the last checkpoint."""
        checkpoint = load_checkpoint(self.run.last)
        self.engine.restore(checkpoint.parameters, checkpoint.optimizer)
        self.average, self.progress = checkpoint.average, checkpoint.progress
        if self.progress.best is not None:  # the run may have been killed before they were written
            self._publish(load_checkpoint(self.run.best).average)
        self._clock = self._saved = time.monotonic()

    def finish(self, callbacks: Callbacks) -> bool:
        """Train to the end; return False if a callback asks to stop earlier. A checkpoint is written in both cases.

        Raises `DivergenceError` if the loss is NaN or infinite; the last checkpoint is then from before.
        """
        self._callbacks = callbacks
        callbacks.on_start(self.steps * len(self.batches) // self.batches.per_epoch, self.progress.samples)
        try:
            if self.run.request.init and self.progress.step == 0:
                self.average = self.engine.parameters()
                self._validate(0)
            callbacks.on_course(self.course)
            for place, positions, batch in self.batches.stream(self.progress.next):
                if self.done():
                    break
                if self._step(place, positions, batch):
                    self.save()
                    return False
            if self.progress.step != self.progress.validated:
                begun = self.progress.next.batch > 0  # a budget ended within an epoch
                self._validate(self.progress.next.epoch + begun)
            return True
        finally:
            if self._journal:
                self._journal.close()

    def done(self) -> bool:
        """Test whether epochs, budget or patience are used up."""
        settings, progress = self.run.training, self.progress
        judged = progress.step == progress.validated and progress.best is not None
        impatient = judged and 0 < settings.patience < progress.next.epoch - progress.best_epoch
        return self.share() >= 1 or impatient

    @property
    def ended_by_budget(self) -> bool:
        """True if the budget is used up, and epochs are left."""
        budget, progress = self.run.request.budget, self.progress
        return budget is not None and progress.elapsed >= budget and progress.step < self.steps

    @property
    def steps(self) -> int:
        """Steps of the whole training, unless a budget ends it earlier."""
        return steps_in(self.run.training, self.batches.per_epoch)

    @property
    def course(self) -> Course:
        """What is known of the rest of the training."""
        settings, progress = self.run.training, self.progress
        return Course(
            batch_size=settings.batch_size,
            batches_per_epoch=self.batches.per_epoch,
            epochs=-(-self.steps // self.batches.per_epoch),
            steps=self.steps,
            done=progress.step,
            elapsed=progress.elapsed,
            budget=self.run.request.budget,
            patience=settings.patience,
            best_epoch=progress.best_epoch,
            scored=len(self.validation),
            apart=steps_apart(settings, len(self.validation)),
        )

    @property
    def gained(self) -> bool:
        """True if some weights of this training are better than the initial ones."""
        return self.progress.best_epoch > 0

    def share(self) -> float:
        """Return the progress of the training, 0..1: by epochs, or by time if a budget is shorter."""
        progress, budget = self.progress, self.run.request.budget
        by_steps = progress.step / self.steps
        return max(by_steps, progress.elapsed / budget if budget else 0.0)

    def _step(self, place: BatchPosition, positions: np.ndarray, batch: Batch) -> bool:
        """Train on a batch; return whether a process of the team is asked to stop."""
        number, request = self.progress.step, self.run.request
        rate = rate_at(self.run.training.schedule, number, self.share())
        loss = self.engine.step(batch, rate, seed=_step_seed(request.seed, number, self.team.rank))
        stops = float(self._callbacks.should_stop())
        loss, spent, stops = self.team.total([loss / self.team.size, self._lap() * self.team.is_leader, stops])
        if not math.isfinite(loss):
            raise DivergenceError(self._divergence(place, positions, loss, rate))
        self._losses.append(loss)
        last_of_epoch = place.batch + 1 == self.batches.per_epoch
        self._advance(
            next=BatchPosition(place.epoch + 1, 0) if last_of_epoch else BatchPosition(place.epoch, place.batch + 1),
            step=number + 1,
            samples=self.progress.samples + len(positions),
            elapsed=self.progress.elapsed + spent,
        )
        if (number + 1) % averages.EVERY == 0 or self.average is None:
            decay = self.run.training.average
            self.average = averages.update(self.average, self.engine.parameters(), decay, number + 1)
        if (number + 1) % LOGGED_STEPS == 0:
            self._log_loss(rate)
        self._callbacks.on_step(len(positions), loss, self.share())
        if last_of_epoch and self._is_scored():
            self._validate(place.epoch + 1)
        if time.monotonic() - self._saved > CHECKPOINT_SECONDS:
            self.save()
        return stops > 0

    def _is_scored(self) -> bool:
        """Test whether a validation follows the epoch that has just ended: always, unless that takes too much time."""
        step, apart = self.progress.step, steps_apart(self.run.training, len(self.validation))
        return step // apart > (step - self.batches.per_epoch) // apart

    def _advance(self, **changes: object) -> None:
        self.progress = msgspec.structs.replace(self.progress, **changes)

    def _lap(self) -> float:
        """Return the seconds since the last call, without pauses of the process."""
        now = time.monotonic()
        spent = min(now - self._clock, MAX_STEP_SECONDS)
        self._clock = now
        return spent

    def _write(self, event: str, **figures: object) -> None:
        if self._journal:
            self._journal.write(event, self.progress.step, **figures)

    def _log_loss(self, rate: float) -> None:
        mean = sum(self._losses) / len(self._losses)
        self._losses.clear()
        self._write("train", loss=round(mean, 4), rate=rate, **self._spent())

    def _spent(self) -> dict[str, float]:
        return {"samples": self.progress.samples, "elapsed": round(self.progress.elapsed, 1)}

    def _validate(self, epoch: int) -> None:
        """Score the averaged weights, keep them if they are the best, and report the result."""
        assert self.average is not None  # set by the first step
        found = self._examine(self.average)
        lower = self.progress.best is None or found.error < self.progress.best
        better = lower and self._beats_start(found)
        best = {"best": found.error, "best_epoch": epoch} if better else {}
        lowest = found.error if self.progress.lowest is None else min(found.error, self.progress.lowest)
        spent = self.team.total([self._lap() * self.team.is_leader])[0]
        start = {"lowest": lowest} if epoch else {"start": found.errors, "start_error": found.error}
        self._advance(validated=self.progress.step, elapsed=self.progress.elapsed + spent, **best, **start)
        self._write("validation", epoch=epoch, **found.figures, **self._spent())
        when = f"epoch {epoch}" if epoch else "before training"
        verdict = ", the best so far" if better else ", not significant" if lower else ""
        self._callbacks.on_message(f"{when}: {found.summary}{verdict}{self._patience(epoch)}")
        if found.is_blank:
            self._explain_blanks()
        self._callbacks.on_validation(epoch)
        if better and self.team.is_leader:
            save_checkpoint(self.run.best, self._checkpoint())
        self.save()
        if better:  # last: a run that is killed before `save` starts again, with the weights that the file still has
            self._publish(self.average)

    def _patience(self, epoch: int) -> str:
        """Say when patience ends the training, if the validation of this epoch was not better."""
        settings, progress = self.run.training, self.progress
        last = patience_ends(progress.best_epoch, settings.patience)
        left = last * self.batches.per_epoch - progress.step
        if not settings.patience or progress.best_epoch == epoch or last * self.batches.per_epoch >= self.steps:
            self._callbacks.on_patience(0)
            return ""
        self._callbacks.on_patience(max(0, left))
        return f"; patience ends the training at epoch {last} unless one is better" if left > 0 else ""

    def _beats_start(self, found: Examination) -> bool:
        start = self.progress.start
        return start is None or is_better(start, found.errors)

    def _examine(self, parameters: Arrays) -> Examination:
        current = self.engine.parameters()
        self.engine.restore(parameters)
        try:
            return self.validation.examine(self.engine.predict)
        finally:
            self.engine.restore(current)

    def _publish(self, best: Arrays) -> None:
        if self.team.is_leader:
            write_atomically(self.run.parameters, pack_parameters(best))

    def _explain_blanks(self) -> None:
        step = self.progress.step
        normal = "that is normal so early; letters come when the loss falls below its first plateau"
        late = "that is too late: try another learning rate, and check that the texts belong to the images"
        message = f"the network only emits blanks after {step} steps: {normal if step < BLANK_STEPS else late}"
        self._write("note", text=message)
        self._callbacks.on_message(message)

    def _divergence(self, place: BatchPosition, positions: np.ndarray, loss: float, rate: float) -> str:
        ids = ", ".join(self.batches.ids(positions)[:4])
        return (
            f"the loss became {loss} in epoch {place.epoch + 1}, batch {place.batch + 1} (samples {ids}, …) "
            f"at rate {rate:.2g}; the last checkpoint is from before: lower the learning rate or clip gradients more"
        )

    def _checkpoint(self) -> Checkpoint:
        average = self.average if self.average is not None else self.engine.parameters()
        return Checkpoint(self.engine.parameters(), average, self.engine.state(), self.progress)

    def save(self) -> None:
        """Write the last checkpoint."""
        if self.team.is_leader:
            save_checkpoint(self.run.last, self._checkpoint())
        self._saved = time.monotonic()

    def final_examination(self) -> Examination:
        """Examine the best weights."""
        self.team.wait()  # the leader has written them then
        return self._examine(load_checkpoint(self.run.best).average)


class HasTrainer:
    """What a session, of texts or of layout, tells of its training once it has begun."""

    _trainer: Trainer | None = None

    @property
    def trainer(self) -> Trainer:
        """The trainer, which `train` creates."""
        assert self._trainer is not None, "train comes first"
        return self._trainer

    @property
    def progress(self) -> Progress:
        """Progress of the training."""
        return self.trainer.progress

    @property
    def ended_by_budget(self) -> bool:
        """True if the budget was used up before the epochs and before patience."""
        return self.trainer.ended_by_budget


def steps_in(settings: LoopSettings, per_epoch: int) -> int:
    """Return the number of steps of a whole training. per_epoch: batches of an epoch."""
    return max(settings.epochs * per_epoch, settings.least_steps)


def steps_apart(settings: LoopSettings, samples: int) -> int:
    """Return the least number of steps between two validations of so many samples."""
    return max(MIN_SCORED_STEPS, SCORED_SAMPLES * samples // settings.batch_size)


def _step_seed(seed: int, step: int, rank: int = 0) -> int:
    """Derive a seed for each step and process, in the 31 bits that every engine accepts."""
    entropy = [seed, step, rank] if rank else [seed, step]
    return int(np.random.SeedSequence(entropy).generate_state(1)[0]) & 0x7FFFFFFF
