"""A training of a network that finds lines, from a request to its scores, as the command `train` runs it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np

from ..._storage import write_atomically
from ...bundles.run_folder import SCORES, is_run
from ...bundles.schema import DetectionCard
from ...datasets.loading import Track, untracked
from ...datasets.provenance import public_name
from ...datasets.sample import Problem
from ...datasets.splits import held_out
from ...errors import DataError, UsageError
from ...graphs.pair import write_pair
from ...networks.presets import load_layout_preset
from ...pages.scoring import Matches
from ..engines import create_engine
from ..loop import Callbacks, HasTrainer, Trainer
from ..objectives import objective_of
from ..run_files import check_digest, check_same_request, unmarked_unless_trained
from ..settings import Request
from ..setup import Say
from ..team import ALONE, Team
from .batches import LayoutBatches
from .initial_weights import load_layout_initial
from .pages import SPARE, PageStore, digest, load_pages
from .runs import LayoutRun, create_layout_run, load_layout_run
from .validation import LayoutExamination, LayoutValidation

HELD_OUT = 0.15  # proportion of the pages that are held out for scoring if there are no others for that
MIN_HELD_LINES = 16  # fewer, such as the two of a cover, do not show whether a layout was learned


@dataclass(frozen=True)
class LayoutOutcome:
    """Result of a training. gained: whether its weights are better than the initial ones."""

    card: DetectionCard
    gained: bool
    has_pictures = True  # there are none to draw

    @property
    def figures(self) -> str:
        """The score in words."""
        card = self.card
        lines = f"{card.lines} lines of {card.pages} pages"
        return f"F1 {card.f1:.4f} by polygons, {card.baseline_f1:.4f} by baselines, {lines}"

    @property
    def advice(self) -> str:
        """Advice for a training that improved on nothing."""
        return f"{self.card.pages} pages; more pages may help"


class LayoutSession(HasTrainer):
    """A run in training. skipped: pages and lines that were left out."""

    def __init__(
        self, run: LayoutRun, train: PageStore, validation: PageStore, threads: int | None = None, team: Team = ALONE
    ) -> None:
        self.run, self.pages, self._team = run, train, team
        #: A held-out part has the problems of the whole.
        self.skipped: list[Problem] = list(dict.fromkeys([*train.problems, *validation.problems]))
        preset, request = run.preset, run.request
        self.validation = LayoutValidation(validation, preset.classes, preset.network.multiple, team)
        self._batches = LayoutBatches(
            train, run.training, preset.classes, preset.network.stride, 1 / SPARE, request.seed, request.workers, team
        )
        self._engine = create_engine(
            request.engine,
            run.path,
            run.training.optimizer,
            objective=objective_of("layout"),
            device=request.device,
            precision=request.precision,
            threads=threads,
            team=team,
        )

    @classmethod
    def open(
        cls,
        request: Request,
        output: Path,
        *,
        resume: bool = False,
        threads: int | None = None,
        alphabet: Path | None = None,
        track: Track = untracked,
        say: Say = lambda message: None,
        team: Team = ALONE,
    ) -> LayoutSession:
        """Start the run in `output`, or resume the existing one. alphabet: must be None, as it reads nothing.

        Of a team, the leader starts it.

        Raises the errors of reading the data, `UsageError` if `output` is a run already, `CheckpointError` if the
        resumed run was started with another request or with other data, `UsageError` for a request that only networks
        that read can have.
        """
        given = {
            "--teacher": request.teacher is not None,
            "--unlabeled": bool(request.unlabeled),
            "--labels-per-class": request.labels_per_class is not None,
            "--unfit refuse": request.unfit == "refuse",
            "--alphabet": alphabet is not None,
        }
        for option, is_given in given.items():
            if is_given:
                raise UsageError(f"{request.preset} finds lines: {option} is for networks that read")
        preset = load_layout_preset(request.preset)
        exists = team.gathered(is_run(output))[0]
        run = _resumed(output, request, resume) if exists else None
        data = _load(run.request if run else request, preset.max_side, track)
        if run:
            check_digest(run, digest(*data))
        elif team.is_leader:
            run = _started(output, request, digest(*data))
        team.wait()
        run = run or _resumed(output, request, True)
        with unmarked_unless_trained(run):
            return cls(run, *data, threads, team)

    @property
    def counts(self) -> str:
        """The data of the run in words."""
        pages = f"{len(self.pages)} pages, {self.pages.line_count} lines to train on"
        return f"{pages}, {len(self.skipped)} left out, {len(self.validation)} pages to validate"

    @property
    def unit(self) -> str:
        """Name of what is validated, in the plural."""
        return "pages"

    def train(self, callbacks: Callbacks) -> bool:
        """Train to the end; return False if a callback asks to stop earlier. The run can be resumed in both cases.

        Raises `DivergenceError` if the loss is NaN or infinite.
        """
        with unmarked_unless_trained(self.run), self._batches as batches:
            self._trainer = trainer = Trainer(self.run, self._engine, batches, self.validation, self._team)
            if self.run.last.exists():
                trainer.resume()
                callbacks.on_message(f"continues at step {trainer.progress.step}")
            return trainer.finish(callbacks)

    def report(self) -> LayoutOutcome:
        """Score the best weights, and write the score card."""
        found = self.trainer.final_examination()
        assert isinstance(found, LayoutExamination)
        card = detection_card(_validation_name(self.run.request), found.matches)
        if self._team.is_leader:
            write_atomically(self.run.path / SCORES, msgspec.json.format(msgspec.json.encode(card)) + b"\n")
        return LayoutOutcome(card, self.trainer.gained)


def detection_card(data: str, matches: Sequence[Matches]) -> DetectionCard:
    """Make the score card of found lines. matches: of each page."""
    total = sum(matches, Matches())
    return DetectionCard(data, len(matches), total.truth, total.precision, total.recall, total.f1, total.baseline_f1)


def _validation_name(request: Request) -> str:
    """Return the name of the validation data, without paths of this machine."""
    return public_name(request.validation) if request.validation else "a held-out part of the training data"


def _resumed(output: Path, request: Request, resume: bool) -> LayoutRun:
    if not resume:
        raise UsageError(f"{output} is a run already: continue it with --resume, or give another --output")
    run = load_layout_run(output)
    check_same_request(output, run.request, request)
    return replace(run, request=request)


def _started(output: Path, request: Request, data_digest: str) -> LayoutRun:
    preset = load_layout_preset(request.preset)
    if request.init:
        start = load_layout_initial(request.init, preset)
        write_pair(output, start.pair)
        return create_layout_run(output, request, preset, data_digest, start.lineage)
    from ...networks.layout import build_layout
    from ...networks.recognizer import export_pair

    export_pair(build_layout(preset, request.seed), output)
    return create_layout_run(output, request, preset, data_digest)


def _load(request: Request, max_side: int, track: Track) -> tuple[PageStore, PageStore]:
    """Load training pages, larger than the network's size, and validation pages."""
    train = load_pages(request.data, round(SPARE * max_side), request.seed, track)
    if request.validation is not None:
        return train, load_pages([request.validation], max_side, request.seed, track)
    groups = sorted(set(train.groups))
    if len(train) < 2:
        raise DataError("one page cannot be split: give more pages, or --validation")
    by = train.groups if len(groups) > 1 else train.ids
    chosen = _held_out(by, np.array([len(lines) for lines in train.lines]), request.seed)
    return train.select(~chosen), train.select(chosen).shrunk(max_side)


def _held_out(groups: Sequence[str], lines: np.ndarray, seed: int) -> np.ndarray:
    """Choose pages for scoring, whole groups of them: (n,) bool. lines: (n,) of each page.

    Where a random choice has few lines, or most of them, a group in the middle is taken if that is better.
    """
    chosen = np.isin(groups, list(held_out(groups, HELD_OUT, seed)))
    usual = np.isin(groups, _usual_group(groups, lines))
    too_many = 2 * lines[chosen].sum() > lines.sum()
    too_few = lines[chosen].sum() < min(MIN_HELD_LINES, lines[usual].sum())
    return usual if too_many or too_few else chosen


def _usual_group(groups: Sequence[str], lines: np.ndarray) -> str:
    """Return the group whose number of lines is in the middle, or the next one with at most half of all lines.

    lines: of each page.
    """
    counts = Counter[str]()
    for group, count in zip(groups, lines.tolist()):
        counts[group] += count
    ordered = sorted(counts, key=lambda group: (counts[group], group))
    return next(group for group in reversed(ordered[: len(ordered) // 2 + 1]) if 2 * counts[group] <= counts.total())
