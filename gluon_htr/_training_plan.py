"""`train --dry-run`: print the plan of a training, and write nothing."""

from __future__ import annotations

from pathlib import Path

from . import _command, _progress
from .bundles.run_folder import is_run
from .checks.plan import Plan, make_plan
from .errors import UsageError
from .networks.presets import is_layout
from .training.settings import Request


def dry_run(request: Request, output: Path, alphabet: Path | None, threads: int | None) -> int:
    """Measure a few steps and print the plan. Raises `UsageError` for what cannot be planned."""
    if not request.data:
        raise UsageError("--dry-run writes nothing, and training without --data packs IAM first: give --data")
    if is_layout(request.preset):
        raise UsageError("--dry-run plans the training of recognizers, not that of networks that find lines")
    if is_run(output):
        raise UsageError(f"{output} is a run already: --dry-run plans new trainings, so give another --output")
    plan = make_plan(request, alphabet, threads, _progress.track, _command.say)
    print("\n".join(f"{name:12}{text}" for name, text in _rows(plan)))
    return 0


def _rows(plan: Plan) -> list[tuple[str, str]]:
    duration = _progress.duration
    time = f"about {duration(plan.seconds)} ({plan.seconds_per_step:.3g} s a step here, now)"
    rows = [
        ("preset", f"{plan.preset}, {plan.characters} characters"),
        ("samples", f"{plan.samples} to train on, {plan.left_out} left out, {plan.validation_samples} to validate"),
        ("batches", f"{plan.batches_per_epoch} an epoch, of {plan.batch_size}"),
        ("steps", f"{plan.steps} in {plan.epochs} epochs, at most {plan.validations} validations"),
        ("time", time),
    ]
    if plan.budget is not None and plan.budget < plan.seconds:
        rows.append(("budget", f"{duration(plan.budget)}: {plan.budget / plan.seconds:.0%} of these steps"))
    return rows
