"""A training from a request to its scores: what the command `train` calls.

`Session.open` starts a run or takes one up again, `train` works until it is complete or is asked to stop, and `report`
scores the best weights and writes the run's pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from .._storage import write_atomically
from ..bundles.run_folder import SCORES, is_run
from ..datasets.loading import Track, untracked
from ..datasets.sample import Problem
from ..datasets.store import Store
from ..text.metrics import ScoreCard
from .journal import read_journal
from .loop import Callbacks, Trainer
from .runs import Run, unmark_run
from .settings import Request
from .setup import (
    Say,
    check_data,
    load_training_data,
    make_batches,
    make_engine,
    resumed_run,
    start_run,
    trainable_samples,
)

HOPELESS_CER = 0.8  # of a trained model; what it cannot read at all is mostly not what the label says


@dataclass(frozen=True)
class Outcome:
    """The end of a training. gained: whether its weights are better than those that it started from."""

    card: ScoreCard
    gained: bool
    has_pictures: bool

    @property
    def is_hopeless(self) -> bool:
        """Tell whether so little is read that labels may belong to other images."""
        return self.card.cer.value > HOPELESS_CER


class Session:
    """A run that is trained. skipped: samples that were left out."""

    def __init__(self, run: Run, train: Store, validation: Store, threads: int | None = None) -> None:
        self.run = run
        self.samples, self.skipped = trainable_samples(run, train)
        self._engine = make_engine(run, threads)
        self.validation = validation.normalized(run.alphabet.normalization)
        self._trainer: Trainer | None = None

    @classmethod
    def open(
        cls,
        request: Request,
        output: Path,
        *,
        resume: bool = False,
        alphabet: Path | None = None,
        threads: int | None = None,
        track: Track = untracked,
        say: Say = lambda message: None,
    ) -> Session:
        """Start the run in `output`, or take up the one that is there.

        Raises what reading the data raises, `UsageError` where `output` is a run already, `CheckpointError` where the
        run that is resumed was started with another request or with other data.
        """
        resumed = resumed_run(output, request) if resume and is_run(output) else None
        data = load_training_data(request, track, say)
        if resumed:
            check_data(resumed, data)
        run = resumed or start_run(output, request, data, alphabet, say)
        try:
            return cls(run, *data, threads)
        except BaseException:
            cls._unmark(run)
            raise

    @staticmethod
    def _unmark(run: Run) -> None:
        """Leave no run behind that has nothing to resume from: a corrected command may have the same output."""
        if not run.last.exists():
            unmark_run(run.path)

    def train(self, callbacks: Callbacks) -> bool:
        """Train to the end; return False where a callback asks to stop before. The run can be resumed either way.

        Raises `DivergenceError` where the loss is NaN or infinite.
        """
        try:
            with make_batches(self.run, self.samples) as batches:
                self._trainer = trainer = Trainer(self.run, self._engine, batches, self.validation)
                if self.run.last.exists():
                    trainer.resume()
                    progress = trainer.progress
                    callbacks.on_message(f"continues at step {progress.step}, epoch {progress.next.epoch + 1}")
                return trainer.finish(callbacks)
        except BaseException:
            self._unmark(self.run)
            raise

    def report(self) -> Outcome:
        """Score the best weights; write the score card, and pictures where matplotlib is installed."""
        assert self._trainer is not None, "train comes first"
        card, texts = self._trainer.final_scores()
        folder = self.run.path
        write_atomically(folder / SCORES, msgspec.json.format(msgspec.json.encode(card)) + b"\n")
        gained = self._trainer.gained
        try:
            from .pictures import draw_curves, draw_samples
        except ImportError:
            return Outcome(card, gained, has_pictures=False)
        draw_curves(folder / "curves.png", read_journal(folder))
        draw_samples(folder / "samples.png", self.validation, texts)
        return Outcome(card, gained, has_pictures=True)


def first_reasons(skipped: list[Problem], count: int = 5) -> list[str]:
    """Return the first samples that were left out, with their reasons."""
    return [f"left out {problem.id}: {problem.reason}" for problem in skipped[:count]]
