"""What the log of a training says about it: blanks only, overfitting, a learning rate that is too high."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from .._files import MAX_DATA
from .._text_files import read_text, split_lines
from ..bundles.run_folder import ALPHABET, task_of
from ..training.journal import read_journal
from ..training.loop import BLANK_STEPS
from ..training.run_files import read_run
from ..training.settings import Request
from .diagnosis import Diagnosis, in_order
from .findings import HARMFUL_SHARE, MAX_EXAMPLES, Finding, Severity, command

ERRORS = ("cer", "error_rate")  # figures that should fall
QUALITIES = ("f1",)  # figures that should rise
ALL_WRONG = 0.98  # error of a network that reads nothing
LOGGED = 5  # entries whose median is the loss
JUMP = 1.5  # times the lowest loss so far
FALL = 0.9  # of the first loss: a training that learns falls below
MIN_ENTRIES = 10  # of the loss, before it can be judged
WORSE = 1.2  # times the best error: less may be chance
LATER = 3  # validations after the best one
STILL = 0.95  # of the error before: falls so fast that training ended too early
#: Parts of a request, besides its data, that a run that continues must have again; its preset and precision it knows.
REPEATED = ("validation", "seed", "engine", "device", "init", "teacher", "unlabeled", "labels_per_class", "unfit")
LEFT_OUT_SHARE = 0.05  # of the samples


@dataclass(frozen=True)
class _Curve:
    """A figure over the steps."""

    steps: list[int]
    values: list[float]


@dataclass(frozen=True)
class _Log:
    """The log of a run, and its beginning."""

    path: Path
    start: dict[str, Any]
    entries: list[dict[str, Any]]

    def curve(self, event: str, key: str) -> _Curve:
        """Return a figure as far as it was logged."""
        found = [entry for entry in self.entries if entry["event"] == event and key in entry]
        return _Curve([entry["step"] for entry in found], [float(entry[key]) for entry in found])

    @property
    def errors(self) -> _Curve:
        """The validation error; of figures that should rise, what is missing to 1."""
        for key in ERRORS:
            if (curve := self.curve("validation", key)).steps:
                return curve
        for key in QUALITIES:
            if (curve := self.curve("validation", key)).steps:
                return _Curve(curve.steps, [1 - value for value in curve.values])
        return _Curve([], [])

    @property
    def losses(self) -> _Curve:
        """The training loss, smoothed; less where there are few values, whose fall would not be seen."""
        curve = self.curve("train", "loss")
        count = len(curve.values)
        half = min(LOGGED // 2, count // 6)
        smooth = [float(np.median(curve.values[max(0, k - half) : k + half + 1])) for k in range(count)]
        return _Curve(curve.steps, smooth)

    def train(self, *more: str) -> str:
        """Return the command that trains again on the same data."""
        request = self.start["request"]
        data = [word for spec in request.get("data", []) for word in ("--data", spec)]
        return command("train", *data, *more)

    def resume(self) -> str:
        """Return the command that continues the run, with all options that it must be given again."""
        request, default, words = self.start["request"], Request(preset="", data=[]), list[str]()
        for key in REPEATED:
            value = request.get(key)
            for each in value if isinstance(value, list) else [value]:
                if each not in (None, getattr(default, key)):
                    words += [f"--{key.replace('_', '-')}", str(each)]
        return self.train(*words, "--output", str(self.path), "--resume")

    @property
    def preset(self) -> str:
        """Name of the preset."""
        return str(self.start["request"].get("preset", "words"))


def diagnose_run(path: Path) -> Diagnosis:
    """Find the faults of a training. Raises `CheckpointError` if `path` is not a run."""
    log = _Log(path, read_run(path, dict[str, Any]), read_journal(path))
    if not log.entries:
        why = "The run has no log yet: it was stopped within its first steps."
        return Diagnosis([str(path)], [_finding("no-log", "note", why, log.resume())])
    return Diagnosis([str(path)], in_order([one for check in CHECKS for one in check(log)]))


def _finding(name: str, severity: Severity, why: str, fix: str, examples: Sequence[str] = ()) -> Finding:
    return Finding(name, severity, max(1, len(examples)), why, fix, list(examples[:MAX_EXAMPLES]))


def _blanks(log: _Log) -> list[Finding]:
    """Find a network that reads nothing at its last validation."""
    errors = log.errors
    if not errors.steps or errors.values[-1] < ALL_WRONG:
        return []
    step = errors.steps[-1]
    noted = [entry["text"] for entry in log.entries if entry["event"] == "note" and "text" in entry]
    was_better = min(errors.values) < ALL_WRONG
    if step < BLANK_STEPS and not was_better:
        why = f"After {step} steps nothing is read yet, which is normal so early: train on."
        return [_finding("only-blanks", "note", why, log.resume(), noted)]
    why = (
        f"After {step} steps nothing is read{', although it was before' if was_better else ''}: try half the learning "
        "rate, and check that the texts belong to the images."
    )
    return [_finding("only-blanks", "stops training", why, _doctor(log), noted[-1:])]


def _doctor(log: _Log) -> str:
    alphabet = ["--alphabet", str(log.path / ALPHABET)] if (log.path / ALPHABET).is_file() else []
    return command("doctor", *log.start["request"].get("data", []), "--preset", log.preset, *alphabet)


def _overfitting(log: _Log) -> list[Finding]:
    """Find validation errors that rise while the training loss falls."""
    errors, losses = log.errors, log.losses
    if len(errors.values) <= LATER or not losses.steps:
        return []
    best = int(np.argmin(errors.values))
    later = errors.values[best + 1 :]
    if len(later) < LATER or float(np.median(later[-LATER:])) < WORSE * errors.values[best]:
        return []
    then = float(np.interp(errors.steps[best], losses.steps, losses.values))
    if losses.values[-1] >= then:
        return []
    why = (
        f"The validation error rose from {errors.values[best]:.1%} at step {errors.steps[best]} to "
        f"{errors.values[-1]:.1%} while the training loss fell: the network learns its samples by heart. The best "
        "weights are kept; more and other "
    )
    if task_of(log.path) in ("characters", "layout"):
        why += "data help, or stronger training.augmentation in a copy of the preset."
        return [_finding("overfitting", "harms", why, log.train("--config", "augmented.toml"))]
    why += "lines help, such as generated ones."
    return [_finding("overfitting", "harms", why, log.train("--preset", log.preset, "--data", "fonts:hershey"))]


def _unstable(log: _Log) -> list[Finding]:
    """Find losses that are not numbers, or that jump."""
    raw, losses = log.curve("train", "loss"), log.losses
    rate = _highest_rate(log)
    lower = "" if rate is None else f" (now {rate:g}: try {rate / 2:g})"
    fix = log.train("--config", "slower.toml")
    advice = f"copy the preset to slower.toml with a lower training.schedule.rate{lower}."
    if bad := [step for step, value in zip(raw.steps, raw.values) if not math.isfinite(value)]:
        why = f"The loss is not a number at step {bad[0]}: {advice}"
        return [_finding("learning-rate-too-high", "stops training", why, fix, [f"step {step}" for step in bad])]
    if len(losses.values) < MIN_ENTRIES:
        return []
    lowest = list(accumulate(losses.values, min))
    jumps = [
        f"step {losses.steps[k]}: the loss rose from {lowest[k]:.3g} to {losses.values[k]:.3g}"
        for k in range(1, len(lowest))
        if losses.values[k] > JUMP * lowest[k] and losses.values[k] > lowest[k] + 0.1 * losses.values[0]
    ]
    if not jumps:
        return []
    why = f"The loss rose far above what it had been: {advice}"
    return [_finding("learning-rate-too-high", "harms", why, fix, jumps)]


def _highest_rate(log: _Log) -> float | None:
    """Return the highest learning rate of a training that was logged."""
    return max(log.curve("train", "rate").values, default=None)


def _not_learning(log: _Log) -> list[Finding]:
    """Find a loss that does not fall."""
    losses = log.losses
    judged = len(losses.values) >= MIN_ENTRIES and math.isfinite(losses.values[-1])
    if not judged or log.start["request"].get("init"):
        return []
    if losses.values[-1] < FALL * losses.values[0] or min(losses.values) < FALL * losses.values[0]:
        return []
    first, last = losses.values[0], losses.values[-1]
    why = (
        f"The loss is {last:.3g} after {losses.steps[-1]} steps, and was {first:.3g}: texts may belong to other "
        "images, or the learning rate is too low or too high."
    )
    return [_finding("loss-does-not-fall", "stops training", why, _doctor(log))]


def _ended_early(log: _Log) -> list[Finding]:
    """Find a training that was still getting better when it ended."""
    errors = log.errors
    if len(errors.values) <= LATER or errors.values[-1] > min(errors.values) or errors.values[-1] >= ALL_WRONG:
        return []
    if errors.values[-1] > STILL * errors.values[-2]:
        return []
    before, last = errors.values[-2:]
    why = f"The error fell from {before:.1%} to {last:.1%} at the end: a longer training gets better."
    fix = log.train("--init", str(log.path), "--output", f"{log.path}-longer")
    return [_finding("still-improving", "note", why, fix)]


def _left_out(log: _Log) -> list[Finding]:
    """Find many samples that the training left out."""
    try:
        rows = split_lines(read_text(log.path / "skipped.tsv", MAX_DATA))
    except FileNotFoundError:
        return []
    rows = [row for row in rows if row]
    epochs = [entry for entry in log.entries if entry["event"] == "validation" and entry.get("epoch")]
    samples = epochs[0].get("samples", 0) / epochs[0]["epoch"] if epochs else 0
    share = len(rows) / max(1, samples + len(rows))
    if not rows or share < HARMFUL_SHARE:
        return []
    why = f"Training left {len(rows)} samples out, {share:.0%} of the data: {_reasons(rows)}. skipped.tsv lists all."
    severity: Severity = "harms" if share >= LEFT_OUT_SHARE else "note"
    found = _finding("samples-left-out", severity, why, _doctor(log), [row.replace("\t", ": ") for row in rows])
    return [found]


def _reasons(rows: list[str]) -> str:
    """Sum up the commonest reasons of `skipped.tsv`, whatever numbers and characters they name."""
    kinds = Counter(re.sub(r"'[^']*'|\d+", "…", row.partition("\t")[2]) for row in rows)
    return ", ".join(f"{reason} ({count})" for reason, count in kinds.most_common(3))


CHECKS: tuple[Callable[[_Log], list[Finding]], ...] = (
    *(_blanks, _unstable, _not_learning, _overfitting, _ended_early, _left_out),
)
