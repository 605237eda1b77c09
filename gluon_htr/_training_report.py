"""End of a training: what was kept and why, where the files are, and how to continue."""

from __future__ import annotations

import shlex
from pathlib import Path

from . import _command
from .training.layout.session import LayoutOutcome, LayoutSession
from .training.session import Outcome, Session

#: What a run has, in the order in which people look for it.
FILES = ("model.params", "symbol.json", "scores.json", "curves.png", "samples.png", "skipped.tsv", "log.jsonl")
FIGURES = {"lines": "CER", "words": "CER", "characters": "accuracy", "pages": "mean F1"}  # by what is validated


def report(session: Session | LayoutSession, outcome: Outcome | LayoutOutcome) -> int:
    """Print the scores and what follows from them; return 1 if the initial weights are not improved on."""
    path, init = session.run.path, session.run.request.init
    if not outcome.has_pictures:
        _command.say("no pictures: matplotlib is not installed")
    print(f"{path}: {outcome.figures}")
    files = [name for name in FILES if (path / name).exists()]
    _command.say(f"files in {path}: {', '.join(files)}, checkpoints/ to resume from")
    _command.say(_verdict(session, outcome))  # the last line where nothing was gained: `sweep` reports it
    if init and not outcome.gained:
        return 1
    _command.say(_next_steps(session, path))
    return 0


def _verdict(session: Session | LayoutSession, outcome: Outcome | LayoutOutcome) -> str:
    """Say which weights are kept, and why."""
    progress, request = session.progress, session.run.request
    name = FIGURES[session.unit]
    unit = session.unit.removesuffix("s") if len(session.validation) == 1 else session.unit
    data = f"{len(session.validation)} {'validation' if request.validation else 'held-out'} {unit}"
    if not request.init:
        best = f"{name} {_figure(name, progress.best)}, the best of all validations"
        return f"{data}: {best}: kept the weights of epoch {progress.best_epoch}"
    figures = {"before": progress.start_error, "after": progress.best if outcome.gained else progress.lowest}
    known = [f"{_figure(name, error)} {when}" for when, error in figures.items() if error is not None]
    course = f"{data}: {name} {', '.join(known)}" if known else data  # older versions did not record them
    if outcome.gained:
        return f"{course}, better beyond chance (paired bootstrap): kept the weights of epoch {progress.best_epoch}"
    test = f"no checkpoint improved on {request.init} significantly (paired bootstrap)"
    return f"{course}; {test}: keeping its weights; {outcome.advice}"


def _figure(name: str, error: float | None) -> str:
    """Format a validation error as the figure that people know."""
    return "unknown" if error is None else f"{error if name == 'CER' else 1 - error:.1%}"


def _next_steps(session: Session | LayoutSession, path: Path) -> str:
    run = shlex.quote(str(path))
    read = (
        f"gluon-htr read PAGE --layout {run}" if session.unit == "pages" else f"gluon-htr predict IMAGE --model {run}"
    )
    bundle = f"gluon-htr export {run} --output {shlex.quote(path.name)}.zip"
    more = f"gluon-htr train --init {run} --data SPEC"
    longer = "; the same command with --resume and a longer --budget goes on" if session.ended_by_budget else ""
    return f"read with it: {read}; make a bundle: {bundle}; adapt it to more data: {more}{longer}"
