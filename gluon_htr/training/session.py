"""A training from a request to its scores, as the command `train` runs it.

`Session.open` starts a run or resumes one, `train` works until it is complete or is asked to stop, and `report` scores
the best weights and writes the pictures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import msgspec

from .._storage import write_atomically
from ..bundles.run_folder import SCORES, is_run
from ..datasets.loading import Track, untracked
from ..datasets.sample import Problem
from ..datasets.store import Store
from ..text.classification import ClassificationCard
from ..text.metrics import ScoreCard
from .adversarial.engines import Drawing, write_sheet
from .journal import read_journal
from .loop import Callbacks, HasTrainer, Trainer
from .run_files import unmarked_unless_trained
from .runs import Run
from .settings import Request
from .setup import (
    Say,
    check_data,
    check_teacher,
    load_training_data,
    load_unlabeled,
    make_batches,
    make_engine,
    make_validation,
    resumed_run,
    start_run,
    trainable_samples,
)
from .team import ALONE, Team
from .validation import CharacterExamination, TextExamination, Validation

HOPELESS_CER = 0.8  # CER of a trained model; above it, labels mostly do not belong to the images


Judge = Callable[[Run, Store, Team], Validation]  # makes a validation of the samples that are held out


@dataclass(frozen=True)
class Outcome:
    """Result of a training. gained: whether its weights are better than the initial ones."""

    card: ScoreCard | ClassificationCard
    gained: bool
    has_pictures: bool

    @property
    def figures(self) -> str:
        """The score in words."""
        card = self.card
        if isinstance(card, ClassificationCard):
            without_case = card.case_insensitive_accuracy.percent
            return f"accuracy {card.accuracy.percent}, without case {without_case}, n = {card.samples}"
        return f"CER {card.cer.percent}, Levenshtein accuracy {card.levenshtein_accuracy.percent}, n = {card.samples}"

    @property
    def advice(self) -> str:
        """Advice for a training that improved on nothing."""
        count = self.card.samples
        if isinstance(self.card, ClassificationCard):
            return f"{count} samples; more samples may help"
        cer = self.card.cer.value
        if cer > HOPELESS_CER:  # so little is read that labels may belong to other images
            return f"{count} samples; at a CER of {cer:.0%}, labels may belong to other images: check some of them"
        return f"{count} samples; more samples may help"


class Session(HasTrainer):
    """A run in training. skipped: samples that were left out."""

    def __init__(
        self,
        run: Run,
        train: Store,
        validation: Store,
        unlabeled: Store | None = None,
        threads: int | None = None,
        team: Team = ALONE,
        judge: Judge = make_validation,
    ) -> None:
        self.run, self._team, self._unlabeled = run, team, unlabeled
        self.samples, self.skipped = trainable_samples(run, train, team)
        self._engine = make_engine(run, threads, team)
        self.validation = validation.normalized(run.alphabet.normalization)
        self._validation = judge(run, self.validation, team)

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
        team: Team = ALONE,
        judge: Judge = make_validation,
    ) -> Session:
        """Start the run in `output`, or resume the existing one. Of a team, the leader starts it.

        judge: makes the validation of the held-out samples, by default by their labels.

        Raises the errors of reading the data, `UsageError` if `output` is a run already, `CheckpointError` if the
        resumed run was started with another request, another alphabet or with other data.
        """
        resumes = resume and team.gathered(is_run(output))[0]
        resumed = resumed_run(output, request, alphabet) if resumes else None
        check_teacher(request)
        train, validation = load_training_data(request, track, say)
        unlabeled = load_unlabeled(request, track, say)
        data = (train, validation, unlabeled)
        if resumed:
            check_data(resumed, data)
        elif team.is_leader:
            resumed = start_run(output, request, data, alphabet, say)
        team.wait()
        run = resumed or resumed_run(output, request)
        with unmarked_unless_trained(run):
            return cls(run, train, validation, unlabeled, threads, team, judge)

    @property
    def counts(self) -> str:
        """The data of the run in words."""
        left_out = f"{len(self.skipped)} left out (see skipped.tsv)"
        return f"{len(self.samples)} samples to train on, {left_out}, {len(self.validation)} to validate"

    @property
    def unit(self) -> str:
        """Name of what is validated, in the plural."""
        return self.run.preset.resolved_task

    def train(self, callbacks: Callbacks) -> bool:
        """Train to the end; return False if a callback asks to stop earlier. The run can be resumed in both cases.

        Raises `DivergenceError` if the loss is NaN or infinite.
        """
        with (
            unmarked_unless_trained(self.run),
            make_batches(self.run, self.samples, self._team, self._unlabeled) as batches,
        ):
            self._trainer = trainer = Trainer(self.run, self._engine, batches, self._validation, self._team)
            if self.run.last.exists():
                trainer.resume()
                progress = trainer.progress
                ended = ", where it ended: a longer --budget, or more epochs, would go on" if trainer.done() else ""
                callbacks.on_message(f"continues at step {progress.step}, epoch {progress.next.epoch + 1}{ended}")
            if isinstance(self._engine, Drawing) and self._team.is_leader:
                callbacks = replace(callbacks, on_validation=partial(write_sheet, self.run.path, self._engine))
            return trainer.finish(callbacks)

    def report(self) -> Outcome:
        """Score the best weights; the leader writes the score card, and pictures if matplotlib is installed."""
        found = self.trainer.final_examination()
        assert isinstance(found, TextExamination | CharacterExamination)
        card, texts = found.card, found.texts
        folder, gained = self.run.path, self.trainer.gained
        if not self._team.is_leader:
            return Outcome(card, gained, has_pictures=True)
        write_atomically(folder / SCORES, msgspec.json.format(msgspec.json.encode(card)) + b"\n")
        try:
            from .pictures import draw_curves, draw_samples
        except ImportError:
            return Outcome(card, gained, has_pictures=False)
        draw_curves(folder / "curves.png", read_journal(folder))
        draw_samples(folder / "samples.png", self.validation, texts)
        return Outcome(card, gained, has_pictures=True)


def first_reasons(skipped: list[Problem], count: int = 5) -> list[str]:
    """List the first samples that were left out, with their reasons."""
    return [f"left out {problem.id}: {problem.reason}" for problem in skipped[:count]]
